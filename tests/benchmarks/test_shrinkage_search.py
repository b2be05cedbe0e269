"""The search for the place of shrinkage: its networks are the library's, a tiny job trains, results are kept."""

import json
import sys
from pathlib import Path

import jax
import keras
import numpy as np
import pytest

from drsn_keras.frontend import LOG_MEL_40, compute_features
from drsn_keras.layers import SpectralShrinkage
from drsn_keras.models import keyword_network
from drsn_keras.models.cost import count_macs, count_parameters

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from shrinkage_search import data, jobs, search
from shrinkage_search.model import cost
from shrinkage_search.mulaw import decode, encode
from shrinkage_search.pack import write
from shrinkage_search.spectrum import mel_power

TINY = jobs.Job("tiny", epochs=20, seeds=1, batch=8, front="clip-threshold", hidden=4, units=((8, 4),))


def _spectral_network():
    """A threshold a band and clip in front of the ResNet."""
    inputs = keras.Input((98, 40))
    x = SpectralShrinkage(hidden=40, local=None)(inputs)
    return keras.Model(inputs, keyword_network((98, 40), 12, "resnet")(x))


@pytest.mark.parametrize(
    ("name", "build", "counts"),
    [
        ("log", lambda: keyword_network((98, 40), 12, "resnet"), (58_436, 1_483_872)),
        ("log-cw", lambda: keyword_network((98, 40), 12, "drsn-cw"), (65_220, 1_490_272)),
        ("clip", _spectral_network, (65_236, 1_490_272)),
    ],
)
def test_networks_cost_what_the_library_s_do(name, build, counts):
    model = build()
    assert (count_parameters(model), count_macs(model)) == counts
    assert cost(jobs.JOBS[name], 12) == counts


def test_spectrum_is_the_library_s():
    y = np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)
    np.testing.assert_allclose(np.log(mel_power(y)), compute_features(y, LOG_MEL_40), atol=1e-4)


def test_eight_bits_keep_a_signal():
    y = np.random.default_rng(0).normal(0, [[0.1], [1e-4]], (2, 1000))
    error = decode(*encode(y)) - y
    assert np.all(10 * np.log10(np.mean(y**2, 1) / np.mean(error**2, 1)) > 30)


def _packed(path):
    """High and low tones, white noise."""
    rng = np.random.default_rng(0)
    hz = np.where(np.arange(8) % 2, 3000, 400) * rng.uniform(0.9, 1.1, 8)
    tones = 0.2 * np.sin(2 * np.pi * hz[:, None] * np.arange(16000) / 16000)
    noise = rng.normal(0, 1, (1, 20_000))
    arrays = {
        "classes": np.array(["low", "high"]),
        "labels": np.arange(8) % 2,
        "validation_labels": np.arange(8) % 2,
        "noise_starts": np.array([0]),
        "noise_lengths": np.array([20_000]),
        "rooms": np.eye(1, 4000, dtype=np.float16),
    }
    signals = {"clips": tones, "validation_clips": tones, "validation_noise": noise[:, :16000], "noise": noise}
    for name, y in signals.items():
        arrays[name], arrays[f"{name}_peaks"] = encode(y)
    write(arrays, path)


@pytest.fixture
def quick_compilation():
    """Compiling a training takes longer than the few steps of it."""
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.usefixtures("quick_compilation")
def test_a_tiny_job_trains_once(tmp_path, monkeypatch, capsys):
    packed, out = tmp_path / "data.xz", tmp_path / "out"
    _packed(packed)
    monkeypatch.setitem(jobs.JOBS, "tiny", TINY)
    words = ["--data-file", str(packed), "--names", "tiny", "--out", str(out)]
    search.main(words)
    rows = (out / search.RESULTS).read_text().splitlines()
    row = json.loads(rows[0])
    assert row["accuracy"][0] >= 75.0  # by chance 50
    assert (row["parameters"], row["macs"]) == cost(TINY, 2)
    table = capsys.readouterr().out
    assert table == (out / search.TABLE).read_text()
    assert f"| tiny | tiny | {row['parameters']:,} |" in table
    monkeypatch.setattr("shrinkage_search.training.train", None)  # would fail if it were called
    search.main(words)
    assert (out / search.RESULTS).read_text().splitlines() == rows


def test_bad_input_is_one_line(tmp_path, capsys):
    (tmp_path / "data.xz").write_bytes(b"no data")
    with pytest.raises(SystemExit, match="expected a file that --pack has written"):
        data.read(tmp_path / "data.xz")
    with pytest.raises(SystemExit) as error:
        search.main(["--names", "log,logs"])
    assert error.value.code == 2
    assert "expected jobs that --list shows, got logs" in capsys.readouterr().err

"""PESQ and STOI where they are installed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.corruption import Condition
from drsn_keras.training.denoising.evaluate import Result
from drsn_keras.training.denoising.measures import measures_of
from drsn_keras.training.denoising.recipes import recipe
from drsn_keras.training.denoising.tasks import prepare

from .denoise_files import voice


@pytest.fixture(scope="module")
def measures(tmp_path_factory) -> dict:
    """Of speech at 16 kHz, by name."""
    data: Path = tmp_path_factory.mktemp("speech")
    for i in range(6):
        soundfile.write(data / f"speaker{i}.wav", voice(i, 1.0, 16_000), 16_000)
    fields = {**recipe("audio", "dncnn"), "model": "dncnn", "noise_kinds": ("white",), "epochs": 1}
    _, task = prepare(DenoiseConfig(kind="audio", data=str(data), **fields))
    return {m.name: m for m in measures_of(task)}


@pytest.mark.parametrize(("name", "package"), [("stoi", "pystoi"), ("pesq", "pesq")])
def test_noise_costs_quality(name: str, package: str, measures: dict) -> None:
    pytest.importorskip(package)
    clean = np.concatenate([voice(i, 1.0, 16_000) for i in range(3)])
    noise = np.random.default_rng(0).standard_normal(len(clean))
    same, little, much = (measures[name].compute(clean, clean + level * noise) for level in (0.0, 0.002, 0.2))
    assert same > little > much, "more noise, less quality"
    assert measures[name].higher


@pytest.mark.parametrize(("name", "package"), [("stoi", "pystoi"), ("pesq", "pesq")])
@pytest.mark.parametrize("n", [1000, 16_000])
def test_too_short_or_silent_has_none(name: str, package: str, n: int, measures: dict) -> None:
    pytest.importorskip(package)
    clean = voice(0, 1.0, 16_000)[:n] if n < 16_000 else np.zeros(n)
    found = measures[name].compute(clean, clean + 0.01 * np.random.default_rng(0).standard_normal(n))
    assert np.isnan(found) or (name == "stoi" and n == 16_000)


def test_stoi_of_the_signal_itself_is_one(measures: dict) -> None:
    pytest.importorskip("pystoi")
    clean = voice(0, 1.0, 16_000)
    assert measures["stoi"].compute(clean, clean) == pytest.approx(1.0, abs=1e-6)


def test_clips_with_too_little_speech_do_not_spoil_the_mean() -> None:
    condition = Condition("white", 0.0, "snr_db", True)
    values = {"stoi": np.array([0.5, np.nan, 0.9]), "si_sdr_db": np.array([1.0, np.nan, 2.0])}
    result = Result("net", "keras", condition, values)
    assert result.mean("stoi") == pytest.approx(0.7)
    assert np.isnan(result.mean("si_sdr_db")), "an estimate that is nothing at all counts"
    assert np.isnan(Result("net", "keras", condition, {"stoi": np.full(2, np.nan)}).mean("stoi"))

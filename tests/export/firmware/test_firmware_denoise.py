"""A denoiser's bundle as a C project: its example cleans a recording as drsn-edge denoise does."""

import json
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from denoiser_run import HOP, RATE_HZ, SPIKES, STREAM, write_run, write_speech
from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.denoiser import open_denoiser
from drsn_keras.export.cli import main as export
from drsn_keras.export.firmware.denoiser_source import denoiser_source
from drsn_keras.export.firmware.toolchain import CORES, WARNINGS, find
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import CARD_NAME, TensorSpec

MAKE = shutil.which("make")
STRICT = f"CFLAGS={' '.join(WARNINGS)}"

pytestmark = pytest.mark.skipif(MAKE is None or bool(find(CORES["host"])), reason="no make or C compiler")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A stream's bundle for microcontrollers: a frame a step."""
    folder = tmp_path_factory.mktemp("denoise")
    run = write_run(folder / "run", data=str(write_speech(folder / "speech")), **{**STREAM, "n_samples": 256})
    assert export(["convert", str(run), "--target", "tflm", "--calibration-clips", "8"]) == 0
    return run / "bundles" / "int8-tflm"


@pytest.fixture(scope="module")
def project(bundle, tmp_path_factory):
    """The C project, built for the host without a warning."""
    folder = tmp_path_factory.mktemp("c") / "project"
    assert export(["c", str(bundle), "--out", str(folder)]) == 0
    _make(folder, STRICT)
    return folder


@pytest.fixture(scope="module")
def recording(bundle, tmp_path_factory):
    """(WAV file of noisy tones, samples that Python's edge makes of it), loud enough to clip, no whole steps."""
    t = np.arange(1000 * HOP + 5) / RATE_HZ
    y = 0.7 * np.sin(2 * np.pi * 300 * t) * np.sin(9 * t) + 0.2 * np.random.default_rng(0).standard_normal(len(t))
    x = np.clip(np.rint(32768 * y), -32768, 32767).astype(np.int16)
    path = tmp_path_factory.mktemp("wav") / "noisy.wav"
    _write_wav(path, x)
    denoiser = open_denoiser(load_bundle(bundle))
    cleaned = np.concatenate([denoiser.push(x / np.float32(32768)), denoiser.flush()])
    assert denoiser.samples_clipped > 10
    return path, np.clip(np.rint(32768.0 * cleaned), -32768, 32767).astype(int)


def _write_wav(path: Path, x: np.ndarray, rate_hz: int = RATE_HZ) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(x.astype("<i2").tobytes())


def _make(folder: Path, *arguments: str) -> str:
    done = subprocess.run([MAKE, "-s", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _denoise(project: Path, *arguments: object) -> subprocess.CompletedProcess:
    words = [project / "build" / "host" / "denoise", *arguments]
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False)


def _close(found: np.ndarray, expected: np.ndarray, bundle: Path) -> None:
    """Halves may round the other way at the input, which the output follows within a quantum."""
    quantum = 32768 * json.loads((bundle / CARD_NAME).read_text())["output"]["scale"]
    assert np.ptp(expected) > 100 * quantum
    assert np.abs(found - expected).max() <= quantum + 1
    assert np.mean(found != expected) < 0.01


def test_samples_are_those_of_the_edge(project, bundle, recording, tmp_path):
    path, expected = recording
    assert _denoise(project, path, tmp_path / "clean.wav").returncode == 0
    with wave.open(str(tmp_path / "clean.wav")) as file:
        assert file.getparams()[:4] == (1, 2, RATE_HZ, len(expected))
        found = np.frombuffer(file.readframes(len(expected)), "<i2").astype(int)
    _close(found, expected, bundle)
    assert _denoise(project, path, tmp_path / "clean.raw").returncode == 0
    np.testing.assert_array_equal(np.frombuffer((tmp_path / "clean.raw").read_bytes(), "<i2"), found)


@pytest.mark.parametrize("board", ["m4"])
def test_a_board_answers_as_the_host(project, recording, tmp_path, board):
    if packages := find(CORES[board]):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    path, _ = recording
    said = _make(project, f"run-{board}", "PROGRAM=denoise", f"ARGUMENTS={path} {tmp_path / 'b.wav'}", STRICT)
    assert _denoise(project, path, tmp_path / "h.wav").returncode == 0
    assert (tmp_path / "b.wav").read_bytes() == (tmp_path / "h.wav").read_bytes()
    figures = dict(line.split()[1:] for line in said.splitlines() if line.startswith("#"))
    assert 1_000_000 < int(figures["instructions_per_second"]) < 50_000_000


def test_bad_recordings_are_refused_in_one_line(project, recording, tmp_path):
    path, _ = recording
    _write_wav(tmp_path / "slow.wav", np.zeros(100), 8000)
    (tmp_path / "cut.wav").write_bytes(path.read_bytes()[:-100])
    out = tmp_path / "o.wav"
    for arguments, code, text in (
        ((tmp_path / "slow.wav", out), 1, f"{tmp_path / 'slow.wav'}: not at the model's sample rate"),
        ((tmp_path / "none.wav", out), 1, f"{tmp_path / 'none.wav'}: cannot be opened"),
        ((path, path), 1, f"{path}: is the recording itself"),
        ((path, tmp_path / "no" / "o.wav"), 1, f"{tmp_path / 'no' / 'o.wav'}: cannot be written"),
        ((tmp_path / "cut.wav", out), 1, f"{tmp_path / 'cut.wav'}: ends before it said (truncated file)"),
        ((path,), 2, "usage: denoise FILE.wav CLEANED"),
    ):
        done = _denoise(project, *arguments)
        assert (done.returncode, done.stdout) == (code, f"{text}\n")


def test_another_prefix_and_the_plain_example(bundle, tmp_path):
    folder = tmp_path / "c"
    assert export(["c", str(bundle), "--out", str(folder), "--name", "ear"]) == 0
    assert _make(folder, STRICT, "run-host").startswith("output 0  ")
    assert "PROGRAM=denoise" in (folder / "README.md").read_text()


def test_pieces_are_a_model_alone(tmp_path):
    run = write_run(tmp_path / "run", **SPIKES)
    assert export(["convert", str(run), "--target", "tflm", "--calibration-clips", "4"]) == 0
    folder = tmp_path / "c"
    assert export(["c", str(run / "bundles" / "int8-tflm"), "--out", str(folder)]) == 0
    assert {p.name for p in folder.glob("*.c")} == {"model.c"}
    assert not (folder / "examples" / "denoise.c").exists()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stream": {"frames": 2}}, "front_end: expected the model's input"),
        ({"stream": {"states": 7}}, "stream, states: expected 8 (the model file)"),
    ],
)
def test_a_card_that_contradicts_the_file(bundle, tmp_path, change, fault, capsys):
    shutil.copytree(bundle, tmp_path / "b")
    card = json.loads((bundle / CARD_NAME).read_text())
    card["stream"] |= change["stream"]
    (tmp_path / "b" / CARD_NAME).write_text(json.dumps(card))
    assert export(["c", str(tmp_path / "b"), "--out", str(tmp_path / "c")]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and fault in err


@pytest.mark.parametrize(
    ("unit", "full_scale", "step"),
    # 2^16 * 32768 * scale: a sample of 16 bits is a share of full scale, of a sound or of the model.
    [("FS", 1.0, 2**31 // 64), ("FS", 2.0, 2**31 // 32), ("mV", 8.0, 2**31 // 64)],
)
def test_what_full_scale_is(unit, full_scale, step):
    spec = SignalSpec(shape=(4, 4), sample_rate_hz=100, full_scale=full_scale, unit=unit)
    text = denoiser_source(spec, TensorSpec((1, 1, 4), "int8", 1 / 64, 3), TensorSpec((1, 1, 4), "int8", 1 / 64)).source
    assert f"OUTPUT_STEP_Q16 INT64_C({step})" in text

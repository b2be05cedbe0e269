"""Real files for the tests of training: written by the tests, or the recordings that lie beside the repository."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from . import vibration_machines


@pytest.fixture
def write_tone() -> Callable[..., Path]:
    """Write a sine as an audio file of any format, rate and number of channels; returns its path."""

    def write(
        path: Path,
        seconds: float = 0.2,
        rate_hz: int = 16000,
        frequency_hz: float = 440.0,
        channels: int = 1,
        subtype: str | None = None,
        amplitude: float = 0.5,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        t = np.arange(round(seconds * rate_hz)) / rate_hz
        y = amplitude * np.sin(2 * np.pi * frequency_hz * t)
        soundfile.write(path, np.repeat(y[:, None], channels, axis=1), rate_hz, subtype=subtype)
        return path

    return write


@pytest.fixture
def words_folder(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """A folder per class: 3 words, 6 speakers, 2 clips of 0.2 s of each, named ``SPEAKER-N.wav``."""
    data = tmp_path / "words"
    for word in ("red", "green", "blue"):
        for speaker in ("ann", "bob", "cat", "dan", "eve", "fay"):
            for n in range(2):
                write_tone(data / word / f"{speaker}-{n}.wav")
    return data


@pytest.fixture(scope="session")
def machines(tmp_path_factory) -> Path:
    """Three machines in three states, 1 g of gravity in every recording."""
    return vibration_machines.write_machines(tmp_path_factory.mktemp("machines") / "hall", offset_g=1.0)


@pytest.fixture(scope="session")
def vibration_runs(machines, tmp_path_factory) -> Path:
    """Two equal deterministic trainings on :func:`machines`: ``whole``, and ``resumed`` after an interruption."""
    folder = tmp_path_factory.mktemp("runs")
    command = [sys.executable, vibration_machines.__file__, str(machines), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.splitlines()[-1:] == ["0 130 0"], done.stderr[-2000:]
    assert f"to go on: drsn-train vibration --out {folder / 'resumed'} --resume" in done.stderr
    return folder


@pytest.fixture(scope="session")
def stream_run(tmp_path_factory) -> Path:
    """A folder with ``words/``, ``noise/`` and ``run/``, bundle ``run/bundles/float32``; not to be written to."""
    folder = tmp_path_factory.mktemp("streams")
    program = Path(__file__).with_name("stream_run.py")
    done = subprocess.run([sys.executable, program, folder], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder

"""Real files for the tests of training: written by the tests, or the recordings that lie beside the repository."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile


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

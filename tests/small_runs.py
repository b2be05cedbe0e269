"""A real, small run that several tests start from: two 'words' (tone bursts) and silence, trained in seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000
OPTIONS = ("--epochs", "6", "--batch-size", "16", "--noise-kinds", "white,pink", "--seed", "3", "--deterministic")


def write_tones(folder: Path, speakers: int = 40) -> Path:
    """Low and high tone bursts and hiss: a folder a class, one file a speaker."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ) / RATE_HZ
    for label, hz in [("high", 2500.0), ("low", 400.0), ("_silence_", 0.0)]:
        (folder / label).mkdir(parents=True)
        for i in range(speakers):
            burst = np.exp(-(((t - rng.uniform(0.4, 0.6)) / 0.1) ** 2))
            tone = np.sin(2 * np.pi * hz * rng.uniform(0.9, 1.1) * t)
            y = 0.3 * burst * tone + 0.003 * rng.standard_normal(RATE_HZ)
            soundfile.write(folder / label / f"{i:08x}_nohash_0.wav", y, RATE_HZ, subtype="PCM_16")
    return folder


def train_command(data: Path | None, run: Path, *options: str) -> list[str]:
    """Command line of a training."""
    source = [] if data is None else ["--data", str(data)]
    return [sys.executable, "-m", "drsn_keras.training.cli", "keywords", *source, "--out", str(run), *options]


def train(data: Path | None, run: Path, *options: str, code: int = 0) -> subprocess.CompletedProcess:
    """Train in a process of its own and check the exit code."""
    done = subprocess.run(train_command(data, run, *options), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == code, done.stderr[-2000:]
    return done

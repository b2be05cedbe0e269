"""Small clean material on disk, and a process that trains a tiny network on it, at once and resumed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8000
ECG_RATE_HZ = 360
SMALL = (
    *("--model", "dncnn", "--network", "depth=3", "width=4", "kernel_size=5", "--samples", "256", "--epochs", "2"),
    *("--steps-per-epoch", "4", "--batch-size", "4", "--learning-rate", "0.01", "--seed", "5", "--deterministic"),
)


def voice(seed: int, seconds: float = 0.5, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A hummed syllable between two pauses."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * k * rng.uniform(100, 200) * t) / k for k in (1, 2, 3))
    return 0.2 * tone * np.exp(-(((t - seconds / 2) / (seconds / 6)) ** 2))


def write_speech(folder: Path, speakers: int = 6) -> Path:
    """Two clips of each speaker in two sub-folders: ``word/ann-0.wav``."""
    for i, name in enumerate(("ann", "bob", "cat", "dan", "eve", "fay")[:speakers]):
        for word in ("left", "right"):
            (folder / word).mkdir(parents=True, exist_ok=True)
            soundfile.write(folder / word / f"{name}-0.wav", voice(10 * i + len(word)), RATE_HZ)
    return folder


def heart(seconds: float, seed: int = 0, offset_mv: float = 0.3) -> np.ndarray:
    """Beats 0.8 s apart [mV] on an offset."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * ECG_RATE_HZ)) / ECG_RATE_HZ
    y = np.full(len(t), offset_mv)
    for beat in np.arange(0.4, seconds, 0.8) + rng.uniform(-0.03, 0.03, len(np.arange(0.4, seconds, 0.8))):
        y += 1.0 * np.exp(-(((t - beat) / 0.012) ** 2)) + 0.2 * np.exp(-(((t - beat - 0.25) / 0.05) ** 2))
    return y


def write_record(path: Path, seconds: float = 40.0, seed: int = 0) -> Path:
    """One lead as PhysioNet's converted records have it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = np.rint(heart(seconds, seed) * 200 + 1024).astype(np.int16)
    np.savez(path, x=steps[None], fs=ECG_RATE_HZ, gain=200.0, baseline=1024, channels=np.array(["MLII"]))
    return path


def options(data: Path, run: Path, *more: str) -> list[str]:
    """Words of a short training."""
    return ["denoise", "--task", "ecg", "--data", str(data), "--out", str(run), *SMALL, *more]


def _train_twice(data: Path, folder: Path) -> None:
    """``whole``, and ``resumed`` from what the first epoch had left: without leaving the process."""
    from drsn_keras.training.cli import main
    from drsn_keras.training.epoch_bar import EpochBar

    update = EpochBar.update

    def copy(bar: EpochBar, row: dict) -> None:
        update(bar, row)
        if row["epoch"] == 1:
            shutil.copytree(folder / "whole", folder / "resumed")

    EpochBar.update = copy
    codes = [main(options(data, folder / "whole"))]
    EpochBar.update = update
    codes.append(main(["denoise", "--out", str(folder / "resumed"), "--resume"]))
    print(*codes)


if __name__ == "__main__":
    _train_twice(Path(sys.argv[1]), Path(sys.argv[2]))

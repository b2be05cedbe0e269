"""Recordings of made-up machines in three states, and a process that trains on them, interrupted and not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

RATE_HZ = 4000
STATES = ("loose", "normal", "worn")
MACHINES = ("fan", "mill", "pump")
WINDOW = ("--window", "256", "--input", "spectrum")
SMALL = ("--width", "0.5", "--epochs", "2", "--batch-size", "8", "--learning-rate", "0.01", "--seed", "5")


def vibration(state: str, seed: int, seconds: float = 2.0, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A turning shaft [g]; a loose foot has its multiples, a worn bearing is hit 90 times a second and rings."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    y = np.sin(2 * np.pi * rng.uniform(48, 52) * t) + 0.2 * rng.standard_normal(len(t))
    if state == "loose":
        y += sum(np.sin(2 * np.pi * hz * t + rng.uniform(0, 6)) for hz in (200, 300, 400))
    if state == "worn":
        y += 4 * np.exp(-400 * (t % (1 / 90))) * np.sin(2 * np.pi * 0.35 * rate_hz * (t % (1 / 90)))
    return y


def save(path: Path, y: np.ndarray, **facts: object) -> Path:
    """An NPZ recording that says all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, signal=y, **{"sample_rate_hz": RATE_HZ, "unit": "g", **facts})
    return path


def write_machines(folder: Path, offset_g: float = 0.0) -> Path:
    """A recording of each machine in each state."""
    for i, state in enumerate(STATES):
        for j, machine in enumerate(MACHINES):
            y = vibration(state, 10 * i + j) + offset_g
            save(folder / state / f"{machine}.npz", y, label=state, machine=machine)
    return folder


def options(data: Path, run: Path, *more: str) -> list[str]:
    """Words of a short training."""
    return ["vibration", "--data", str(data), "--task", "npz", "--out", str(run), *WINDOW, *SMALL, *more]


def _train_twice(data: Path, folder: Path) -> None:
    """``whole``, and ``resumed``, which is interrupted after its first epoch: without leaving the process."""
    from drsn_keras.training.cli import main
    from drsn_keras.training.epoch_bar import EpochBar

    codes = [main(options(data, folder / "whole", "--deterministic"))]
    update = EpochBar.update

    def interrupt(bar: EpochBar, row: dict) -> None:
        update(bar, row)
        raise KeyboardInterrupt

    EpochBar.update = interrupt
    codes.append(main(options(data, folder / "resumed", "--deterministic")))
    EpochBar.update = update
    codes.append(main(["vibration", "--out", str(folder / "resumed"), "--resume"]))
    print(*codes)


if __name__ == "__main__":
    _train_twice(Path(sys.argv[1]), Path(sys.argv[2]))

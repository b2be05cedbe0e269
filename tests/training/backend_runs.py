"""Trainings in one process with the backend of KERAS_BACKEND: words and machines (these interrupted, too)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

WORDS = ("--epochs", "2", "--batch-size", "16", "--noise-kinds", "white", "--seed", "3", "--width", "0.25")
MACHINES = (
    *("--window", "256", "--input", "spectrum", "--width", "0.5", "--epochs", "2", "--batch-size", "32"),
    *("--learning-rate", "0.01", "--noise-kinds", "none", "--deterministic"),
)


def first_batch(folder: Path) -> np.ndarray:
    """Features of the first batch that a run of words has trained on."""
    from drsn_keras.training.open_run import open_run
    from drsn_keras.training.training_batches import training_batches

    run = open_run(folder)
    batches = training_batches(run.corpus, run.config, run.config.seed)
    return next(iter(batches.dataset()))[0].numpy()


def train_all(tones: Path, machines: Path, folder: Path) -> None:
    """``words``, ``whole`` and ``resumed`` (machines), and what the first says to its first batch: ``said.npz``."""
    from drsn_keras.training.cli import main
    from drsn_keras.training.epoch_bar import EpochBar

    def vibration(name: str) -> int:
        return main(
            ["vibration", "--data", str(machines), "--task", "npz", "--out", str(folder / name), *MACHINES],
        )

    codes = [main(["keywords", "--data", str(tones), "--out", str(folder / "words"), *WORDS]), vibration("whole")]
    update = EpochBar.update

    def interrupt(bar: EpochBar, row: dict) -> None:
        update(bar, row)
        raise KeyboardInterrupt

    EpochBar.update = interrupt
    codes.append(vibration("resumed"))
    EpochBar.update = update
    codes.append(main(["vibration", "--out", str(folder / "resumed"), "--resume"]))

    from drsn_keras.training.open_run import open_run

    x = first_batch(folder / "words")
    np.savez(folder / "said.npz", x=x, p=open_run(folder / "words").predict(x))
    print(*codes)


if __name__ == "__main__":
    train_all(*map(Path, sys.argv[1:]))

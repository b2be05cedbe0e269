"""The epochs of a training, whatever its task: judged, kept on disk after each, resumable at any time."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import BundleError, CheckFailed, mismatch
from drsn_keras.files import write_atomically

from .batch_part import WHOLE, Part
from .checkpoint import assign, load_checkpoint, save_checkpoint
from .distributed.devices import Devices
from .distributed.shared_fit import fit_shared
from .epoch_bar import EpochBar
from .memory import give_back
from .run_folder import CHECKPOINT, HISTORY

#: The logs of an epoch to columns of its history (``val_...`` go on to TensorBoard), and its score: more is better.
Judge = Callable[[dict[str, Any]], tuple[dict[str, Any], float]]


class StepBatches(Protocol):
    """Batches whose content depends on their step alone."""

    @property
    def steps_per_epoch(self) -> int:
        """Batches of an epoch."""

    @property
    def batch_size(self) -> int:
        """Rows of a batch."""

    def dataset(self, first_step: int, part: Part = WHOLE) -> Any:
        """Batches from a step on, without end; ``part``, which one process alone never asks for, are their rows."""


@dataclasses.dataclass
class Epochs:
    """How far a training is: one line a finished epoch, and the weights of the best one."""

    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    best_score: float = -math.inf
    best_epoch: int = 0
    best_weights: list[np.ndarray] | None = None

    @classmethod
    def begin(
        cls, run: Path, resume: bool, model: keras.Model, optimizer: keras.optimizers.Optimizer, total: int
    ) -> Epochs:
        """Start a training of ``total`` epochs, or set model and optimizer back to where the run's checkpoint is."""
        checkpoint = run / CHECKPOINT
        if not (resume and checkpoint.is_file()):
            return cls()
        groups, meta = load_checkpoint(checkpoint)
        assign(model.variables, groups["model"], checkpoint)
        assign(optimizer.variables, groups["optimizer"], checkpoint)
        write_atomically(run / HISTORY, history_csv(meta["history"]))
        log(f"resuming after epoch {meta['epoch']} of {total}")
        return cls(meta["history"], meta["best_score"], meta["best_epoch"], groups["best"])

    @property
    def done(self) -> int:
        """Finished epochs."""
        return len(self.history)

    @property
    def validation(self) -> dict[str, Any]:
        """Scores of the best epoch."""
        return {k: v for k, v in self.history[self.best_epoch - 1].items() if k.startswith("val_")}

    @property
    def seconds(self) -> float:
        """Time of all epochs."""
        return sum(row["seconds"] for row in self.history)


class _Follower(keras.callbacks.Callback):
    """After every epoch: end a training that diverged, count it."""

    def __init__(self, bar: EpochBar, advice: str) -> None:
        super().__init__()
        self.bar, self.advice = bar, advice

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.require_finite(epoch, logs["loss"])
        self.bar.update({"loss": logs["loss"]})

    def require_finite(self, epoch: int, loss: float) -> None:
        """Raise CheckFailed for a loss or a weight that is no number."""
        finite = all(np.isfinite(np.asarray(v)).all() for v in self.model.trainable_variables)
        if not (finite and math.isfinite(loss)):
            raise CheckFailed(f"training diverged (loss {loss} in epoch {epoch + 1}): try {self.advice}")


class _Keeper(_Follower):
    """After every epoch: judge, remember the best weights, write history and checkpoint."""

    def __init__(self, run: Path, epochs: Epochs, judge: Judge, bar: EpochBar, advice: str) -> None:
        super().__init__(bar, advice)
        self.run, self.epochs, self.judge = run, epochs, judge

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.require_finite(epoch, logs["loss"])
        give_back()
        columns, score = self.judge(logs)
        seconds = round(time.monotonic() - self._began, 2)
        row = {"epoch": epoch + 1, "loss": round(logs["loss"], 6), **columns, "seconds": seconds}
        logs.update({k: v for k, v in row.items() if k.startswith("val_")})
        state = self.epochs
        state.history.append(row)
        # A tie goes to the later epoch: it has seen more.
        if state.best_weights is None or score >= state.best_score:
            state.best_score, state.best_epoch = score, epoch + 1
            state.best_weights = [np.asarray(v) for v in self.model.variables]
        groups = {
            "model": self.model.variables,
            "optimizer": self.model.optimizer.variables,
            "best": state.best_weights,
        }
        meta = {
            "epoch": epoch + 1,
            "best_score": state.best_score,
            "best_epoch": state.best_epoch,
            "history": state.history,
        }
        save_checkpoint(self.run / CHECKPOINT, groups, meta)
        write_atomically(self.run / HISTORY, history_csv(state.history))
        self.bar.update(row)


def run_epochs(
    model: keras.Model,
    batches: StepBatches,
    total: int,
    epochs: Epochs,
    run: Path,
    judge: Judge,
    *,
    advice: str,
    describe: Callable[[dict[str, Any]], str] | None = None,
    devices: Devices | None = None,
) -> None:
    """Train a compiled model from where it is to its last epoch.

    Parameters
    ----------
    total : int
        Epochs of the whole training.
    epochs : Epochs
        Goes on in place.
    judge : logs of an epoch to columns of the history and a score
    advice : what to try where training diverges
    describe : line of the history to words beside the bar
    devices : with workers, this is the chief
    """
    with EpochBar(total, epochs.done, *([describe] if describe else [])) as bar:
        keeper = _Keeper(run, epochs, judge, bar, advice)
        board = keras.callbacks.TensorBoard(str(run / "tensorboard"), write_graph=False)
        if epochs.done == total:
            return
        if devices is not None and devices.workers is not None:
            fit_shared(devices, model, batches, epochs.done, total, [keeper, board])
        else:
            model.fit(
                batches.dataset(first_step=epochs.done * batches.steps_per_epoch),
                epochs=total,
                initial_epoch=epochs.done,
                steps_per_epoch=batches.steps_per_epoch,
                shuffle=False,
                verbose=0,
                callbacks=[keeper, board],
            )


def follow_epochs(
    model: keras.Model, batches: StepBatches, total: int, done: int, devices: Devices, *, advice: str
) -> None:
    """The same on a worker that is not the chief: it trains as well, and keeps nothing."""
    with EpochBar(total, done, lambda row: f"loss {row['loss']:.3f}") as bar:
        fit_shared(devices, model, batches, done, total, [_Follower(bar, advice)])


def history_csv(history: list[dict[str, Any]]) -> str:
    """Rows of equal keys as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def read_history(path: Path) -> list[dict[str, float]]:
    """Rows of history.csv as numbers.

    Raises
    ------
    BundleError
        If it is not there or no table of numbers.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file, strict=True)]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise BundleError(mismatch(path, "a table of numbers", error)) from None


def cosine_with_warmup(
    learning_rate: float, epochs: int, steps_per_epoch: int, warmup_epochs: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up (of a short training: a quarter of its epochs at the most), then a cosine down to zero."""
    warmup = min(warmup_epochs, epochs // 4) * steps_per_epoch
    return keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else learning_rate,
        epochs * steps_per_epoch - warmup,
        warmup_target=learning_rate if warmup else None,
        warmup_steps=warmup,
    )

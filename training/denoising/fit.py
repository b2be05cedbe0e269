"""Train a denoiser: pairs spoiled anew at every step, best epoch by validation, resumable at any time."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed
from drsn_keras.files import write_atomically
from drsn_keras.models.cost import count_macs, count_parameters

from ..checkpoint import assign, load_checkpoint, save_checkpoint
from ..epoch_bar import EpochBar
from ..fit import history_csv, save_model
from ..run_folder import CHECKPOINT, CONFIG, HISTORY, MODEL, SUMMARY, environment, git_revision, write_json
from ..split_list import require_same_split, write_split_list
from .config import DenoiseConfig
from .losses import LOSSES
from .networks import build_denoiser, with_known_shape
from .optimizers import make_optimizer
from .pairs import TrainingPairs
from .predictor import Predictor
from .task import DenoiseTask
from .validation import Validation


class _RunKeeper(keras.callbacks.Callback):
    """After every epoch: validate, remember the best weights, write history and checkpoint."""

    def __init__(
        self, run: Path, predict: Predictor, validation: Validation, bar: EpochBar, history: list[dict], best: dict
    ) -> None:
        super().__init__()
        self.run, self.predict, self.validation, self.bar = run, predict, validation, bar
        self.history, self.best = history, best

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        finite = all(np.isfinite(np.asarray(v)).all() for v in self.model.trainable_variables)
        if not (finite and math.isfinite(logs["loss"])):
            where = f"loss {logs['loss']} in epoch {epoch + 1}"
            raise CheckFailed(f"training diverged ({where}): try a lower --learning-rate or a --clip-norm")
        scores = self.validation.scores(self.predict)
        mean = float(np.mean(list(scores.values())))
        row = {
            "epoch": epoch + 1,
            "loss": round(logs["loss"], 6),
            **{f"val_{name}": round(value, 4) for name, value in scores.items()},
            "val_mean": round(mean, 4),
            "seconds": round(time.monotonic() - self._began, 2),
        }
        logs.update({k: v for k, v in row.items() if k.startswith("val_")})
        self.history.append(row)
        score = mean if self.validation.measure.higher else -mean
        # A tie goes to the later epoch: it has seen more.
        if self.best["weights"] is None or score >= self.best["score"]:
            self.best.update(score=score, epoch=epoch + 1, weights=[np.asarray(v) for v in self.model.variables])
        groups = {
            "model": self.model.variables,
            "optimizer": self.model.optimizer.variables,
            "best": self.best["weights"],
        }
        meta = {
            "epoch": epoch + 1,
            "best_score": self.best["score"],
            "best_epoch": self.best["epoch"],
            "history": self.history,
        }
        save_checkpoint(self.run / CHECKPOINT, groups, meta)
        write_atomically(self.run / HISTORY, history_csv(self.history))
        self.bar.update(row)


def train(config: DenoiseConfig, task: DenoiseTask, run: Path, *, resume: bool = False) -> dict[str, Any]:
    """Train, and leave a complete run folder.

    Parameters
    ----------
    config, task
    run : Path
        Existing folder, held by :func:`drsn_keras.training.run_folder.locked`.
    resume : bool
        Go on from the folder's checkpoint, if it has one. The result equals that of an uninterrupted run as far as the
        machine's arithmetic is repeatable (exactly, with ``deterministic``).

    Returns
    -------
    dict
        The summary that is also written to ``summary.json``.
    """
    began = time.monotonic()
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    pairs = TrainingPairs(task, config, config.seed)
    log(f"data: {task.describe()}")
    for note in task.notes:
        log(f"note: {note}")
    model = build_denoiser(config, flexible=True)
    validation = Validation(task)
    if resume:
        require_same_split(run, task)
    # Written once data and model are there: an error so far leaves no half-made run behind.
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, task)
    optimizer = make_optimizer(config, pairs.steps_per_epoch)
    optimizer.build(model.trainable_variables)
    # XLA shortens the step on a CPU. TensorFlow does not promise repeatable results with it.
    model.compile(optimizer, LOSSES[config.loss], jit_compile=not config.deterministic)

    done, history, best = 0, [], {"score": -math.inf, "epoch": 0, "weights": None}
    checkpoint = run / CHECKPOINT
    if resume and checkpoint.is_file():
        groups, meta = load_checkpoint(checkpoint)
        assign(model.variables, groups["model"], checkpoint)
        assign(optimizer.variables, groups["optimizer"], checkpoint)
        done, history = meta["epoch"], meta["history"]
        best = {"score": meta["best_score"], "epoch": meta["best_epoch"], "weights": groups["best"]}
        write_atomically(run / HISTORY, history_csv(history))
        log(f"resuming after epoch {done} of {config.epochs}")

    setup_seconds = time.monotonic() - began
    title = validation.measure.title.split(",")[0]

    def describe(row: dict[str, Any]) -> str:
        return f"loss {row['loss']:.4g}, validation {title} {row['val_mean']:.3f}"

    with EpochBar(config.epochs, done, describe) as bar:
        keeper = _RunKeeper(run, Predictor(model, task.spec), validation, bar, history, best)
        board = keras.callbacks.TensorBoard(str(run / "tensorboard"), write_graph=False)
        if done < config.epochs:
            model.fit(
                pairs.dataset(first_step=done * pairs.steps_per_epoch),
                epochs=config.epochs,
                initial_epoch=done,
                steps_per_epoch=pairs.steps_per_epoch,
                shuffle=False,
                verbose=0,
                callbacks=[keeper, board],
            )
    # A fresh copy: the compiled one would drag its optimizer into the file.
    model = build_denoiser(config)
    assign(model.variables, best["weights"], checkpoint)
    model = with_known_shape(model, task.spec)
    save_model(model, run / MODEL)
    summary = {
        "task": config.task,
        "kind": config.kind,
        "model": config.model,
        "parameters": count_parameters(model),
        "macs": count_macs(model),
        "best_epoch": best["epoch"],
        "epochs": config.epochs,
        "steps_per_epoch": pairs.steps_per_epoch,
        "train_seconds": round(setup_seconds + sum(row["seconds"] for row in history), 1),
        "measure": validation.measure.name,
        "validation": {k: v for k, v in history[best["epoch"] - 1].items() if k.startswith("val_")},
        "validation_noisy": {name: round(value, 4) for name, value in validation.noisy.items()},
        "training_noise": task.corruption.names,
        "protocol": task.protocol,
        "made": task.material.made,
        "notes": task.notes,
        "git_revision": git_revision(),
        "versions": environment(),
    }
    write_json(run / SUMMARY, summary)
    return summary

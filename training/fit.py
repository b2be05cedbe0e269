"""Train a model of any task: cosine schedule, AdamW, best epoch by validation in noise, resumable at any time."""

from __future__ import annotations

import csv
import io
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

from .checkpoint import assign, load_checkpoint, save_checkpoint
from .config import KeywordConfig
from .corpus import Corpus
from .epoch_bar import EpochBar
from .features import BatchFeatures
from .networks import build_model
from .noise_level import calibrate_noise_level
from .operating_point import choose_detector
from .run_folder import (
    CHECKPOINT,
    CONFIG,
    HISTORY,
    MODEL,
    SUMMARY,
    environment,
    git_revision,
    write_json,
)
from .split_list import require_same_split, write_split_list
from .training_batches import training_batches
from .validation import NoisyValidation
from .vibration.config import VibrationConfig
from .vibration.monitor_calibration import calibrate_monitor

WARMUP_EPOCHS = 2


def optimizer_for(config: KeywordConfig | VibrationConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """AdamW with linear warm-up and cosine decay to zero; biases and normalisation do not decay."""
    warmup = min(WARMUP_EPOCHS, config.epochs // 4) * steps_per_epoch
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warmup else config.learning_rate,
        config.epochs * steps_per_epoch - warmup,
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


class _RunKeeper(keras.callbacks.Callback):
    """After every epoch: validate in noise, remember the best weights, write history and checkpoint."""

    def __init__(self, run: Path, validation: NoisyValidation, bar: EpochBar, history: list[dict], best: dict) -> None:
        super().__init__()
        self.run, self.validation, self.bar, self.history, self.best = run, validation, bar, history, best

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        finite = all(np.isfinite(np.asarray(v)).all() for v in self.model.trainable_variables)
        if not (finite and math.isfinite(logs["loss"])):
            where = f"loss {logs['loss']} in epoch {epoch + 1}"
            raise CheckFailed(f"training diverged ({where}): try a lower --learning-rate")
        scores = self.validation.accuracies(self.model)
        score = float(np.mean(list(scores.values())))
        row = {
            "epoch": epoch + 1,
            "loss": round(logs["loss"], 6),
            "accuracy": round(100 * logs["accuracy"], 3),
            **{f"val_{name}": round(value, 3) for name, value in scores.items()},
            "val_mean": round(score, 3),
            "seconds": round(time.monotonic() - self._began, 2),
        }
        logs.update({k: v for k, v in row.items() if k.startswith("val_")})
        self.history.append(row)
        # A tie goes to the later epoch: it has seen more.
        if score >= self.best["score"]:
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


def history_csv(history: list[dict[str, Any]]) -> str:
    """Rows of equal keys as CSV text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def train(
    config: KeywordConfig | VibrationConfig, corpus: Corpus, run: Path, *, resume: bool = False
) -> dict[str, Any]:
    """Train, and leave a complete run folder.

    Parameters
    ----------
    config, corpus
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
    batches = training_batches(corpus, config, config.seed)
    validation = NoisyValidation(corpus, config)
    log(f"data: {corpus.describe()}")
    for note in corpus.notes:
        log(f"note: {note}")

    model = build_model(config, len(corpus.labels))
    if resume:
        require_same_split(run, corpus)
    # Written once data and model are there: an error so far leaves no half-made run behind.
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, corpus)
    optimizer = optimizer_for(config, batches.steps_per_epoch)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    # XLA nearly halves the step on a CPU. TensorFlow does not promise repeatable results with it.
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=not config.deterministic)

    done, history, best = 0, [], {"score": -1.0, "epoch": 0, "weights": None}
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
    with EpochBar(config.epochs, done) as bar:
        keeper = _RunKeeper(run, validation, bar, history, best)
        board = keras.callbacks.TensorBoard(str(run / "tensorboard"), write_graph=False)
        if done < config.epochs:
            model.fit(
                batches.dataset(first_step=done * batches.steps_per_epoch),
                epochs=config.epochs,
                initial_epoch=done,
                steps_per_epoch=batches.steps_per_epoch,
                shuffle=False,
                verbose=0,
                callbacks=[keeper, board],
            )
    # A fresh copy: the compiled one would drag its optimizer into the file.
    model = build_model(config, len(corpus.labels))
    assign(model.variables, best["weights"], checkpoint)
    save_model(model, run / MODEL)
    device: dict[str, Any] = {"detector": {}, "operating_point": [], "monitor": {}}
    device["noise_level"] = calibrate_noise_level(model, corpus, config, BatchFeatures(config.spec))
    if isinstance(config, VibrationConfig):
        device["monitor"] = calibrate_monitor(model, corpus, config)
    else:
        chosen = choose_detector(model, corpus, config)
        device.update(detector=chosen["detector"], operating_point=chosen["rows"])
    summary = {
        "task": config.task,
        "model": config.model,
        "labels": list(corpus.labels),
        "parameters": count_parameters(model),
        "macs": count_macs(model),
        "best_epoch": best["epoch"],
        "epochs": config.epochs,
        "train_seconds": round(setup_seconds + sum(row["seconds"] for row in history), 1),
        "validation": {k: v for k, v in history[best["epoch"] - 1].items() if k.startswith("val_")},
        **device,
        "clips": {split: len(corpus.clips(split)) for split in ("train", "val")},
        "training_noise": corpus.training_noise_names,
        "protocol": corpus.protocol,
        "notes": corpus.notes,
        "synthetic_speech": corpus.synthetic,
        "git_revision": git_revision(),
        "versions": environment(),
    }
    write_json(run / SUMMARY, summary)
    return summary


def save_model(model: keras.Model, path: Path) -> None:
    """Write a ``.keras`` file in one step."""
    temporary = path.with_name(f".{path.stem}.tmp.keras")
    try:
        model.save(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

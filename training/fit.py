"""Train a model of any task: cosine schedule, AdamW, best epoch by validation in noise, resumable at any time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log
from drsn_keras.keyword_model_names import trains_compiled
from drsn_keras.models.cost import count_macs, count_parameters

from .checkpoint import assign
from .config import KeywordConfig
from .corpus import Corpus
from .epochs import Epochs, cosine_with_warmup, run_epochs
from .features import BatchFeatures
from .networks import build_model, streams, to_train
from .noise_level import calibrate_noise_level
from .operating_point import choose_detector
from .run_folder import (
    CHECKPOINT,
    CONFIG,
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
    schedule = cosine_with_warmup(config.learning_rate, config.epochs, steps_per_epoch, WARMUP_EPOCHS)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


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

    model = to_train(build_model(config, len(corpus.labels)), config)
    if resume:
        require_same_split(run, corpus)
    # Written once data and model are there: an error so far leaves no half-made run behind.
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, corpus)
    optimizer = optimizer_for(config, batches.steps_per_epoch)
    optimizer.build(model.trainable_variables)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    # XLA nearly halves the step of most networks on a CPU. TensorFlow does not promise repeatable results with it.
    compiled = trains_compiled(config.model) and not config.deterministic
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=compiled)

    epochs = Epochs.begin(run, resume, model, optimizer, config.epochs)
    setup_seconds = time.monotonic() - began

    def judge(logs: dict[str, Any]) -> tuple[dict[str, Any], float]:
        scores = validation.accuracies(model)
        mean = float(np.mean(list(scores.values())))
        columns = {f"val_{name}": round(value, 3) for name, value in scores.items()}
        return {"accuracy": round(100 * logs["accuracy"], 3), **columns, "val_mean": round(mean, 3)}, mean

    run_epochs(model, batches, config.epochs, epochs, run, judge, advice="a lower --learning-rate")
    # A fresh copy: the compiled one would drag its optimizer into the file.
    model = build_model(config, len(corpus.labels))
    assign(model.variables, epochs.best_weights, run / CHECKPOINT)
    save_model(model, run / MODEL)
    device: dict[str, Any] = {"detector": {}, "operating_point": [], "monitor": {}}
    if streams(config):
        # Its thresholds are of every moment, not of a window.
        device["noise_level"] = {}
    else:
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
        "best_epoch": epochs.best_epoch,
        "epochs": config.epochs,
        "train_seconds": round(setup_seconds + epochs.seconds, 1),
        "validation": epochs.validation,
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

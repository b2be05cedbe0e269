"""Train a model of any task: cosine schedule, AdamW, best epoch by validation in noise, resumable at any time."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from drsn_keras.command_line import log
from drsn_keras.keyword_model_names import trains_compiled
from drsn_keras.models.cost import count_macs, count_parameters

from .backend import make_repeatable, step_compilation
from .checkpoint import assign
from .config import KeywordConfig
from .corpus import Corpus
from .distributed.devices import Devices
from .distributed.exchange import agree, finish, hand_over
from .distributed.precision import building_in, keep_in_float32, mixed_policy
from .epochs import Epochs, StepBatches, cosine_with_warmup, follow_epochs, run_epochs
from .features import BatchFeatures
from .memory import give_back
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
_ADVICE = "a lower --learning-rate"
#: Fields of a configuration that say where files lie on a host.
_PLACES = ("data", "manifest", "noise")


def optimizer_for(config: KeywordConfig | VibrationConfig, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    """AdamW with linear warm-up and cosine decay to zero; biases and normalisation do not decay."""
    schedule = cosine_with_warmup(config.learning_rate, config.epochs, steps_per_epoch, WARMUP_EPOCHS)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _batches(config: KeywordConfig | VibrationConfig, corpus: Corpus, devices: Devices) -> StepBatches:
    """Seed everything, and make the batches, which are the same for all workers."""
    keras.utils.set_random_seed(config.seed)
    if config.deterministic:
        make_repeatable()
    batches = training_batches(corpus, config, config.seed)
    devices.check_batch(batches.batch_size)
    values = {name: value for name, value in config.to_dict().items() if name not in _PLACES}
    known = [values, list(corpus.labels), corpus.training_noise_names, *corpus.listing()]
    if devices.workers is not None:
        known.append(_content(corpus))
    known = json.dumps(known, sort_keys=True)
    agree(devices, "configuration and data", known)
    return batches


def _content(corpus: Corpus) -> str:
    """Digest of what all workers have to have alike: samples, not only names and sizes."""
    digest = hashlib.sha256(np.ascontiguousarray(corpus.clips("train").x))
    for _, signals in sorted(corpus.recorded("train").items()):
        for signal in signals:
            digest.update(np.ascontiguousarray(signal))
    return digest.hexdigest()


def compiled_model(
    config: KeywordConfig | VibrationConfig, classes: int, steps_per_epoch: int, devices: Devices
) -> keras.Model:
    """The network to train, on its devices, in its precision."""
    policy = mixed_policy() if config.mixed_precision else keras.config.dtype_policy()
    with devices.scope(), building_in(policy):
        model = to_train(build_model(config, classes), config)
        if config.mixed_precision:
            keep_in_float32(model)
        devices.adapt(model)
        optimizer = optimizer_for(config, steps_per_epoch)
        if policy == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(model.trainable_variables)
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
        # XLA nearly halves the step of most networks on a CPU. TensorFlow does not promise repeatable results with it,
        # and cannot compile a step over several devices.
        wanted = trains_compiled(config.model) and not config.deterministic and devices.strategy is None
        model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=step_compilation(wanted))
    return model


def follow(config: KeywordConfig | VibrationConfig, corpus: Corpus, devices: Devices) -> None:
    """Train as a worker that is not the chief: its rows of every batch, to the last epoch; it writes nothing."""
    batches = _batches(config, corpus, devices)
    log(f"data: {corpus.describe()}")
    model = compiled_model(config, len(corpus.labels), batches.steps_per_epoch, devices)
    done = hand_over(devices, [*model.variables, *model.optimizer.variables], 0)
    follow_epochs(model, batches, config.epochs, done, devices, advice=_ADVICE)
    finish(devices, model.variables)


def train(
    config: KeywordConfig | VibrationConfig,
    corpus: Corpus,
    run: Path,
    *,
    resume: bool = False,
    devices: Devices | None = None,
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
    devices : Devices, optional
        One, unless others are handed in; with workers, this is the chief.

    Returns
    -------
    dict
        The summary that is also written to ``summary.json``.
    """
    began = time.monotonic()
    devices = devices or Devices()
    batches = _batches(config, corpus, devices)
    validation = NoisyValidation(corpus, config)
    give_back()
    log(f"data: {corpus.describe()}")
    for note in corpus.notes:
        log(f"note: {note}")

    model = compiled_model(config, len(corpus.labels), batches.steps_per_epoch, devices)
    if resume:
        require_same_split(run, corpus)
    # Written once data and model are there: an error so far leaves no half-made run behind.
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, corpus)
    epochs = Epochs.begin(run, resume, model, model.optimizer, config.epochs)
    hand_over(devices, [*model.variables, *model.optimizer.variables], epochs.done)
    judged = model
    if config.mixed_precision or devices.workers is not None:
        # What is saved, in 32 bits; and without the other workers, who go on meanwhile.
        judged = to_train(build_model(config, len(corpus.labels)), config)
    setup_seconds = time.monotonic() - began

    def judge(logs: dict[str, Any]) -> tuple[dict[str, Any], float]:
        if judged is not model:
            assign(judged.variables, [np.asarray(v) for v in model.variables], run)
        scores = validation.accuracies(judged)
        mean = float(np.mean(list(scores.values())))
        columns = {f"val_{name}": round(value, 3) for name, value in scores.items()}
        return {"accuracy": round(100 * logs["accuracy"], 3), **columns, "val_mean": round(mean, 3)}, mean

    run_epochs(model, batches, config.epochs, epochs, run, judge, advice=_ADVICE, devices=devices)
    finish(devices, model.variables)
    give_back()
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
        "clips": {split: corpus.count(split) for split in ("train", "val")},
        "training_noise": corpus.training_noise_names,
        "protocol": corpus.protocol,
        "notes": corpus.notes,
        "synthetic_speech": corpus.synthetic,
        "backend": keras.backend.backend(),
        **devices.describe(),
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

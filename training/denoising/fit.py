"""Train a denoiser: pairs spoiled anew at every step, best epoch by validation, resumable at any time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from drsn_keras.command_line import log
from drsn_keras.models.cost import count_macs, count_parameters

from ..backend import make_repeatable, step_compilation
from ..checkpoint import assign
from ..epochs import Epochs, run_epochs
from ..fit import save_model
from ..run_folder import CHECKPOINT, CONFIG, MODEL, SUMMARY, environment, git_revision, write_json
from ..split_list import require_same_split, write_split_list
from .config import DenoiseConfig
from .losses import LOSSES
from .networks import build_denoiser, with_known_shape
from .optimizers import make_optimizer
from .pairs import TrainingPairs
from .predictor import Predictor
from .task import DenoiseTask
from .validation import Validation


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
        make_repeatable()
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
    # XLA shortens the step of signals on a CPU, of images it makes it half as long again. TensorFlow does not promise
    # repeatable results with it.
    compiled = step_compilation(not (config.deterministic or task.spec.is_image))
    model.compile(optimizer, LOSSES[config.loss], jit_compile=compiled)

    epochs = Epochs.begin(run, resume, model, optimizer, config.epochs)
    setup_seconds = time.monotonic() - began
    title = validation.measure.title.split(",")[0]
    predict = Predictor(model, task.spec)

    def judge(_: dict[str, Any]) -> tuple[dict[str, Any], float]:
        scores = validation.scores(predict)
        mean = float(np.mean(list(scores.values())))
        columns = {f"val_{name}": round(value, 4) for name, value in scores.items()}
        return {**columns, "val_mean": round(mean, 4)}, mean if validation.measure.higher else -mean

    run_epochs(
        model,
        pairs,
        config.epochs,
        epochs,
        run,
        judge,
        advice="a lower --learning-rate or a --clip-norm",
        describe=lambda row: f"loss {row['loss']:.4g}, validation {title} {row['val_mean']:.3f}",
    )
    # A fresh copy: the compiled one would drag its optimizer into the file.
    model = build_denoiser(config)
    assign(model.variables, epochs.best_weights, run / CHECKPOINT)
    model = with_known_shape(model, task.spec)
    save_model(model, run / MODEL)
    summary = {
        "task": config.task,
        "kind": config.kind,
        "model": config.model,
        "parameters": count_parameters(model),
        "macs": count_macs(model),
        "best_epoch": epochs.best_epoch,
        "epochs": config.epochs,
        "steps_per_epoch": pairs.steps_per_epoch,
        "train_seconds": round(setup_seconds + epochs.seconds, 1),
        "measure": validation.measure.name,
        "validation": epochs.validation,
        "validation_noisy": {name: round(value, 4) for name, value in validation.noisy.items()},
        "training_noise": task.corruption.names,
        "protocol": task.protocol,
        "made": task.material.made,
        "notes": task.notes,
        "backend": keras.backend.backend(),
        "git_revision": git_revision(),
        "versions": environment(),
    }
    write_json(run / SUMMARY, summary)
    return summary

"""Pruning: a share of a twin's weights becomes zero, step by step, while a short training makes up for it."""

from __future__ import annotations

import numpy as np
import tf_keras

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.training.open_run import OpenRun

from ..lowering import Twin
from .fine_tuning import copy_of, fine_tune_on_run, tfmot

_pruning = tfmot.sparsity.keras
#: In a smaller kernel a zero saves little and costs more.
SMALLEST_KERNEL = 512
LEARNING_RATE = 2e-3
#: Part of the training in which the share grows; in the rest the zeros stay where they are.
_RISE = 0.6
#: Times that the zeros are chosen anew.
_CHOICES = 50


def prune(run: OpenRun, twin: Twin, sparsity: float = 0.5, *, epochs: int = 12, seed: int = 0) -> tf_keras.Model:
    """Set the smallest weights of every large kernel to zero, and fine-tune.

    A zero stays a zero in every scheme: int8 kernels are symmetric.

    Parameters
    ----------
    run : OpenRun
        The run that the twin was lowered from: its training clips, its noise, and its Keras model as the teacher.
    twin : Twin
    sparsity : float in (0, 1)
        Share of each of the :func:`compressible` kernels.
    epochs : int
        Times that every training clip is seen.
    seed : int
        Of the augmentation.

    Returns
    -------
    tf_keras.Model
        Layers as the twin's, for every scheme of ``to_tflite``.

    Raises
    ------
    UsageError
        If an argument is out of range or no kernel is large enough.

    References
    ----------
    M. Zhu and S. Gupta, "To prune, or not to prune", 2017, arXiv:1710.01878.
    """
    if not 0 < sparsity < 1:
        raise UsageError(mismatch("sparsity", "a share above 0 and below 1", sparsity))
    step_counter = _pruning.UpdatePruningStep()

    def wrap(steps: int) -> tf_keras.Model:
        model = with_pruning(twin.model, sparsity, steps)
        step_counter.set_model(model)
        step_counter.on_train_begin()
        return model

    model = fine_tune_on_run(run, wrap, epochs=epochs, learning_rate=LEARNING_RATE, seed=seed)
    # The last step has moved weights that had been zero.
    step_counter.on_epoch_end(0)
    return copy_of(_pruning.strip_pruning(model))


def with_pruning(model: tf_keras.Model, sparsity: float, steps: int) -> tf_keras.Model:
    """Copy a twin with tfmot's pruning around every compressible layer, for a training of ``steps``."""
    every = max(1, steps // _CHOICES)
    # tfmot chooses at multiples of `every`; the last of them has to be the one with the whole share.
    last = every * max(1, int(_RISE * steps) // every)
    schedule = _pruning.PolynomialDecay(0.0, sparsity, 0, last, frequency=every)
    chosen = compressible(model)

    def copy(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        made = type(layer).from_config(layer.get_config())
        return _pruning.prune_low_magnitude(made, schedule) if layer.name in chosen else made

    pruned = tf_keras.models.clone_model(model, clone_function=copy)
    for to, layer in zip(pruned.layers, model.layers, strict=True):
        to.set_weights(layer.get_weights())
    return pruned


def compressible(model: tf_keras.Model) -> list[str]:
    """Names of the layers whose kernels are worth pruning or clustering: convolutions of at least 512 weights.

    Left out are depthwise kernels, which hold few weights and lose much by it (tfmot leaves them alone too), and
    convolutions that only select channels, such as a shortcut's: their zeros are there already.

    Raises
    ------
    UsageError
        If there is none.
    """
    found = [
        layer.name
        for layer in model.layers
        if type(layer) is tf_keras.layers.Conv2D
        and layer.kernel.shape.num_elements() >= SMALLEST_KERNEL
        and np.count_nonzero(layer.kernel, axis=(0, 1, 2)).max() > 1
    ]
    if not found:
        raise UsageError(mismatch(f"model {model.name}", f"a kernel of at least {SMALLEST_KERNEL} weights", "none"))
    return found

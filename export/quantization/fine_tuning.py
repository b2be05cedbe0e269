"""A short training of a lowered twin: the run's own clips, noise and augmentation, with the float model as teacher."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, UsageError, mismatch
from drsn_keras.training.open_run import OpenRun
from drsn_keras.training.training_batches import training_batches

with warnings.catch_warnings():
    # It compares TensorFlow's version by a part of setuptools that is going away.
    warnings.filterwarnings("ignore", "distutils Version classes are deprecated", DeprecationWarning)
    import tensorflow_model_optimization as tfmot

__all__ = ["copy_of", "fine_tune", "fine_tune_on_run", "tfmot"]

#: How much of the target the teacher gives; the rest are the labels. Chosen on validation clips of the keyword run,
#: where 0.8 was best by a little; by labels alone the student lost a point of accuracy.
TEACHER_SHARE = 0.8
#: Added to probabilities, of whose logarithms the loss is made.
_TINY = 1e-7


def fine_tune_on_run(
    run: OpenRun, wrap: Callable[[int], tf_keras.Model], *, epochs: int, learning_rate: float, seed: int
) -> tf_keras.Model:
    """Fine-tune towards a run's Keras model and its smoothed labels, on training's clips, noises and rooms mixed anew.

    Parameters
    ----------
    run : OpenRun
        The run that the student was lowered from.
    wrap : callable
        Number of steps to the student: a twin, wrapped in what it is to learn to live with. See :func:`fine_tune`.
    epochs : int
        Times that every training clip is seen.
    learning_rate : float
    seed : int
        Of the draws.

    Returns
    -------
    tf_keras.Model
        The student.

    Raises
    ------
    UsageError
        If there is not one epoch at least.
    """
    if epochs < 1:
        raise UsageError(mismatch("epochs", "at least 1", epochs))
    batches = training_batches(run.corpus, run.config, seed)
    steps = epochs * batches.steps_per_epoch
    model = wrap(steps)
    losses = fine_tune(
        model,
        batches.dataset(),
        steps=steps,
        learning_rate=learning_rate,
        teacher=lambda features: run.model(features, training=False),
        label_smoothing=run.config.label_smoothing,
    )
    log(f"fine-tuned in {steps} steps, {batches.steps_per_epoch} an epoch; loss of the last: {losses[-1]:.3f}")
    return model


def fine_tune(
    model: tf_keras.Model,
    batches: tf.data.Dataset,
    *,
    steps: int,
    learning_rate: float,
    teacher: Callable[[tf.Tensor], tf.Tensor] | None = None,
    label_smoothing: float = 0.0,
) -> np.ndarray:
    """Train a model for some steps with Adam and a cosine schedule down to zero; the last weights count.

    A kernel's weight that is exactly zero at the start stays zero: pruned weights, and the zeros of the convolutions
    that only select channels. There is no randomness but that of the batches.

    Parameters
    ----------
    model : tf_keras.Model
        Inputs to class probabilities, changed in place.
    batches : tf.data.Dataset of (features [batch, ...], one-hot labels [batch, classes])
        Features in any shape that can be taken as the model's input.
    steps : int
    learning_rate : float
        At the first step.
    teacher : callable, optional
        Features to class probabilities [batch, classes], which give ``TEACHER_SHARE`` of the target.
    label_smoothing : float in [0, 1)

    Returns
    -------
    np.ndarray [shape=(steps,)]
        Loss of every step: cross-entropy to the target.

    Raises
    ------
    UsageError
        If the learning rate is not above 0 or there are no steps.
    CheckFailed
        If the loss is not finite.
    """
    if not learning_rate > 0:
        raise UsageError(mismatch("learning_rate", "a number above 0", learning_rate))
    if steps < 1:
        raise UsageError(mismatch("steps", "at least 1", steps))
    optimizer = tf_keras.optimizers.Adam(tf_keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    variables = model.trainable_variables
    optimizer.build(variables)
    masks = [_zeros_mask(variable) for variable in variables]
    shape = (-1, *model.input_shape[1:])

    @tf.function
    def step(features, labels):
        targets = labels * (1.0 - label_smoothing) + label_smoothing / labels.shape[1]
        if teacher is not None:
            targets = TEACHER_SHARE * teacher(features) + (1.0 - TEACHER_SHARE) * targets
        with tf.GradientTape() as tape:
            p = model(tf.reshape(features, shape), training=True)
            loss = -tf.reduce_mean(tf.reduce_sum(targets * tf.math.log(p + _TINY), axis=-1))
        gradients = tape.gradient(loss, variables)
        masked = [g if mask is None else g * mask for g, mask in zip(gradients, masks, strict=True)]
        optimizer.apply_gradients(zip(masked, variables, strict=True))
        return loss

    losses = np.empty(steps, np.float32)
    with _without_remapper():
        for i, (features, labels) in enumerate(_bar(batches.take(steps), steps)):
            losses[i] = step(features, labels)
            if not np.isfinite(losses[i]):
                raise CheckFailed(mismatch(f"fine-tuning, loss of step {i + 1}", "a finite number", losses[i]))
    return losses


@contextlib.contextmanager
def _without_remapper() -> Iterator[None]:
    """TensorFlow's remapper fails on the gradient of a leaky ReLU, and says so on stderr; the graph runs without it."""
    option = "remapping"
    before = tf.config.optimizer.get_experimental_options().get(option, True)
    tf.config.optimizer.set_experimental_options({option: False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({option: before})


def copy_of(model: tf_keras.Model) -> tf_keras.Model:
    """The same layers and weights, used once each: tfmot's wrapping and stripping leaves layers in several graphs."""
    copy = tf_keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy


def _bar(batches: Iterable, total: int) -> Iterable:
    """The same batches, with a progress bar where somebody can see it."""
    if not sys.stderr.isatty():
        return batches
    from tqdm import tqdm

    return tqdm(batches, total=total, unit="step", desc="fine-tuning", delay=2.0, file=sys.stderr)


def _zeros_mask(variable: tf.Variable) -> tf.Tensor | None:
    """0 where a kernel is exactly zero, 1 elsewhere; None where nothing is to be kept."""
    kernel = variable.numpy()
    if kernel.ndim != 4 or kernel.all():
        return None
    return tf.constant(kernel != 0, variable.dtype)

"""The epochs of a training that several workers share: what ``model.fit`` is elsewhere.

Keras 3's ``fit`` fails under MultiWorkerMirroredStrategy, so the step is written out: each worker computes its rows,
the loss is the sum over them divided by the rows of the whole batch, gradients are summed over all workers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from .devices import Devices
from .restart import note_progress

if TYPE_CHECKING:
    from ..epochs import StepBatches


def shared_step(devices: Devices, model: keras.Model, batch_size: int) -> Callable:
    """One step of all workers, as a graph: an iterator to the batch's loss and accuracy [shape=(2,)].

    Parameters
    ----------
    devices
    model : compiled in the scope, its batch normalisation synchronised
    batch_size : int
        Of all workers together.
    """
    strategy, optimizer = devices.strategy, model.optimizer

    def replica(features: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            probabilities = model(features, training=True)
            loss = tf.reduce_sum(model.loss.call(wanted, probabilities)) / batch_size
            scaled = optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        right = tf.equal(tf.argmax(probabilities, -1), tf.argmax(wanted, -1))
        return tf.stack([loss, tf.reduce_sum(tf.cast(right, tf.float32)) / batch_size])

    @tf.function
    def step(iterator):
        sums = strategy.run(replica, args=next(iterator))
        return strategy.reduce(tf.distribute.ReduceOp.SUM, sums, axis=None)

    return step


def own_batches(devices: Devices, batches: StepBatches, first_step: int):
    """Iterator over this worker's rows of all batches from a step on, divided among its devices."""
    workers = devices.workers
    each = devices.replicas // workers.count

    def dataset(_: tf.distribute.InputContext) -> tf.data.Dataset:
        own = batches.dataset(first_step, part=(workers.index, workers.count))
        if each == 1:
            return own
        # Devices take turns at the elements.
        return own.map(lambda *batch: tuple(tf.stack(tf.split(x, each)) for x in batch)).unbatch()

    return iter(devices.strategy.distribute_datasets_from_function(dataset))


def fit_shared(
    devices: Devices,
    model: keras.Model,
    batches: StepBatches,
    first_epoch: int,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
) -> None:
    """Train from an epoch to the last one, in step with all other workers; callbacks hear of epochs only."""
    callbacks = keras.callbacks.CallbackList(list(callbacks), model=model)
    step = shared_step(devices, model, batches.batch_size)
    iterator = own_batches(devices, batches, first_epoch * batches.steps_per_epoch)
    callbacks.on_train_begin()
    for epoch in range(first_epoch, epochs):
        callbacks.on_epoch_begin(epoch)
        sums = tf.zeros([2])
        for _ in range(batches.steps_per_epoch):
            sums += step(iterator)
        loss, accuracy = (sums / batches.steps_per_epoch).numpy().tolist()
        callbacks.on_epoch_end(epoch, {"loss": loss, "accuracy": accuracy})
        note_progress()
    callbacks.on_train_end()

"""The tf.data pipeline: clips in memory -> shuffled batches -> augmentation -> features, all inside the graph."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from drsn_keras.frontend import FrontEndSpec
from drsn_keras.frontend.layer import FrontEnd

from .augment import Augmenter


@dataclasses.dataclass(frozen=True)
class Batches:
    """Endless augmented batches whose content depends on (seed, step) alone.

    Step ``s`` is batch ``s % steps_per_epoch`` of epoch ``s // steps_per_epoch``; every epoch is a new permutation of
    all clips (its last, incomplete batch is filled from the permutation's start), so that a run resumed at any step
    goes on with exactly the batches that it would have seen.

    Parameters
    ----------
    clips : np.ndarray [shape=(n, n_samples), int16]
    labels : np.ndarray [shape=(n,), int]
    classes : int
    augmenter : Augmenter
    spec : FrontEndSpec
    batch_size, seed : int
    """

    clips: np.ndarray
    labels: np.ndarray
    classes: int
    augmenter: Augmenter
    spec: FrontEndSpec
    batch_size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every clip is seen once."""
        return -(-len(self.clips) // self.batch_size)

    def dataset(self, first_step: int = 0) -> tf.data.Dataset:
        """(features [batch, frames, channels], one-hot labels [batch, classes]) from ``first_step`` on, without end."""
        clips = tf.constant(self.clips)
        labels = tf.constant(self.labels, tf.int32)
        front_end = FrontEnd(self.spec)
        front_end.build((self.batch_size, self.spec.n_samples))
        steps, size, total = self.steps_per_epoch, self.batch_size, len(self.clips)

        def epoch_steps(epoch):
            order_seed = tf.stack([tf.constant(self.seed, tf.int64), -1 - epoch])
            order = tf.random.experimental.stateless_shuffle(tf.range(total), order_seed)
            indices = tf.reshape(tf.gather(order, tf.range(steps * size) % total), [steps, size])
            numbers = epoch * steps + tf.range(steps, dtype=tf.int64)
            return tf.data.Dataset.from_tensor_slices((numbers, indices))

        def batch(step, index):
            seed = tf.stack([tf.constant(self.seed, tf.int64), step])
            y = tf.cast(tf.gather(clips, index), tf.float32) / 32768.0
            y = tf.ensure_shape(y, [size, self.spec.n_samples])
            y = self.augmenter.apply(y, self.augmenter.draw(seed, size))
            features = tf.ensure_shape(front_end(y), [size, *self.spec.shape])
            return self.augmenter.mask(features, seed), tf.one_hot(tf.gather(labels, index), self.classes)

        epochs = tf.data.Dataset.range(first_step // steps, np.iinfo(np.int64).max).flat_map(epoch_steps)
        return epochs.skip(first_step % steps).map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)

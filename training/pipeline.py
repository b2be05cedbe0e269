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

        def batch(step):
            epoch, place = step // steps, step % steps
            order_seed = tf.stack([tf.constant(self.seed, tf.int64), -1 - epoch])
            order = tf.random.experimental.stateless_shuffle(tf.range(total), order_seed)
            index = tf.gather(order, (place * size + tf.range(size, dtype=tf.int64)) % total)
            seed = tf.stack([tf.constant(self.seed, tf.int64), step])
            y = tf.cast(tf.gather(clips, index), tf.float32) / 32768.0
            y = tf.ensure_shape(y, [size, self.spec.n_samples])
            y = self.augmenter.apply(y, self.augmenter.draw(seed, size))
            features = tf.ensure_shape(front_end(y), [size, *self.spec.shape])
            return self.augmenter.mask(features, seed), tf.one_hot(tf.gather(labels, index), self.classes)

        steps_left = tf.data.Dataset.range(first_step, np.iinfo(np.int64).max)
        return steps_left.map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)

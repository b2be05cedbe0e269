"""The tf.data pipeline: clips in memory -> shuffled batches -> augmentation -> features."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from .batch_look import BatchLook
from .batch_part import WHOLE, Part


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
    look : BatchLook
        What is done with the clips of a step.
    """

    clips: np.ndarray
    labels: np.ndarray
    look: BatchLook

    @property
    def batch_size(self) -> int:
        """Clips of a step."""
        return self.look.batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every clip is seen once."""
        return -(-len(self.clips) // self.batch_size)

    def dataset(self, first_step: int = 0, part: Part = WHOLE) -> tf.data.Dataset:
        """(features [batch, frames, channels], one-hot labels [batch, classes]) from ``first_step`` on, without end.

        With ``part``, the rows of one of several workers only, as they are in the whole batch.
        """
        clips = tf.constant(self.clips)
        labels = tf.constant(self.labels, tf.int32)
        steps, size, total = self.steps_per_epoch, self.batch_size, len(self.clips)
        look = dataclasses.replace(self.look, part=part)

        def epoch_steps(epoch):
            order_seed = tf.stack([tf.constant(look.seed, tf.int64), -1 - epoch])
            order = tf.random.experimental.stateless_shuffle(tf.range(total), order_seed)
            indices = tf.reshape(tf.gather(order, tf.range(steps * size) % total), [steps, size])
            numbers = epoch * steps + tf.range(steps, dtype=tf.int64)
            return tf.data.Dataset.from_tensor_slices((numbers, indices))

        def batch(step, index):
            return look(step, tf.gather(clips, index), tf.gather(labels, index))

        epochs = tf.data.Dataset.range(first_step // steps, np.iinfo(np.int64).max).flat_map(epoch_steps)
        return epochs.skip(first_step % steps).map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)

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
    in_stream : bool
        For a model with states: every other batch has twice the samples, the second half of which are the clips.
        Before them is what a stream holds: another clip, or nothing, and the same noise. All other batches begin with
        the clip, as a stream does when it is switched on.
    unknown : int, optional
        Label of what is between two words; without it no batch straddles.
    """

    clips: np.ndarray
    labels: np.ndarray
    classes: int
    augmenter: Augmenter
    spec: FrontEndSpec
    batch_size: int
    seed: int
    in_stream: bool = False
    unknown: int | None = None

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
        clip_frames = self.spec.n_frames
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
            said = tf.gather(labels, index)
            if self.unknown is not None:
                y, said = self.augmenter.straddle(y, said, seed, self.unknown)
            return look(step, y, self.augmenter.draw(seed, size), seed), tf.one_hot(said, self.classes)

        def look(step, *drawn):
            if not self.in_stream:
                return clip(*drawn)
            return tf.cond(step % 2 == 0, lambda: clip(*drawn), lambda: stream(*drawn))

        def clip(y, parameters, seed):
            features = tf.ensure_shape(front_end(self.augmenter.apply(y, parameters)), [size, *self.spec.shape])
            # A mask of ten samples is a click.
            return features if self.spec.is_waveform else self.augmenter.mask(features, seed)

        def stream(y, parameters, seed):
            features = front_end(self.augmenter.apply_in_stream(y, parameters))
            before, own = features[:, :-clip_frames], features[:, -clip_frames:]
            own = self.augmenter.mask(tf.ensure_shape(own, [size, *self.spec.shape]), seed)
            return tf.concat([before, own], axis=1)

        epochs = tf.data.Dataset.range(first_step // steps, np.iinfo(np.int64).max).flat_map(epoch_steps)
        return epochs.skip(first_step % steps).map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)

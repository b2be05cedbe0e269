"""What is done with the clips of a batch, wherever they come from: augmentation -> features."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log
from drsn_keras.errors import first_line
from drsn_keras.frontend import FrontEndSpec

from .augment import Augmenter
from .batch_part import WHOLE, Part, part_rows
from .graph_calls import graph_call
from .graph_front_end import GraphFrontEnd

if TYPE_CHECKING:
    from .native_look import NativeLook


@dataclasses.dataclass(frozen=True)
class BatchLook:
    """How the training sees a batch: a function of its clips, (seed, step) and nothing else.

    Parameters
    ----------
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
    part : (index, count)
        Rows that are made: those of one of several workers. They are as in the whole batch.
    in_graph : bool
        Compute in TensorFlow's operators alone, at three times the cost: what tf.data service can send elsewhere. What
        is done for a model with states always is.
    """

    classes: int
    augmenter: Augmenter
    spec: FrontEndSpec
    batch_size: int
    seed: int
    in_stream: bool = False
    unknown: int | None = None
    part: Part = WHOLE
    in_graph: bool = False

    def __call__(self, step: tf.Tensor, clips: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(features [rows, frames, channels], one-hot labels [rows, classes]) of a step.

        Parameters
        ----------
        step : int64
        clips : int16 [shape=(batch, n_samples)], the whole batch
        labels : int32 [shape=(batch,)]
        """
        seed = tf.stack([tf.constant(self.seed, tf.int64), step])
        clips = tf.ensure_shape(clips, [self.batch_size, self.spec.n_samples])
        if self.unknown is not None:
            clips, labels = self.augmenter.straddle(clips, labels, seed, self.unknown)
        features = self._features(step, clips, self.augmenter.draw(seed, self.batch_size), seed)
        return features, tf.one_hot(labels[self._rows.start : self._rows.stop], self.classes)

    @functools.cached_property
    def _rows(self) -> range:
        return part_rows(self.batch_size, self.part)

    @functools.cached_property
    def _front_end(self) -> GraphFrontEnd:
        return GraphFrontEnd(self.spec)

    @functools.cached_property
    def _native(self) -> NativeLook | None:
        if self.in_graph or self.in_stream:
            return None
        try:
            from .native_look import NativeLook

            return NativeLook(self.augmenter, self.spec)
        except ImportError as error:
            # Numba is particular about NumPy's version.
            log(f"note: augmentation and features take three times as long here: {first_line(error)}")
            return None

    def _features(self, step, clips, parameters, seed):
        if self._native is not None:
            return self._made_natively(clips, parameters, seed)
        drawn = tf.cast(clips, tf.float32) / 32768.0, parameters, seed
        if not self.in_stream:
            return self._clip(*drawn)
        return tf.cond(step % 2 == 0, lambda: self._clip(*drawn), lambda: self._stream(*drawn))

    def _made_natively(self, clips, parameters, seed):
        rows = self._rows
        own = {name: values[rows.start : rows.stop] for name, values in parameters.items()}
        if not self.spec.is_waveform:
            own |= self.augmenter.draw_masks(seed, self.batch_size, self.spec.shape, self.part)
        reverberated = self.augmenter.reverberated(self.batch_size, rows)

        def make(clips: np.ndarray, *values: np.ndarray) -> np.ndarray:
            return self._native(clips, dict(zip(own, values, strict=True)), reverberated)

        arguments = [clips[rows.start : rows.stop], *own.values()]
        features = tf.numpy_function(graph_call(make), arguments, tf.float32, stateful=False)
        return tf.ensure_shape(features, [len(rows), *self.spec.shape])

    def _clip(self, y, parameters, seed):
        features = self._front_end(self.augmenter.apply(y, parameters, self.part))
        features = tf.ensure_shape(features, [len(self._rows), *self.spec.shape])
        # A mask of ten samples is a click.
        return features if self.spec.is_waveform else self.augmenter.mask(features, seed, self.part)

    def _stream(self, y, parameters, seed):
        features = self._front_end(self.augmenter.apply_in_stream(y, parameters, self.part))
        before, own = features[:, : -self.spec.n_frames], features[:, -self.spec.n_frames :]
        own = self.augmenter.mask(tf.ensure_shape(own, [len(self._rows), *self.spec.shape]), seed, self.part)
        return tf.concat([before, own], axis=1)

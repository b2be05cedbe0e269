"""The front end in TensorFlow's own operators, for graphs of tf.data: one and the same whatever Keras computes with."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.frontend.reference import constants


class GraphFrontEnd:
    """Waveforms to features, as :class:`drsn_keras.frontend.layer.FrontEnd` and :func:`.compute_features`.

    A Keras layer becomes part of a TensorFlow graph only where TensorFlow is Keras's backend. This runs inside tf.data
    under every backend, so that all of them train and are judged on the same numbers: those of the layer under
    TensorFlow to the last bit, of the NumPy reference within 1e-4.

    Parameters
    ----------
    spec : FrontEndSpec

    Examples
    --------
    >>> GraphFrontEnd(FrontEndSpec())(np.zeros((2, 16000), np.float32)).shape
    TensorShape([2, 98, 40])
    """

    def __init__(self, spec: FrontEndSpec) -> None:
        if not isinstance(spec, FrontEndSpec):
            raise UsageError(mismatch("GraphFrontEnd", "a FrontEndSpec", type(spec).__name__))
        self.spec = spec
        if not spec.is_waveform:
            # Arrays, not tensors: they belong to no graph, and to no device.
            self._window, self._filters, self._dct = (
                None if part is None else part.astype(np.float32) for part in constants(spec)
            )

    def __call__(self, y: tf.Tensor) -> tf.Tensor:
        """Features [shape=(batch, n_frames, n_features), float32] of samples in [-1, 1] [shape=(batch, n_samples)]."""
        spec = self.spec
        y = tf.convert_to_tensor(y, tf.float32)
        if spec.is_waveform:
            return y[..., None]
        frames = tf.signal.frame(y, spec.frame_length, spec.hop_length)
        spectrum = tf.signal.rfft(frames * self._window, [spec.fft_length])
        power = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
        # One product over all frames of the batch; tf.matmul would make one for each clip.
        mel = tf.tensordot(power, self._filters, 1) + spec.log_floor
        features = tf.sqrt(tf.sqrt(mel)) if spec.kind == "root_mel" else tf.math.log(mel)
        return features if self._dct is None else tf.tensordot(features, self._dct, 1)

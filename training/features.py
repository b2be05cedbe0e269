"""Features of many clips at once, through the Keras front end (equal to the device's NumPy one within 1e-4)."""

from __future__ import annotations

import numpy as np

from drsn_keras.frontend import FrontEndSpec


class BatchFeatures:
    """Waveforms [shape=(n, n_samples), float32] to features [shape=(n, n_frames, n_features), float32]."""

    def __init__(self, spec: FrontEndSpec, batch_size: int = 256) -> None:
        import tensorflow as tf

        from drsn_keras.frontend.layer import FrontEnd

        layer = FrontEnd(spec)
        signature = [tf.TensorSpec([None, spec.n_samples], tf.float32)]
        self._compute = tf.function(layer.call, input_signature=signature)
        self._size = batch_size
        self._spec = spec

    def __call__(self, y: np.ndarray) -> np.ndarray:
        features = np.empty((len(y), *self._spec.shape), np.float32)
        for start in range(0, len(y), self._size):
            stop = start + self._size
            features[start:stop] = self._compute(y[start:stop]).numpy()
        return features

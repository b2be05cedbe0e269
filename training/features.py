"""Features of many clips at once: sounds through the front end of training (NumPy within 1e-4), windows in NumPy."""

from __future__ import annotations

import numpy as np

from drsn_keras.frontend import FrontEndSpec, WindowSpec, window_features


class BatchFeatures:
    """Waveforms [shape=(n, n_samples), float32] to features [shape=(n, n_frames, n_features), float32]."""

    def __init__(self, spec: FrontEndSpec | WindowSpec, batch_size: int = 256) -> None:
        self._size = batch_size
        self._spec = spec
        if isinstance(spec, WindowSpec):
            self._compute = lambda y: window_features(y, spec)
            return
        import tensorflow as tf

        from .graph_front_end import GraphFrontEnd

        signature = [tf.TensorSpec([None, spec.n_samples], tf.float32)]
        compute = tf.function(GraphFrontEnd(spec), input_signature=signature)
        self._compute = lambda y: compute(y).numpy()

    def __call__(self, y: np.ndarray) -> np.ndarray:
        features = np.empty((len(y), *self._spec.shape), np.float32)
        for start in range(0, len(y), self._size):
            stop = start + self._size
            features[start:stop] = self._compute(y[start:stop])
        return features

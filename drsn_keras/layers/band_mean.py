"""The mean over bands: what broadcasted residual learning computes in time alone."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="drsn_keras")
class BandMean(keras.layers.Layer):
    """Mean over the bands of a map, kept as one band, so that adding it to the map broadcasts.

    Input / output
    --------------
    (batch, time, bands, channels) -> (batch, time, 1, channels)
    """

    def call(self, x):
        return ops.mean(x, axis=2, keepdims=True)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:2], 1, input_shape[3])

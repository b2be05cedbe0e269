"""The magnitude of every value, as a layer that can be lowered."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="drsn_keras")
class Magnitude(keras.layers.Layer):
    """\\|x\\|: how much there is of each coefficient, whatever its sign.

    Input / output
    --------------
    any shape -> the same shape, values >= 0
    """

    def call(self, x):
        return ops.abs(x)

    def compute_output_shape(self, input_shape):
        return input_shape

"""Soft thresholding of one map at the thresholds that another one holds."""

from __future__ import annotations

import keras

from .soft_threshold import soft_threshold


@keras.saving.register_keras_serializable(package="drsn_keras")
class ShrinkAt(keras.layers.Layer):
    """Soft thresholding of coefficients at thresholds that a network has found for every one of them.

    Input / output
    --------------
    [x, tau], both (batch, ..., channels), tau >= 0 -> the shape of x

    Examples
    --------
    >>> import numpy as np
    >>> x, tau = np.array([[[3.0, -3.0]]], "float32"), np.array([[[1.0, 4.0]]], "float32")
    >>> np.asarray(ShrinkAt()([x, tau])).tolist()
    [[[2.0, 0.0]]]
    """

    def build(self, input_shape) -> None:
        if len(input_shape) != 2 or tuple(input_shape[0][1:]) != tuple(input_shape[1][1:]):
            raise ValueError(f"{self.name}: expected a map and its thresholds, of equal shapes, got {input_shape}")
        super().build(input_shape)

    def call(self, inputs):
        x, tau = inputs
        return soft_threshold(x, tau)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

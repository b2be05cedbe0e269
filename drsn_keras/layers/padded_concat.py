"""Join a decoder's map to the encoder's, which may be a position longer."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, rank_of


@keras.saving.register_keras_serializable(package="drsn_keras")
class PaddedConcat(keras.layers.Layer):
    """Concatenate channels of ``[skip, x]``, where ``x`` gets a zero behind wherever ``skip`` is one position longer.

    A map of odd length n that was halved and doubled again has n - 1 positions.

    Input / output
    --------------
    [(batch, n, a), (batch, n or n - 1, b)] -> (batch, n, a + b); images alike on both axes
    """

    def build(self, input_shape) -> None:
        skip, x = input_shape
        for shape in (skip, x):
            check_input(shape, None, self.name)
        pairs = zip(skip[1:-1], x[1:-1], strict=True)
        if any(None not in pair and pair[0] - pair[1] not in {0, 1} for pair in pairs):
            expected = f"a second map as long as the first, {tuple(skip)}, or one position shorter"
            raise ValueError(f"{self.name}: expected {expected}, got {tuple(x)}")
        super().build(input_shape)

    def call(self, inputs):
        skip, x = inputs
        padded = ops.pad(x, ((0, 0), *((0, 1),) * rank_of(x.shape), (0, 0)))
        fitted = padded[(slice(None), *(slice(n) for n in ops.shape(skip)[1:-1]))]
        return ops.concatenate([skip, fitted], axis=-1)

    def compute_output_shape(self, input_shape):
        skip, x = input_shape
        return (*skip[:-1], skip[-1] + x[-1])

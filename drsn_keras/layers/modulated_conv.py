"""A convolution whose kernel is modulated by a prior, anew on every call."""

from __future__ import annotations

import itertools

import keras
from keras import ops

from .rank import check_input, check_rank

MODULATIONS = ("sample", "batch")


@keras.saving.register_keras_serializable(package="drsn_keras")
class ModulatedConv(keras.layers.Layer):
    """Convolution with ``K * (1 + beta * h[tap, output])`` in place of its kernel K, stride 1, zero padding, a bias.

    K is only read: two calls with the same inputs give the same output, and training moves K alone.

    With ``modulation="sample"`` every sample has the kernel of its own prior, so that its output does not depend on
    what else is in the batch. No kernel per sample is ever built: with P_t = K[t] applied to ``x`` (one 1x1
    convolution for all taps), the output is the sum over taps of ``(1 + beta * h[t]) * P_t``, shifted to its tap.
    ``modulation="batch"`` is the published form: one kernel for all, from the batch's mean prior; at batch size 1, at
    which it was published, the two are the same.

    Parameters
    ----------
    filters : int
    kernel_size : int, odd
        Taps on a side; the prior has as many.
    beta : float
        Weight of the prior; 0 is a plain convolution.
    modulation : {"sample", "batch"}
    rank : {1, 2}

    Input / output
    --------------
    [x, h] with x (batch, n, channels) and h (batch, kernel_size, filters) -> (batch, n, filters); images alike, with
    h (batch, kernel_size, kernel_size, filters)

    Examples
    --------
    >>> import numpy as np
    >>> layer = ModulatedConv(2, 3, beta=0.5)
    >>> layer([np.ones((1, 8, 4), "float32"), np.ones((1, 3, 2), "float32")]).shape
    TensorShape([1, 8, 2])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        beta: float = 0.5,
        modulation: str = "sample",
        rank: int = 1,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(f"{self.name}: expected filters >= 1, got {filters!r}")
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"{self.name}: expected an odd kernel_size >= 1, got {kernel_size!r}")
        if modulation not in MODULATIONS:
            raise ValueError(f"{self.name}: expected modulation {' or '.join(MODULATIONS)}, got {modulation!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.beta = float(beta)
        self.modulation = modulation
        self.rank = check_rank(rank, self.name)

    def build(self, input_shape) -> None:
        x_shape, h_shape = input_shape
        check_input(x_shape, self.rank, self.name)
        taps = (self.kernel_size,) * self.rank
        if tuple(h_shape[1:]) != (*taps, self.filters):
            expected = ("batch", *taps, self.filters)
            raise ValueError(f"{self.name}: expected a prior of shape {expected}, got {tuple(h_shape)}")
        self.kernel = self.add_weight(
            name="kernel", shape=(*taps, x_shape[-1], self.filters), initializer="he_normal", trainable=True
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros", trainable=True)
        super().build(input_shape)

    def call(self, inputs):
        x, h = inputs
        if self.modulation == "batch":
            factor = 1.0 + self.beta * ops.mean(h, axis=0)
            y = ops.conv(x, self.kernel * ops.expand_dims(factor, -2), padding="same", data_format="channels_last")
        else:
            y = self._per_sample(x, 1.0 + self.beta * h)
        return y + self.bias

    def _per_sample(self, x, factor):
        rank, half = self.rank, self.kernel_size // 2
        spans = [slice(i, i - self.kernel_size + 1 or None) for i in range(self.kernel_size)]
        total = 0.0
        padded = ops.pad(x, ((0, 0), *((half, half),) * rank, (0, 0)))
        for tap in itertools.product(range(self.kernel_size), repeat=rank):
            shifted = padded[(slice(None), *(spans[i] for i in tap))]
            scale = ops.reshape(factor[(slice(None), *tap)], (-1, *(1,) * rank, self.filters))
            total = total + scale * ops.matmul(shifted, self.kernel[tap])
        return total

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "beta": self.beta,
            "modulation": self.modulation,
            "rank": self.rank,
        }

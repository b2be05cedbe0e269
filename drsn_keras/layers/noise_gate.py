"""The noise gate of the DRAN: one convolution passes what another one lets through."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, check_rank, conv


@keras.saving.register_keras_serializable(package="drsn_keras")
class NoiseGate(keras.layers.Layer):
    """``leaky_relu(feature(p) * sigmoid(gate(p)))``, p the input with a reflected border.

    Parameters
    ----------
    filters : int
    kernel_size : int
        Odd.
    slope : float
        Of the leaky ReLU below zero.
    rank : {1, 2}
        Signals or images.

    Input / output
    --------------
    (batch, n, channels) -> (batch, n, filters); images alike. Every side has to be longer than ``kernel_size // 2``.

    References
    ----------
    S. M. A. Sharif, R. A. Naqvi, M. Biswas, "Learning Medical Image Denoising with Deep Dynamic Residual Attention
    Network", Mathematics 8(12):2192, 2020, doi:10.3390/math8122192.

    Examples
    --------
    >>> import numpy as np
    >>> NoiseGate(8)(np.ones((2, 10, 4), "float32")).shape
    TensorShape([2, 10, 8])
    """

    def __init__(self, filters: int, kernel_size: int = 3, slope: float = 0.2, rank: int = 1, **kwargs) -> None:
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(f"{self.name}: expected filters >= 1, got {filters!r}")
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"{self.name}: expected an odd kernel_size, got {kernel_size!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.slope = float(slope)
        self.rank = check_rank(rank, self.name)

    @property
    def border(self) -> int:
        """Positions that are reflected at each end."""
        return self.kernel_size // 2

    def build(self, input_shape) -> None:
        check_input(input_shape, self.rank, self.name)
        if any(n is not None and n <= self.border for n in input_shape[1:-1]):
            raise ValueError(
                f"{self.name}: expected sides above {self.border} to reflect at, got shape {tuple(input_shape)}"
            )
        self.feature, self.gate = self._conv("feature", None), self._conv("gate", "sigmoid")
        padded = [n if n is None else n + 2 * self.border for n in input_shape[1:-1]]
        for one in (self.feature, self.gate):
            one.build((input_shape[0], *padded, input_shape[-1]))
        super().build(input_shape)

    def _conv(self, name: str, activation: str | None) -> keras.layers.Layer:
        return conv(
            self.rank,
            self.filters,
            self.kernel_size,
            activation=activation,
            kernel_initializer="he_uniform",
            dtype=self.dtype_policy,
            name=name,
        )

    def call(self, x):
        around = (self.border, self.border)
        p = ops.pad(x, ((0, 0), *(around for _ in range(self.rank)), (0, 0)), mode="reflect")
        return ops.leaky_relu(self.feature(p) * self.gate(p), self.slope)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "slope": self.slope,
            "rank": self.rank,
        }

"""The parameter-free shortcut: plain subsampling, zero channels where the unit has more outputs than inputs."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, spatial_axes


@keras.saving.register_keras_serializable(package="drsn_keras")
class PaddedShortcut(keras.layers.Layer):
    """Keep every ``strides``-th position; pad zero channels, half on each side (the odd one behind).

    Parameters
    ----------
    filters : int
        Output channels, at least the input's.
    strides : int

    Input / output
    --------------
    (batch, n, channels) -> (batch, ceil(n / strides), filters); images alike on both axes
    """

    def __init__(self, filters: int, strides: int = 1, **kwargs) -> None:
        super().__init__(**kwargs)
        self.filters = filters
        self.strides = strides

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        if self.filters < input_shape[-1]:
            raise ValueError(
                f"{self.name}: expected at least as many filters as input channels ({input_shape[-1]}), "
                f"got {self.filters}; use a projection shortcut to reduce channels"
            )
        super().build(input_shape)

    def call(self, x):
        axes = spatial_axes(x.shape)
        if self.strides > 1:
            x = x[(slice(None), *(slice(None, None, self.strides) for _ in axes))]
        missing = self.filters - x.shape[-1]
        if missing:
            x = ops.pad(x, ((0, 0), *((0, 0) for _ in axes), (missing // 2, missing - missing // 2)))
        return x

    def compute_output_shape(self, input_shape):
        spatial = (n if n is None else -(-n // self.strides) for n in input_shape[1:-1])
        return (input_shape[0], *spatial, self.filters)

    def get_config(self) -> dict:
        return {**super().get_config(), "filters": self.filters, "strides": self.strides}

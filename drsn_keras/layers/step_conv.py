"""A causal convolution with strides, timed for a stream: one output as soon as ``strides`` new positions are there."""

from __future__ import annotations

import keras
from keras import ops

from .rank import SIGNAL, check_input

_FIXED = frozenset({"padding", "dilation_rate", "groups", "data_format"})


@keras.saving.register_keras_serializable(package="drsn_keras")
class StepConv1D(keras.layers.Conv1D):
    """Output i looks at ``kernel_size`` positions, the last of them ``strides * (i + 1) - 1``, zeros before the start.

    Keras's causal padding puts the last tap of output i on position ``strides * i``: of the ``strides`` positions that
    a step of a stream brings, all but one would wait for the step after it. Positions behind the last whole step are
    not looked at.

    Parameters
    ----------
    filters : int
    kernel_size : int
        At least ``strides``.
    strides : int
    **kwargs : as ``keras.layers.Conv1D``, but for padding, dilation_rate, groups and data_format

    Input / output
    --------------
    (batch, n, channels) -> (batch, n // strides, filters)

    Examples
    --------
    >>> import numpy as np
    >>> layer = StepConv1D(1, 2, strides=2, kernel_initializer="ones")
    >>> np.asarray(layer(np.array([[[1.0], [2.0], [4.0], [8.0], [16.0]]], "float32"))).ravel().tolist()
    [3.0, 12.0]
    """

    def __init__(self, filters: int, kernel_size: int, strides: int = 1, **kwargs) -> None:
        if given := sorted(_FIXED & set(kwargs)):
            raise ValueError(f"StepConv1D: expected no {', '.join(sorted(_FIXED))}, got {', '.join(given)}")
        super().__init__(filters, kernel_size, strides, padding="valid", data_format="channels_last", **kwargs)
        if self.kernel_size[0] < self.strides[0]:
            got = f"{self.kernel_size[0]} and {self.strides[0]}"
            raise ValueError(f"{self.name}: expected a kernel_size of at least strides, got {got}")

    @property
    def reach(self) -> int:
        """Positions before those of a step that it looks at."""
        return self.kernel_size[0] - self.strides[0]

    def build(self, input_shape) -> None:
        check_input(input_shape, SIGNAL, self.name)
        super().build(input_shape)

    def call(self, inputs):
        return super().call(ops.pad(inputs, ((0, 0), (self.reach, 0), (0, 0))))

    def compute_output_shape(self, input_shape):
        n = input_shape[1]
        return (input_shape[0], n if n is None else n // self.strides[0], self.filters)

    def get_config(self) -> dict:
        return {name: value for name, value in super().get_config().items() if name not in _FIXED}

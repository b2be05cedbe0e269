"""How much of each of K kernels an input asks for."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, spatial_axes


@keras.saving.register_keras_serializable(package="drsn_keras")
class KernelAttention(keras.layers.Layer):
    """Mean over space -> FC(hidden) -> ReLU -> FC(kernels) -> softmax at a temperature. No biases.

    A high temperature keeps the shares near 1 / kernels at first, so that all kernels learn.

    Parameters
    ----------
    kernels : int
    hidden : int, optional
        Width of the hidden layer; a quarter of the input's channels by default.
    temperature : float > 0

    Input / output
    --------------
    (batch, n, channels) or (batch, height, width, channels) -> (batch, kernels), positive, of sum 1

    References
    ----------
    Y. Chen et al., "Dynamic Convolution: Attention over Convolution Kernels", CVPR 2020,
    doi:10.1109/CVPR42600.2020.01104.

    Examples
    --------
    >>> import numpy as np
    >>> KernelAttention(4)(np.ones((2, 10, 8), "float32")).shape
    TensorShape([2, 4])
    """

    def __init__(self, kernels: int = 4, hidden: int | None = None, temperature: float = 34.0, **kwargs) -> None:
        super().__init__(**kwargs)
        for name, value in (("kernels", kernels), ("hidden", hidden)):
            if value is not None and value < 1:
                raise ValueError(f"{self.name}: expected {name} >= 1, got {value!r}")
        if not temperature > 0:
            raise ValueError(f"{self.name}: expected temperature > 0, got {temperature!r}")
        self.kernels = kernels
        self.hidden = hidden
        self.temperature = float(temperature)

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        channels = input_shape[-1]
        hidden = self.hidden or max(1, channels // 4)
        plain = {"use_bias": False, "kernel_initializer": "he_uniform", "dtype": self.dtype_policy}
        self.squeeze = keras.layers.Dense(hidden, activation="relu", name="squeeze", **plain)
        self.excite = keras.layers.Dense(self.kernels, name="excite", **plain)
        self.squeeze.build((input_shape[0], channels))
        self.excite.build((input_shape[0], hidden))
        super().build(input_shape)

    def call(self, x):
        logits = self.excite(self.squeeze(ops.mean(x, axis=spatial_axes(x.shape))))
        return ops.softmax(logits / self.temperature)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.kernels)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "kernels": self.kernels,
            "hidden": self.hidden,
            "temperature": self.temperature,
        }

"""Squeeze-and-excitation: the same small network as the shrinkage's, used as a gain."""

from __future__ import annotations

import keras
from keras import ops

from .defaults import BATCH_NORM_MOMENTUM
from .gate_network import GateNetwork
from .rank import check_input, spatial_axes


@keras.saving.register_keras_serializable(package="drsn_keras")
class SqueezeExcitation(keras.layers.Layer):
    """Multiply each channel by a gain in (0, 1) computed from all channels' means.

    The gate has the shrinkage's structure (with batch normalisation), so that the two twins differ in what they do with
    alpha and in the statistic (mean x here, mean \\|x\\| there) and in nothing else.

    Parameters
    ----------
    hidden : int, optional
        Width of the gate's hidden layer; the number of channels by default. The original uses channels // 16.
    momentum : float
    kernel_regularizer : keras regularizer, optional

    Input / output
    --------------
    (batch, time, channels) or (batch, height, width, channels) -> the same shape

    References
    ----------
    J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018, doi:10.1109/CVPR.2018.00745.
    """

    def __init__(
        self,
        hidden: int | None = None,
        momentum: float = BATCH_NORM_MOMENTUM,
        kernel_regularizer=None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden = hidden
        self.momentum = momentum
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        channels = input_shape[-1]
        self.gate = GateNetwork(
            units=channels,
            hidden=self.hidden,
            momentum=self.momentum,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="gate",
        )
        self.gate.build((input_shape[0], channels))
        super().build(input_shape)

    def call(self, x, training=None):
        axes = spatial_axes(x.shape)
        gain = self.gate(ops.mean(x, axis=axes), training=training)
        return x * ops.reshape(gain, (-1, *(1 for _ in axes), gain.shape[-1]))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hidden": self.hidden,
            "momentum": self.momentum,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }

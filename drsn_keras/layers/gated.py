"""What the shrinkage and squeeze-and-excitation share: a gate over channel statistics, and its arguments."""

from __future__ import annotations

import keras
from keras import ops

from .defaults import BATCH_NORM_MOMENTUM
from .gate_network import GateNetwork
from .rank import check_input


class GatedLayer(keras.layers.Layer):
    """A layer of one gate whose output has its input's shape.

    Parameters
    ----------
    hidden : int, optional
        Width of the gate's hidden layer; the number of channels by default.
    momentum : float
        Of the gate's batch normalisation.
    kernel_regularizer : keras regularizer, optional
    """

    def __init__(
        self, hidden: int | None = None, momentum: float = BATCH_NORM_MOMENTUM, kernel_regularizer=None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.hidden = hidden
        self.momentum = momentum
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def gate_units(self, channels: int) -> int:
        """Outputs of the gate for an input of so many channels."""
        return channels

    def statistic_shape(self, input_shape) -> tuple:
        """Shape of what the gate sees of an input."""
        return (input_shape[0], input_shape[-1])

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        channels = input_shape[-1]
        self.gate = GateNetwork(
            units=self.gate_units(channels),
            hidden=self.hidden,
            momentum=self.momentum,
            kernel_regularizer=self.kernel_regularizer,
            dtype=self.dtype_policy,
            name="gate",
        )
        self.gate.build(self.statistic_shape(input_shape))
        super().build(input_shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hidden": self.hidden,
            "momentum": self.momentum,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def over_space(values, x):
    """Reshape (batch, channels) so that it broadcasts over the time or space axes of ``x``."""
    return ops.reshape(values, (-1, *(1 for _ in x.shape[1:-1]), values.shape[-1]))

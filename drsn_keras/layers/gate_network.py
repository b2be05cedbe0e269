"""The small network that turns channel statistics into factors between 0 and 1."""

from __future__ import annotations

import keras

from .defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM


@keras.saving.register_keras_serializable(package="drsn_keras")
class GateNetwork(keras.layers.Layer):
    """FC(hidden) -> batch normalisation -> ReLU -> FC(units) -> sigmoid, on (batch, channels).

    Shared by the shrinkage (where the result is the scale alpha) and by squeeze-and-excitation (where it is the gain).

    Parameters
    ----------
    units : int
        Outputs: the number of channels, or 1.
    hidden : int, optional
        Width of the hidden layer; the number of input channels by default, as in the paper.
    momentum : float
        Of the batch normalisation's moving statistics.
    kernel_regularizer : keras regularizer, optional

    Input / output
    --------------
    (batch, channels) -> (batch, units), 0 < output < 1
    """

    def __init__(
        self,
        units: int,
        hidden: int | None = None,
        momentum: float = BATCH_NORM_MOMENTUM,
        kernel_regularizer=None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("units", units), ("hidden", hidden)):
            if value is not None and value < 1:
                raise ValueError(f"{self.name}: expected {name} >= 1, got {value!r}")
        self.units = units
        self.hidden = hidden
        self.momentum = momentum
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape) -> None:
        channels = input_shape[-1]
        hidden = self.hidden or channels
        dense = {"kernel_initializer": "he_normal", "kernel_regularizer": self.kernel_regularizer}
        self.squeeze = keras.layers.Dense(hidden, dtype=self.dtype_policy, name="squeeze", **dense)
        self.norm = keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=BATCH_NORM_EPSILON, dtype=self.dtype_policy, name="norm"
        )
        self.relu = keras.layers.ReLU(dtype=self.dtype_policy, name="relu")
        self.excite = keras.layers.Dense(
            self.units, activation="sigmoid", dtype=self.dtype_policy, name="excite", **dense
        )
        self.squeeze.build(input_shape)
        self.norm.build((*input_shape[:-1], hidden))
        self.excite.build((*input_shape[:-1], hidden))
        super().build(input_shape)

    def call(self, statistics, training=None):
        hidden = self.relu(self.norm(self.squeeze(statistics), training=training))
        return self.excite(hidden)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "hidden": self.hidden,
            "momentum": self.momentum,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }

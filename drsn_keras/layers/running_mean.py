"""The mean of the last positions of a signal, as a layer: at every position, or at the end alone."""

from __future__ import annotations

import keras
from keras import ops

from .rank import SIGNAL, check_input
from .shrinkage import running_mean


@keras.saving.register_keras_serializable(package="drsn_keras")
class RunningMean(keras.layers.Layer):
    """Mean of the last ``window`` positions, with zeros before the signal's start; no later position counts.

    Parameters
    ----------
    window : int
    last : bool
        Only the mean at the end of the signal: what a stream that has come so far says now.

    Input / output
    --------------
    (batch, n, channels) -> the same shape, or with ``last`` (batch, channels)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[[2.0], [4.0], [0.0]]], "float32")
    >>> np.asarray(RunningMean(2)(x)).ravel().tolist(), np.asarray(RunningMean(2, last=True)(x)).ravel().tolist()
    ([1.0, 3.0, 2.0], [2.0])
    """

    def __init__(self, window: int, last: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        if window < 1:
            raise ValueError(f"{self.name}: expected window >= 1, got {window!r}")
        self.window = window
        self.last = last

    def build(self, input_shape) -> None:
        check_input(input_shape, SIGNAL, self.name)
        super().build(input_shape)

    def call(self, x):
        if not self.last:
            return running_mean(x, self.window)
        return ops.sum(x[:, -self.window :], axis=1) / self.window

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[2]) if self.last else tuple(input_shape)

    def get_config(self) -> dict:
        return {**super().get_config(), "window": self.window, "last": self.last}

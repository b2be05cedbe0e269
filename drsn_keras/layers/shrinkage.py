"""The adaptive shrinkage of the DRSN: soft thresholding with a threshold that each sample sets for itself."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

import keras
from keras import ops

from .gated import GatedLayer, over_space
from .rank import SIGNAL, check_input, spatial_axes
from .soft_threshold import soft_threshold

MODES = ("channel_shared", "channel_wise")

_records: contextvars.ContextVar[list | None] = contextvars.ContextVar("threshold_records", default=None)


@contextlib.contextmanager
def recorded_thresholds() -> Iterator[list]:
    """Collect ``(layer name, tau, alpha)`` of every shrinkage layer that runs eagerly inside the block."""
    records: list = []
    token = _records.set(records)
    try:
        yield records
    finally:
        _records.reset(token)


def record_thresholds(path: str, tau, alpha) -> None:
    """Add a layer's thresholds to the records of the block that is open, if any."""
    records = _records.get()
    if records is not None:
        records.append((path, tau, alpha))


@keras.saving.register_keras_serializable(package="drsn_keras")
class Shrinkage(GatedLayer):
    """Soft thresholding at ``tau = alpha * mean|x|``, with ``alpha`` in (0, 1) found by a small network.

    The statistic is ``m = mean over time (and space) of |x|``, one value per channel; ``alpha = gate(m)``.
    ``channel_wise`` (RSBU-CW): tau_c = alpha_c * m_c. ``channel_shared`` (RSBU-CS): one alpha, tau = alpha * mean_c(m).
    So 0 < tau < mean|x| always: positive, never large enough to erase all, and each sample's own.

    With ``window`` the mean is a running one, over the last so many positions of a signal (zeros before its start), and
    every position has a threshold of its own that knows nothing of what comes later: a stream can be shrunk while it
    is heard.

    Parameters
    ----------
    mode : {"channel_wise", "channel_shared"}
    window : int, optional
        Positions of the running mean, for signals; the whole input by default, as in the paper.
    hidden : int, optional
        Width of the gate's hidden layer; the number of channels by default, as in the paper.
    momentum : float
        Of the gate's batch normalisation.
    kernel_regularizer : keras regularizer, optional

    Input / output
    --------------
    (batch, time, channels) or (batch, height, width, channels) -> the same shape

    References
    ----------
    M. Zhao, S. Zhong, X. Fu, B. Tang, M. Pecht, "Deep Residual Shrinkage Networks for Fault Diagnosis", IEEE Trans.
    Ind. Informatics 16(7):4681-4690, 2020, doi:10.1109/TII.2019.2943898.
    """

    def __init__(
        self, mode: str = "channel_wise", hidden: int | None = None, window: int | None = None, **kwargs
    ) -> None:
        super().__init__(hidden, **kwargs)
        if mode not in MODES:
            raise ValueError(f"{self.name}: expected mode {' or '.join(MODES)}, got {mode!r}")
        if window is not None and window < 1:
            raise ValueError(f"{self.name}: expected window >= 1, got {window!r}")
        self.mode = mode
        self.window = window

    def statistic_shape(self, input_shape) -> tuple:
        """One statistic a sample, or one a position."""
        return tuple(input_shape) if self.window is not None else super().statistic_shape(input_shape)

    def build(self, input_shape) -> None:
        check_input(input_shape, None if self.window is None else SIGNAL, self.name)
        super().build(input_shape)

    def gate_units(self, channels: int) -> int:
        """One alpha a channel, or one for all."""
        return channels if self.mode == "channel_wise" else 1

    def thresholds(self, x, training=None):
        """The thresholds of each sample.

        Returns
        -------
        tau, alpha : tensors [shape=(batch, channels) or (batch, 1)]
            With a window [shape=(batch, n, channels) or (batch, n, 1)].
        """
        magnitude = ops.abs(x)
        if self.window is None:
            statistic = ops.mean(magnitude, axis=spatial_axes(x.shape))
        else:
            statistic = running_mean(magnitude, self.window)
        alpha = self.gate(statistic, training=training)
        if self.mode == "channel_shared":
            statistic = ops.mean(statistic, axis=-1, keepdims=True)
        return alpha * statistic, alpha

    def call(self, x, training=None):
        tau, alpha = self.thresholds(x, training=training)
        record_thresholds(self.path, tau, alpha)
        return soft_threshold(x, tau if self.window is not None else over_space(tau, x))

    def get_config(self) -> dict:
        return {**super().get_config(), "mode": self.mode, "window": self.window}


def running_mean(x, window: int):
    """Mean of the last ``window`` positions of a signal, with zeros before its start.

    Parameters
    ----------
    x : tensor [shape=(batch, n, channels)]
    window : int >= 1

    Returns
    -------
    tensor [shape of x]

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(running_mean(np.array([[[2.0], [4.0], [0.0]]], "float32"), 2)).ravel().tolist()
    [1.0, 3.0, 2.0]
    """
    padded = ops.pad(x, ((0, 0), (window - 1, 0), (0, 0)))
    return ops.average_pool(padded, window, strides=1, padding="valid")

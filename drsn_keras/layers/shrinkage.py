"""The adaptive shrinkage of the DRSN: soft thresholding with a threshold that each sample sets for itself."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

import keras
from keras import ops

from .gated import GatedLayer, over_space
from .rank import spatial_axes
from .soft_threshold import soft_threshold

MODES = ("channel_shared", "channel_wise")

_records: contextvars.ContextVar[list | None] = contextvars.ContextVar("threshold_records", default=None)


@contextlib.contextmanager
def recorded_thresholds() -> Iterator[list]:
    """Collect ``(layer name, tau, alpha)`` of every :class:`Shrinkage` that runs eagerly inside the block."""
    records: list = []
    token = _records.set(records)
    try:
        yield records
    finally:
        _records.reset(token)


@keras.saving.register_keras_serializable(package="drsn_keras")
class Shrinkage(GatedLayer):
    """Soft thresholding at ``tau = alpha * mean|x|``, with ``alpha`` in (0, 1) found by a small network.

    The statistic is ``m = mean over time (and space) of |x|``, one value per channel; ``alpha = gate(m)``.
    ``channel_wise`` (RSBU-CW): tau_c = alpha_c * m_c. ``channel_shared`` (RSBU-CS): one alpha, tau = alpha * mean_c(m).
    So 0 < tau < mean|x| always: positive, never large enough to erase all, and each sample's own.

    Parameters
    ----------
    mode : {"channel_wise", "channel_shared"}
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

    def __init__(self, mode: str = "channel_wise", hidden: int | None = None, **kwargs) -> None:
        super().__init__(hidden, **kwargs)
        if mode not in MODES:
            raise ValueError(f"{self.name}: expected mode {' or '.join(MODES)}, got {mode!r}")
        self.mode = mode

    def gate_units(self, channels: int) -> int:
        """One alpha a channel, or one for all."""
        return channels if self.mode == "channel_wise" else 1

    def thresholds(self, x, training=None):
        """The thresholds of each sample.

        Returns
        -------
        tau, alpha : tensors [shape=(batch, channels) or (batch, 1)]
        """
        statistic = ops.mean(ops.abs(x), axis=spatial_axes(x.shape))
        alpha = self.gate(statistic, training=training)
        if self.mode == "channel_shared":
            statistic = ops.mean(statistic, axis=-1, keepdims=True)
        return alpha * statistic, alpha

    def call(self, x, training=None):
        tau, alpha = self.thresholds(x, training=training)
        records = _records.get()
        if records is not None:
            records.append((self.path, tau, alpha))
        return soft_threshold(x, over_space(tau, x))

    def get_config(self) -> dict:
        return {**super().get_config(), "mode": self.mode}

"""The local Wiener filter: smooth where the signal is quiet, leave it where it moves."""

from __future__ import annotations

import itertools

import keras
from keras import ops

from .rank import check_input, rank_of, spatial_axes

#: Variances below it are those of a constant (signals below 1e-10 in their unit).
TINY = 1e-20


def local_wiener(x, window: int = 3):
    """Filter each channel of each sample by its own local statistics.

    With m and v the mean and variance over the ``window`` positions around each (zeros stand outside the signal), and
    the noise's power the mean of v over the whole signal:
    ``y = m + max(v - noise, 0) / v * (x - m)``, so ``y = m`` wherever the signal varies less than the noise.

    Parameters
    ----------
    x : tensor [shape=(batch, n, channels) or (batch, height, width, channels)]
    window : int, odd, >= 3
        Positions on a side.

    Returns
    -------
    tensor [shape of x], in its unit

    References
    ----------
    J. S. Lim, "Two-Dimensional Signal and Image Processing", Prentice Hall, 1990, p. 536, eq. 9.44-9.46;
    ``scipy.signal.wiener``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0, 0, 0, 9, 0, 0, 0], "float32").reshape(1, 7, 1)
    >>> (np.asarray(local_wiener(x))[0, :, 0] * 7).round().tolist()
    [0.0, 0.0, 9.0, 45.0, 9.0, 0.0, 0.0]
    """
    around = _around(x, window)
    mean = sum(around) / len(around)
    variance = sum(ops.square(shifted - mean) for shifted in around) / len(around)
    noise = ops.mean(variance, axis=spatial_axes(x.shape), keepdims=True)
    gain = ops.maximum(variance - noise, 0.0) / ops.maximum(variance, TINY)
    return mean + gain * (x - mean)


def _around(x, window: int) -> list:
    """``x`` shifted to every place of the window, zeros outside."""
    rank, half = rank_of(x.shape), window // 2
    padded = ops.pad(x, ((0, 0), *((half, half),) * rank, (0, 0)))
    spans = [slice(i, i - window + 1 or None) for i in range(window)]
    return [padded[(slice(None), *places)] for places in itertools.product(spans, repeat=rank)]


def check_window(window: int, owner: str) -> int:
    """Return ``window`` if it is odd and at least 3."""
    if window < 3 or window % 2 == 0:
        raise ValueError(f"{owner}: expected an odd window >= 3, got {window!r}")
    return window


@keras.saving.register_keras_serializable(package="drsn_keras")
class LocalWiener(keras.layers.Layer):
    """:func:`local_wiener` as a layer without weights, computed in float32 whatever the policy.

    Parameters
    ----------
    window : int, odd, >= 3

    Input / output
    --------------
    (batch, n, channels) or (batch, height, width, channels) -> the same shape
    """

    def __init__(self, window: int = 3, **kwargs) -> None:
        super().__init__(**kwargs)
        self.window = check_window(window, self.name)

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        super().build(input_shape)

    def call(self, x):
        return ops.cast(local_wiener(ops.cast(x, "float32"), self.window), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "window": self.window}

"""The local Wiener filter and what it did to a signal, in NumPy alone."""

from __future__ import annotations

import numpy as np

from .reference_layers import shifted, spatial_axes

#: Variances and powers below it are zero.
_TINY = 1e-20


def local_wiener(x: np.ndarray, window: int = 3) -> np.ndarray:
    """Local Wiener filter of each channel of each sample; equal to ``scipy.signal.wiener`` of each alone.

    Parameters
    ----------
    x : np.ndarray [shape=(batch, n, channels) or (batch, height, width, channels)]
    window : int, odd
        Positions on a side; zeros stand outside.

    Returns
    -------
    np.ndarray [shape of x], in its unit

    References
    ----------
    J. S. Lim, "Two-Dimensional Signal and Image Processing", Prentice Hall, 1990, p. 536.

    Examples
    --------
    >>> local_wiener(np.array([0.0, 0, 0, 9, 0, 0, 0]).reshape(1, 7, 1))[0, :, 0].round(2).tolist()
    [0.0, 0.0, 1.29, 6.43, 1.29, 0.0, 0.0]
    """
    around = np.stack([seen for _, seen in shifted(x, window)])
    mean = around.mean(axis=0)
    variance = np.square(around - mean).mean(axis=0)
    noise = variance.mean(axis=spatial_axes(x), keepdims=True)
    return mean + np.maximum(variance - noise, 0) / np.maximum(variance, _TINY) * (x - mean)


def prior_kernel(x: np.ndarray, window: int = 3, guard: float = 1e-2) -> np.ndarray:
    """``h0 = |IFFT(FFT(wiener(x)) / FFT(x))|`` over the positions of each channel of each sample.

    The division is ``W conj(X) / max(|X|^2, guard * mean|X|^2)``: see :class:`drsn_keras.layers.PriorKernel`.

    Parameters
    ----------
    x : np.ndarray [shape=(batch, n, channels) or (batch, height, width, channels)]
    window : int, odd
    guard : float > 0

    Returns
    -------
    np.ndarray [shape of x], >= 0, without unit

    Examples
    --------
    >>> prior_kernel(np.array([0.0, 0, 0, 9, 0, 0, 0]).reshape(1, 7, 1))[0, :, 0].round(2).tolist()
    [0.71, 0.14, 0.0, 0.0, 0.0, 0.0, 0.14]
    """
    axes = spatial_axes(x)
    signal, wiener = np.fft.fftn(x, axes=axes), np.fft.fftn(local_wiener(x, window), axes=axes)
    power = np.abs(signal) ** 2
    floor = guard * power.mean(axis=axes, keepdims=True) + _TINY
    ratio = wiener * signal.conj() / np.maximum(power, floor)
    return np.abs(np.fft.ifftn(ratio, axes=axes).real).astype(x.dtype)

"""The layers of the prior-guided network in NumPy alone, for signals and images, channels last."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

#: As ``keras.layers.BatchNormalization`` of this project is built.
EPSILON = 1e-3


def spatial_axes(x: np.ndarray) -> tuple[int, ...]:
    """Axes between batch and channels."""
    return tuple(range(1, x.ndim - 1))


def shifted(x: np.ndarray, size: int) -> Iterator[tuple[tuple[int, ...], np.ndarray]]:
    """Every tap of a kernel of ``size`` on a side, with what it sees of ``x`` (zeros outside)."""
    rank, front = x.ndim - 2, (size - 1) // 2
    padded = np.pad(x, ((0, 0), *((front, size - 1 - front),) * rank, (0, 0)))
    for tap in itertools.product(range(size), repeat=rank):
        yield tap, padded[(slice(None), *(slice(i, i + n) for i, n in zip(tap, x.shape[1:-1], strict=True)))]


def conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray, gain: np.ndarray | None = None) -> np.ndarray:
    """Convolution, stride 1, zero padding to the same size.

    Parameters
    ----------
    x : np.ndarray [shape=(batch, n, channels) or (batch, height, width, channels)]
    kernel : np.ndarray [shape=(taps, channels, filters) or (taps, taps, channels, filters)]
    bias : np.ndarray [shape=(filters,)]
    gain : np.ndarray [shape=(batch or 1, taps, filters) or with taps twice], optional
        What each sample multiplies the kernel by.

    Returns
    -------
    np.ndarray [shape=(batch, ..., filters)]

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 4.0]).reshape(1, 3, 1)
    >>> conv(x, np.array([1.0, 0.0, -1.0]).reshape(3, 1, 1), np.zeros(1))[0, :, 0].tolist()
    [-2.0, -3.0, 2.0]
    """
    total = np.zeros((*x.shape[:-1], kernel.shape[-1]), x.dtype)
    for tap, seen in shifted(x, kernel.shape[0]):
        product = seen @ kernel[tap]
        if gain is not None:
            product = product * over_space(gain[(slice(None), *tap)], x)
        total += product
    return total + bias


def over_space(values: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(batch, channels) so that it broadcasts over the positions of ``x``."""
    return values.reshape(len(values), *(1,) * (x.ndim - 2), values.shape[-1])


def batch_norm(
    x: np.ndarray,
    gamma: np.ndarray,
    beta: np.ndarray,
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
    epsilon: float = EPSILON,
) -> np.ndarray:
    """Batch normalisation in both modes: with moving statistics ("fixed"), or each signal's own ("unfixed").

    Parameters
    ----------
    x : np.ndarray [shape=(batch, ..., channels)]
    gamma, beta : np.ndarray [shape=(channels,)]
    mean, variance : np.ndarray [shape=(channels,)], optional
        The moving statistics. Without them each signal is normalised by its own over its positions, which is instance
        normalisation, and batch normalisation of a batch of one.
    epsilon : float

    Examples
    --------
    >>> x = np.array([0.0, 4.0]).reshape(1, 2, 1)
    >>> batch_norm(x, np.ones(1), np.zeros(1), epsilon=0.0)[0, :, 0].tolist()
    [-1.0, 1.0]
    >>> batch_norm(x, np.ones(1), np.zeros(1), np.ones(1), np.array([4.0]), epsilon=0.0)[0, :, 0].tolist()
    [-0.5, 1.5]
    """
    if mean is None or variance is None:
        mean = x.mean(axis=spatial_axes(x), keepdims=True)
        variance = x.var(axis=spatial_axes(x), keepdims=True)
    return (x - mean) * (gamma / np.sqrt(variance + x.dtype.type(epsilon))) + beta


def max_pool(x: np.ndarray, size: int | tuple[int, ...]) -> np.ndarray:
    """Largest of every ``size`` positions (one number, or one an axis), without overlap; a rest behind is dropped.

    >>> max_pool(np.array([3.0, 1.0, 0.0, 2.0, 9.0]).reshape(1, 5, 1), 2)[0, :, 0].tolist()
    [3.0, 2.0]
    """
    return _bins(x, size).max(axis=tuple(range(2, 2 * x.ndim - 3, 2)))


def average_pool(x: np.ndarray, size: int | tuple[int, ...]) -> np.ndarray:
    """Mean of every ``size`` positions (one number, or one an axis), without overlap; a rest behind is dropped.

    >>> average_pool(np.array([3.0, 1.0, 0.0, 2.0, 9.0]).reshape(1, 5, 1), 2)[0, :, 0].tolist()
    [2.0, 1.0]
    """
    return _bins(x, size).mean(axis=tuple(range(2, 2 * x.ndim - 3, 2)))


def _bins(x: np.ndarray, size: int | tuple[int, ...]) -> np.ndarray:
    """[shape=(batch, n // size, size, ..., channels)]"""
    sizes = (size,) * (x.ndim - 2) if isinstance(size, int) else size
    counts = [n // step for n, step in zip(x.shape[1:-1], sizes, strict=True)]
    kept = x[(slice(None), *(slice(n * step) for n, step in zip(counts, sizes, strict=True)))]
    pairs = (n for pair in zip(counts, sizes, strict=True) for n in pair)
    return kept.reshape(len(x), *pairs, x.shape[-1])


def upsample(x: np.ndarray) -> np.ndarray:
    """Linear (images: bilinear) interpolation to twice as many positions, corners aligned.

    >>> upsample(np.array([0.0, 3.0]).reshape(1, 2, 1))[0, :, 0].tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    for axis in spatial_axes(x):
        n = x.shape[axis]
        place = np.arange(2 * n) * ((n - 1) / (2 * n - 1))
        low = np.minimum(place.astype(np.intp), max(n - 2, 0))
        share = (place - low).astype(x.dtype).reshape(-1, *(1,) * (x.ndim - axis - 1))
        left = np.take(x, low, axis)
        x = left + share * (np.take(x, np.minimum(low + 1, n - 1), axis) - left)
    return x


def shrinkage(x: np.ndarray, squeeze: tuple, norm: tuple, excite: tuple) -> np.ndarray:
    """Channel-wise shrinkage: soft thresholding at alpha * mean\\|x\\|, alpha from the gate.

    Parameters
    ----------
    x : np.ndarray [shape=(batch, ..., channels)]
    squeeze, excite : (kernel, bias) of the gate's two layers
    norm : (gamma, beta, moving mean, moving variance) between them
    """
    statistic = np.abs(x).mean(axis=spatial_axes(x))
    hidden = np.maximum(batch_norm(statistic @ squeeze[0] + squeeze[1], *norm), 0)
    tau = over_space(statistic / (1 + np.exp(-(hidden @ excite[0] + excite[1]))), x)
    return x - np.clip(x, -tau, tau)

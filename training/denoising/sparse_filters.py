"""Filters that assume few Fourier coefficients: the L1 norm, and the generalised minimax-concave (GMC) penalty."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError, mismatch


def soft(values: np.ndarray, threshold: float) -> np.ndarray:
    """Soft threshold of real or complex values: their magnitudes shrink, their angles stay.

    >>> soft(np.array([3.0, -0.5, 3.0 + 4.0j]), 1.0).round(6).tolist()
    [(2+0j), (-0+0j), (2.4+3.2j)]
    """
    magnitude = np.abs(values)
    return values * (np.maximum(magnitude - threshold, 0.0) / np.maximum(magnitude, np.finfo(float).tiny))


def _axes(rank: int) -> tuple[int, ...]:
    return tuple(range(-rank, 0))


def l1_filter(noisy: np.ndarray, threshold: float = 1.0, *, rank: int = 1) -> np.ndarray:
    """Soft threshold of the orthonormal DFT: the minimum of 1/2 \\|y - x\\|^2 + threshold * \\|DFT x\\|_1.

    Parameters
    ----------
    noisy : np.ndarray [shape=(..., n) or, at rank 2, (..., height, width)]
    threshold : float >= 0
        In the signal's unit: white noise of deviation sigma has coefficients of deviation sigma.
    rank : {1, 2}

    Returns
    -------
    np.ndarray [shape of noisy, float64]
    """
    axes = _axes(rank)
    coefficients = soft(np.fft.fftn(noisy, axes=axes, norm="ortho"), threshold)
    return np.fft.ifftn(coefficients, axes=axes, norm="ortho").real


def gmc_filter(
    noisy: np.ndarray,
    threshold: float = 3.0,
    gamma: float = 0.8,
    *,
    rank: int = 1,
    tolerance: float = 1e-4,
    most_iterations: int = 2000,
) -> np.ndarray:
    """Sparse DFT under the GMC penalty, which shrinks large coefficients less than the L1 norm and stays convex.

    Forward-backward splitting: with A the unitary inverse DFT, mu = 1.9 / max(1, gamma / (1 - gamma)), v the penalty's
    own variable, both from zero:
    ``x <- soft(x - mu A'(A(x + gamma (v - x)) - y), mu threshold)`` and
    ``v <- soft(v - mu gamma A'A (v - x), mu threshold)``.

    Parameters
    ----------
    noisy : np.ndarray [shape=(..., n) or, at rank 2, (..., height, width)]
    threshold : float >= 0
        In the signal's unit, as of :func:`l1_filter`.
    gamma : float, 0 <= gamma < 1
        0 is the L1 norm.
    rank : {1, 2}
    tolerance : float
        A signal is done when no coefficient moved by more than this share of its largest.
    most_iterations : int

    Returns
    -------
    np.ndarray [shape of noisy, float64]

    Raises
    ------
    UsageError
        A ``gamma`` at which the problem is not convex.

    References
    ----------
    I. Selesnick, "Sparse regularization via convex analysis", IEEE Trans. Signal Processing 65(17):4481-4494, 2017,
    doi:10.1109/TSP.2017.2711501, proposition 15.
    """
    if not 0.0 <= gamma < 1.0:
        raise UsageError(mismatch("gamma", "0 <= gamma < 1", gamma))
    axes = _axes(rank)
    spectra = np.fft.fftn(noisy, axes=axes, norm="ortho")
    shape = spectra.shape
    # A is unitary, so A'A is nothing and A'y is the spectrum: no transform inside the loop.
    target = spectra.reshape(-1, int(np.prod(shape[-rank:])))
    x, v = np.zeros_like(target), np.zeros_like(target)
    mu = 1.9 / max(1.0, gamma / (1.0 - gamma))
    active = np.arange(len(target))
    for _ in range(most_iterations):
        old_x, old_v = x[active], v[active]
        new_x = soft(old_x - mu * (old_x + gamma * (old_v - old_x) - target[active]), mu * threshold)
        new_v = soft(old_v - mu * gamma * (old_v - old_x), mu * threshold)
        x[active], v[active] = new_x, new_v
        moved = np.maximum(np.abs(new_x - old_x).max(axis=1), np.abs(new_v - old_v).max(axis=1))
        active = active[moved > tolerance * np.abs(new_x).max(axis=1)]
        if not len(active):
            break
    return np.fft.ifftn(x.reshape(shape), axes=axes, norm="ortho").real

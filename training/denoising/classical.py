"""Classical denoisers: the rows that every table shows beside a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from .bm3d import bm3d
from .sparse_filters import gmc_filter, l1_filter, soft

#: Median of the absolute value of a normal variable of deviation 1.
_MEDIAN_OF_NORMAL = 0.6744897501960817


def noisy_row(noisy: np.ndarray, *, rank: int = 1) -> np.ndarray:
    """Nothing done: what a denoiser has to improve."""
    return np.asarray(noisy, np.float64)


def zeros_row(noisy: np.ndarray, *, rank: int = 1) -> np.ndarray:
    """Silence: where it does well, a small error is no achievement."""
    return np.zeros(np.shape(noisy))


def mean_subtracted(noisy: np.ndarray, noise_mean: float = 0.0, *, rank: int = 1) -> np.ndarray:
    """The noise's known mean removed, and no more: all that some published gains consist of.

    Parameters
    ----------
    noisy : np.ndarray [shape=(...)]
    noise_mean : float
        In the signal's unit: sigma / 2 of uniform noise between 0 and sigma, 0 of Gaussian noise.
    """
    return np.asarray(noisy, np.float64) - noise_mean


def wiener(noisy: np.ndarray, window: int = 3, *, rank: int = 1) -> np.ndarray:
    """``scipy.signal.wiener`` of each signal or image: the noise's power is the mean of the local variances."""
    from scipy.signal import wiener as scipy_wiener

    # Where a signal is constant SciPy divides zero by zero and then does not use it.
    with np.errstate(divide="ignore", invalid="ignore"):
        return _each(noisy, rank, lambda y: scipy_wiener(y, window))


def soft_threshold(noisy: np.ndarray, threshold: float = 3.0, *, rank: int = 1) -> np.ndarray:
    """Soft threshold of the samples themselves; for the spikes the noise's deviation is a good one."""
    return soft(np.asarray(noisy, np.float64), threshold)


def nonnegative_soft_threshold(noisy: np.ndarray, threshold: float = 3.0, *, rank: int = 1) -> np.ndarray:
    """``max(y - threshold, 0)``: for signals that are known not to be negative."""
    return np.maximum(np.asarray(noisy, np.float64) - threshold, 0.0)


def wavelet(
    noisy: np.ndarray, mode: str = "soft", sigma: float | None = None, name: str = "db4", *, rank: int = 1
) -> np.ndarray:
    """Threshold wavelet coefficients at the universal threshold ``sigma sqrt(2 log n)``, but for the coarsest.

    Parameters
    ----------
    noisy : np.ndarray [shape=(..., n) or, at rank 2, (..., height, width)]
    mode : {"soft", "garrote"}
        ``garrote``: y - threshold^2 / y outside the dead zone.
    sigma : float, optional
        Deviation of the noise; by default of each signal by the median of its finest coefficients (diagonal ones of an
        image).
    name : str
        A wavelet of PyWavelets.
    rank : {1, 2}

    Returns
    -------
    np.ndarray [shape of noisy, float64]

    References
    ----------
    D. L. Donoho, I. M. Johnstone, "Ideal spatial adaptation by wavelet shrinkage", Biometrika 81(3):425-455, 1994,
    doi:10.1093/biomet/81.3.425; H.-Y. Gao, "Wavelet shrinkage denoising using the non-negative garrote", J. Comput.
    Graph. Stat. 7(4):469-488, 1998, doi:10.1080/10618600.1998.10474789.
    """
    import pywt

    if mode not in {"soft", "garrote"}:
        raise UsageError(mismatch("mode", "soft or garrote", repr(mode)))

    def one(y: np.ndarray) -> np.ndarray:
        levels = pywt.dwtn_max_level(y.shape, name)
        parts = pywt.wavedecn(y, name, level=levels)
        deviation = sigma
        if deviation is None:
            finest = parts[-1]["d" * rank] if levels else y
            deviation = float(np.median(np.abs(finest))) / _MEDIAN_OF_NORMAL
        threshold = deviation * np.sqrt(2.0 * np.log(y.size))
        if threshold > 0:
            parts[1:] = [{k: pywt.threshold(c, threshold, mode) for k, c in part.items()} for part in parts[1:]]
        return pywt.waverecn(parts, name)[tuple(slice(n) for n in y.shape)]

    return _each(noisy, rank, one)


def total_variation(noisy: np.ndarray, weight: float = 3.0, *, rank: int = 1) -> np.ndarray:
    """Total-variation denoising (Chambolle's projection, scikit-image).

    Parameters
    ----------
    noisy : np.ndarray [shape=(..., n) or, at rank 2, (..., height, width)]
    weight : float > 0
        In the signal's unit; of the order of the noise's deviation.
    rank : {1, 2}
    """
    from skimage.restoration import denoise_tv_chambolle

    return _each(noisy, rank, lambda y: denoise_tv_chambolle(y, weight))


def nl_means(noisy: np.ndarray, sigma: float | None = None, *, rank: int = 2) -> np.ndarray:
    """Non-local means of images (scikit-image's fast one): a pixel becomes the mean over patches that look alike.

    Patches, window and cut-off distance (0.8 deviations) are those that scikit-image's documentation advises.

    Parameters
    ----------
    noisy : np.ndarray [shape=(..., height, width)]
    sigma : float, optional
        Deviation of the noise; by default :func:`image_deviation` of each image.
    rank : {2}
    """
    from skimage.restoration import denoise_nl_means

    return _each_image(noisy, sigma, rank, lambda y, s: denoise_nl_means(y, 5, 6, 0.8 * s, sigma=s))


def bm3d_lite(noisy: np.ndarray, sigma: float | None = None, *, rank: int = 2) -> np.ndarray:
    """:func:`.bm3d.bm3d` of images; the noise's deviation by default :func:`image_deviation` of each."""
    return _each_image(noisy, sigma, rank, bm3d)


def image_deviation(y: np.ndarray) -> float:
    """Standard deviation of white noise in an image, by the median magnitude of second differences along both axes.

    scikit-image's ``estimate_sigma`` passes over coefficients of zero: of a constant image it is NaN.

    >>> round(image_deviation(np.random.default_rng(0).normal(0, 2.0, (300, 300))), 1)
    2.0
    """
    if min(y.shape) < 3:
        got = " x ".join(map(str, y.shape))
        raise UsageError(mismatch("noise's deviation", "an image of at least 3 x 3 pixels", got))
    differences = np.diff(np.diff(y, n=2, axis=0), n=2, axis=1)
    return float(np.median(np.abs(differences))) / (6.0 * _MEDIAN_OF_NORMAL)


def _each_image(
    noisy: np.ndarray, sigma: float | None, rank: int, filtered: Callable[[np.ndarray, float], np.ndarray]
) -> np.ndarray:
    """Filter every image with its noise's deviation; one without noise stays."""
    if rank != 2:
        raise UsageError(mismatch("rank", "2 (images)", rank))

    def one(y: np.ndarray) -> np.ndarray:
        deviation = image_deviation(y) if sigma is None else sigma
        return filtered(y, deviation) if deviation > 0 else y

    return _each(noisy, rank, one)


def _each(noisy: np.ndarray, rank: int, filtered: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Filter every signal (last axis) or image (last two) alone."""
    noisy = np.asarray(noisy, np.float64)
    if rank not in {1, 2} or noisy.ndim < rank:
        raise UsageError(mismatch("rank", "1 (signals) or 2 (images), and as many axes", f"{rank}, {noisy.shape}"))
    flat = noisy.reshape(-1, *noisy.shape[noisy.ndim - rank :])
    return np.stack([filtered(y) for y in flat]).reshape(noisy.shape)


#: Every row by its name; those that need to know the noise take its deviation or mean as an argument.
CLASSICAL: dict[str, Callable[..., np.ndarray]] = {
    "noisy": noisy_row,
    "zeros": zeros_row,
    "mean-subtracted": mean_subtracted,
    "wiener": wiener,
    "l1": l1_filter,
    "gmc": gmc_filter,
    "soft": soft_threshold,
    "soft-nonnegative": nonnegative_soft_threshold,
    "wavelet-soft": wavelet,
    "wavelet-garrote": lambda noisy, **options: wavelet(noisy, "garrote", **options),
    "tv": total_variation,
    "nl-means": nl_means,
    "bm3d-lite": bm3d_lite,
}

"""Structural similarity of images. NumPy only."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, UsageError, mismatch

#: Side and standard deviation of the Gaussian window, and the two constants, as published.
WINDOW, SIGMA, K1, K2 = 11, 1.5, 0.01, 0.03


def ssim(clean: np.ndarray, estimate: np.ndarray, data_range: float) -> float:
    """Mean structural similarity over all places where the whole window lies inside the image.

    Means, variances and the covariance are weighted by a Gaussian of 11 x 11 pixels and sigma 1.5 (no correction for
    small samples), as ``tf.image.ssim`` and, with these settings, ``skimage.metrics.structural_similarity`` do.

    Parameters
    ----------
    clean, estimate : np.ndarray [shape=(height, width) or (height, width, channels)]
        At least 11 pixels on a side. Colour is the mean over channels.
    data_range : float > 0
        Largest less smallest possible value: 255, or 1.

    Returns
    -------
    float, -1 to 1

    Raises
    ------
    DataError
        The shapes differ, are no image's, or are too small; NaN or infinity.
    UsageError
        A ``data_range`` not above 0.

    References
    ----------
    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE Trans. Image Processing 13(4):600-612, 2004, doi:10.1109/TIP.2003.819861.

    Examples
    --------
    >>> image = np.arange(144.0).reshape(12, 12)
    >>> ssim(image, image, data_range=143.0), round(ssim(image, image[::-1], data_range=143.0), 3)
    (1.0, -0.919)
    """
    if not (np.isfinite(data_range) and data_range > 0):
        raise UsageError(mismatch("data_range", "a number above 0", repr(data_range)))
    x, y = (np.asarray(image, np.float64) for image in (clean, estimate))
    if x.ndim not in {2, 3} or min(x.shape[:2]) < WINDOW:
        raise DataError(mismatch("clean", f"an image of at least {WINDOW} pixels on a side", f"shape {x.shape}"))
    if x.shape != y.shape:
        raise DataError(mismatch("estimate", f"the shape of the clean image, {x.shape}", f"{y.shape}"))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DataError(mismatch("images", "finite values", "NaN or infinity"))
    mean_x, mean_y = _weighted(x), _weighted(y)
    variances = _weighted(x * x) - mean_x**2 + _weighted(y * y) - mean_y**2
    covariance = _weighted(x * y) - mean_x * mean_y
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    luminance = (2.0 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float(np.mean(luminance * (2.0 * covariance + c2) / (variances + c2)))


def _weighted(image: np.ndarray) -> np.ndarray:
    """Gaussian mean at every place where the window fits."""
    offsets = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        image = np.lib.stride_tricks.sliding_window_view(image, WINDOW, axis=axis) @ weights
    return image

"""Block-matching and 3-D filtering (BM3D) of grey images, in NumPy and SciPy, for use as a classical row."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError, mismatch

#: Side of a block, distance between reference blocks, how far their likes are looked for [pixels].
SIDE, _STEP, _RADIUS = 8, 3, 19
#: Blocks of a stack by stage, powers of two.
_STACK = {"threshold": 16, "wiener": 32}
#: Hard threshold of the 3-D coefficients in standard deviations of the noise.
_THRESHOLD = 2.7
_KAISER_BETA = 2.0
#: Reference blocks handled at once: bounds the memory.
_REFERENCES = 3000


def bm3d(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """Filter stacks of similar blocks together: a hard threshold first, then a Wiener filter guided by its result.

    A light one: both stages use the DCT of blocks and the Haar transform along the stack, every stack has the same
    height (no block is too unlike), and the block size does not follow the noise.

    Parameters
    ----------
    noisy : np.ndarray [shape=(height, width)]
        At least 8 x 8 pixels.
    sigma : float >= 0
        Deviation of the white noise, in the image's unit; 0 gives the image back.

    Returns
    -------
    np.ndarray [shape=(height, width), float64]

    Raises
    ------
    UsageError
        Another shape, or a smaller image.

    References
    ----------
    K. Dabov, A. Foi, V. Katkovnik, K. Egiazarian, "Image denoising by sparse 3-D transform-domain collaborative
    filtering", IEEE Trans. Image Processing 16(8):2080-2095, 2007, doi:10.1109/TIP.2007.901238.

    Examples
    --------
    >>> noisy = 100 + np.random.default_rng(0).normal(0, 10, (40, 40))
    >>> bool(bm3d(noisy, 10.0).std() < 1.0)
    True
    """
    noisy = np.asarray(noisy, np.float64)
    if noisy.ndim != 2 or min(noisy.shape) < SIDE:
        got = " x ".join(map(str, noisy.shape))
        raise UsageError(mismatch("bm3d-lite", f"an image of at least {SIDE} x {SIDE} pixels", got))
    # Single precision does for an image in units of its noise, and holds no less noise than this.
    if sigma <= np.finfo(np.float32).eps * np.ptp(noisy):
        return noisy.copy()
    middle = noisy.mean()
    scaled = ((noisy - middle) / sigma).astype(np.float32)
    return _stage(scaled, _stage(scaled, None)) * float(sigma) + middle


def _stage(noisy: np.ndarray, guide: np.ndarray | None) -> np.ndarray:
    """One stage for noise of deviation 1: thresholds without a guide, the Wiener filter with one."""
    height, width = noisy.shape
    rows, columns = _places(height), _places(width)
    total, weight = np.zeros((height, width)), np.zeros((height, width))
    for part in np.array_split(rows, min(len(rows), -(-len(rows) * len(columns) // _REFERENCES))):
        # All that these rows of reference blocks can see.
        seen = slice(max(0, part[0] - _RADIUS), min(height, part[-1] + SIDE + _RADIUS))
        sums = _filtered(noisy[seen], None if guide is None else guide[seen], part - seen.start, columns)
        total[seen] += sums[0]
        weight[seen] += sums[1]
    return total / weight


def _places(n: int) -> np.ndarray:
    """Where reference blocks begin: every few pixels, and at the end."""
    return np.append(np.arange(0, n - SIDE, _STEP), n - SIDE)


def _filtered(
    noisy: np.ndarray, guide: np.ndarray | None, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted sum of the filtered blocks, and the weights, pixel by pixel, of these reference blocks."""
    most = _STACK["threshold" if guide is None else "wiener"]
    at = _similar(noisy if guide is None else guide, rows, columns, most)
    spectra = _spectra(noisy)
    stacks = _haar(spectra[at])
    if guide is None:
        kept = np.abs(stacks) > _THRESHOLD
        kept[:, 0, 0] = True
        stacks *= kept
        power = kept.sum(axis=(1, 2))
    else:
        gain = np.square(_haar(_spectra(guide)[at]))
        gain /= gain + 1.0
        stacks *= gain
        power = np.square(gain).sum(axis=(1, 2))
    # The more noise is left in a stack, the less it weighs; at least one coefficient is taken to be left.
    weights = np.repeat(1.0 / np.maximum(power, 1.0), at.shape[1])
    return _overlapped(_haar_inverse(stacks).reshape(len(weights), -1), weights, at.ravel(), noisy.shape)


def _similar(image: np.ndarray, rows: np.ndarray, columns: np.ndarray, most: int) -> np.ndarray:
    """The blocks most like each reference block, itself the first, as places in :func:`_spectra`.

    Returns
    -------
    np.ndarray [shape=(len(rows) * len(columns), n), int]
        n is a power of two, at most ``most``, less where a window has not so many blocks.
    """
    height, width = rows[-1] + SIDE - rows[0], image.shape[1]
    up, left = (min(_RADIUS, n - SIDE) for n in image.shape)
    offsets = np.stack(np.mgrid[-up : up + 1, -left : left + 1], axis=-1).reshape(-1, 2)
    # Outside the image all is NaN, and a NaN is sorted behind every distance.
    around = np.pad(image, [(up, up), (left, left)], constant_values=np.nan)[rows[0] :]
    compared = image[rows[0] :][:height]
    distances = np.empty((len(offsets), len(rows), len(columns)), np.float32)
    for distance, (y, x) in zip(distances, offsets + np.array([up, left]), strict=True):
        square = np.square(compared - around[y : y + height, x : x + width])
        for n in (1, 2, 4):  # sums of 2, 4, 8 rows and columns
            square = square[:-n] + square[n:]
            square = square[:, :-n] + square[:, n:]
        distance[:] = square[rows[:, None] - rows[0], columns]
    # Where all is alike too, each block is in its own stack: no pixel is left out.
    distances[len(offsets) // 2] = -1.0
    distances = distances.reshape(len(offsets), -1).T
    least = int(np.min(np.count_nonzero(~np.isnan(distances), axis=1)))
    n = 2 ** (min(most, least).bit_length() - 1)
    near = np.argpartition(distances, n - 1, axis=1)[:, :n]
    order = np.argsort(np.take_along_axis(distances, near, axis=1), axis=1, kind="stable")
    y, x = np.moveaxis(offsets[np.take_along_axis(near, order, axis=1)], -1, 0)
    stride = width - SIDE + 1
    first = (rows[:, None] * stride + columns).reshape(-1, 1)
    return first + y * stride + x


def _spectra(image: np.ndarray) -> np.ndarray:
    """Orthonormal DCT of every block [shape=(n_blocks, 64), float32]."""
    from scipy.fft import dctn

    blocks = np.lib.stride_tricks.sliding_window_view(image, (SIDE, SIDE))
    return dctn(blocks, axes=(2, 3), norm="ortho").reshape(-1, SIDE * SIDE)


def _haar(stacks: np.ndarray) -> np.ndarray:
    """Orthonormal Haar transform along axis 1, the mean's coefficient first."""
    if stacks.shape[1] == 1:
        return stacks
    even, odd = stacks[:, ::2] * np.float32(np.sqrt(0.5)), stacks[:, 1::2] * np.float32(np.sqrt(0.5))
    return np.concatenate([_haar(even + odd), even - odd], axis=1)


def _haar_inverse(coefficients: np.ndarray) -> np.ndarray:
    half = coefficients.shape[1] // 2
    if half == 0:
        return coefficients
    mean, difference = _haar_inverse(coefficients[:, :half]), coefficients[:, half:]
    pairs = np.stack([mean + difference, mean - difference], axis=2) * np.float32(np.sqrt(0.5))
    return pairs.reshape(coefficients.shape)


def _overlapped(
    spectra: np.ndarray, weights: np.ndarray, at: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted blocks laid over each other under a Kaiser window: summed by place first, then transformed back."""
    from scipy.fft import idctn
    from scipy.sparse import csr_array

    high, wide = (n - SIDE + 1 for n in shape)
    gather = csr_array((weights.astype(np.float32), (at, np.arange(len(at)))), shape=(high * wide, len(at)))
    blocks = idctn((gather @ spectra).reshape(high, wide, SIDE, SIDE), axes=(2, 3), norm="ortho")
    counts = np.bincount(at, weights, high * wide).reshape(high, wide)
    window = np.kaiser(SIDE, _KAISER_BETA)
    total, weight = np.zeros(shape), np.zeros(shape)
    for y, x in np.ndindex(SIDE, SIDE):
        share = window[y] * window[x]
        total[y : y + high, x : x + wide] += share * blocks[:, :, y, x]
        weight[y : y + high, x : x + wide] += share * counts
    return total, weight

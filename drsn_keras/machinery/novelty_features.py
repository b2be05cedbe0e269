"""What kind of signal a window holds, and how strong it is: logarithms that vary about as much everywhere."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, mismatch
from .checks import check_positive
from .spectrum import window_values

N_BANDS = 16
#: Features a window: the bands, RMS, kurtosis, crest factor.
N_FEATURES = N_BANDS + 3
LEAST_SAMPLES = 64
#: Bins below this hold the sensor's drift and the window's main lobe around 0 Hz.
_FIRST_BIN = 4
#: What weaker bands, and signals, count as: a share of the power, and the signal's own unit.
_LEAST_SHARE, _LEAST_RMS = 1e-8, 1e-9


def novelty_features(y: np.ndarray, sample_rate_hz: float) -> np.ndarray:
    """What kind of signal a window holds, and how strong it is.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)]
        Windows in a real unit, n_samples >= 64. The mean is left out.
    sample_rate_hz : float, > 0

    Returns
    -------
    np.ndarray [shape=(..., 19), float64]
        Natural logarithms of: the share of the power (Hann) in each of 16 bands, spaced logarithmically from 4 bins
        to half the rate; the RMS in the unit of ``y``; kurtosis; crest factor. Of equal samples, finite ones.

    Raises
    ------
    DataError
        If a window is too short or not finite.
    UsageError
        If the rate is none.

    Examples
    --------
    >>> y = np.random.default_rng(0).standard_normal(2048)
    >>> weak, strong = novelty_features(y, 12000), novelty_features(2.0 * y, 12000)
    >>> np.flatnonzero(np.abs(strong - weak) > 1e-9).tolist(), round(float(strong[16] - weak[16]), 3)
    ([16], 0.693)
    """
    y = np.asarray(y, np.float64)
    check_positive("sample_rate_hz", sample_rate_hz)  # the bands are shares of it
    if y.ndim == 0 or y.shape[-1] < LEAST_SAMPLES:
        raise DataError(mismatch("window", f"at least {LEAST_SAMPLES} samples", f"shape {y.shape}"))
    if not np.isfinite(y).all():
        raise DataError(mismatch("window", "finite samples", "NaN or infinity"))
    flat = y.max(axis=-1, keepdims=True) == y.min(axis=-1, keepdims=True)
    y = np.where(flat, 0.0, y - y.mean(axis=-1, keepdims=True))
    peak = np.abs(y).max(axis=-1)
    # Powers of x / peak neither overflow nor vanish, whatever the unit.
    scaled = y / np.where(peak > 0, peak, 1.0)[..., None]
    mean_square = np.mean(np.square(scaled), axis=-1)
    solid = np.where(mean_square > 0, mean_square, 1.0)
    kurtosis = np.maximum(np.mean(scaled**4, axis=-1) / solid**2, 1.0)
    crest = np.maximum(np.abs(scaled).max(axis=-1) / np.sqrt(solid), 1.0)
    rms = np.maximum(peak * np.sqrt(mean_square), _LEAST_RMS)
    bins = np.fft.rfft(scaled * window_values("hann", y.shape[-1]), axis=-1)
    edges = _edges(y.shape[-1])
    power = np.square(bins.real) + np.square(bins.imag)
    bands = np.add.reduceat(power[..., : edges[-1]], edges[:-1], axis=-1)
    total = power.sum(axis=-1, keepdims=True)
    shares = bands / np.where(total > 0, total, 1.0)
    return np.log(np.concatenate([shares + _LEAST_SHARE, np.stack([rms, kurtosis, crest], axis=-1)], axis=-1))


def _edges(n_samples: int) -> np.ndarray:
    """First bin of each band and the end of the last [shape=(17,)]; every band holds a bin."""
    end = n_samples // 2 + 1
    edges = np.round(np.geomspace(_FIRST_BIN, end, N_BANDS + 1)).astype(int)
    for i in range(1, N_BANDS):
        edges[i] = max(edges[i], edges[i - 1] + 1)
    return edges

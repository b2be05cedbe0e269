"""The band in which a signal is most impulsive: where to take the envelope."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .checks import check_positive, check_signal

#: Complex samples a band has to have: the kurtosis of Gaussian noise then scatters by 2 / sqrt(128) = 0.18.
_LEAST_SAMPLES = 128
_MOST_LEVELS = 8
#: Share of a band's samples left out at either end, where the periodic filter joins the signal's ends.
_GUARD = 1 / 32
#: Bands with less than this share of the signal's power hold rounding, not vibration.
_LEAST_POWER = 1e-12


@dataclasses.dataclass(frozen=True)
class KurtogramBand:
    """One band of the tree.

    Parameters
    ----------
    low_hz, high_hz : float
    divisions : int
        Bands of this width between 0 Hz and half the rate: 1, 2, 3, 4, 6, 8, 12 ...
    kurtosis : float
        Spectral kurtosis: 0 for Gaussian noise, -1 for a steady tone, above 0 for impulses.
    """

    low_hz: float
    high_hz: float
    divisions: int
    kurtosis: float

    @property
    def edges_hz(self) -> tuple[float, float]:
        """Lower and upper edge, as :func:`~drsn_keras.machinery.envelope_spectrum` takes a band."""
        return self.low_hz, self.high_hz


def kurtogram(
    y: np.ndarray, sample_rate_hz: float, *, max_level: int | None = None, min_bandwidth_hz: float | None = None
) -> list[KurtogramBand]:
    """Spectral kurtosis of every band of a 1/3-binary tree.

    Level k divides 0 Hz to half the rate into 2^k bands and, from level 1, also into 3 * 2^(k - 1). The tree is that
    of the fast kurtogram; the filters are not its FIR tree but brick walls in the Fourier domain: the bins of a band,
    moved to 0 Hz and transformed back, are its complex envelope at its own critical rate. The 3 % at either end are
    left out of the average, since such a filter takes the signal as periodic.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)], any unit, n_samples >= 1024
    sample_rate_hz : float, > 0
    max_level : int, 0 to 8, optional
        By default as deep as a band keeps 128 samples.
    min_bandwidth_hz : float, optional
        Leave out narrower bands: a band must be wider than the fastest modulation sought, better thrice.

    Returns
    -------
    list of KurtogramBand
        Widest first, then by frequency.

    Raises
    ------
    DataError
        If the signal is too short for the levels, constant or not finite, or no band is as wide as asked.
    UsageError
        If the rate or the bandwidth is not above 0, or the level out of range.

    References
    ----------
    J. Antoni, "Fast computation of the kurtogram for the detection of transient faults", Mechanical Systems and
    Signal Processing 21:108, 2007, doi:10.1016/j.ymssp.2005.12.002.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bands = kurtogram(rng.standard_normal(4096), 12000, max_level=2)
    >>> [band.divisions for band in bands]
    [1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6]
    """
    y = check_signal(y, 8 * _LEAST_SAMPLES)
    if y.ndim != 1:
        raise DataError(mismatch("signal", "one channel, shape (n_samples,)", f"shape {y.shape}"))
    rate = check_positive("sample_rate_hz", sample_rate_hz)
    n_bins = len(y) // 2
    deepest = min(_MOST_LEVELS, int(math.log2(n_bins / (1.5 * _LEAST_SAMPLES))))
    if max_level is not None:
        if isinstance(max_level, bool) or not isinstance(max_level, int) or not 0 <= max_level <= _MOST_LEVELS:
            raise UsageError(mismatch("max_level", f"a whole number, 0 to {_MOST_LEVELS}", repr(max_level)))
        if max_level > deepest:
            expected = f"at least {_LEAST_SAMPLES} samples a band at level {max_level}"
            raise DataError(mismatch("signal", expected, f"{len(y)} samples, enough for level {deepest}"))
        deepest = max_level
    narrowest_hz = 0.0 if min_bandwidth_hz is None else check_positive("min_bandwidth_hz", min_bandwidth_hz)
    if narrowest_hz > rate / 2.0:
        raise DataError(mismatch("min_bandwidth_hz", f"at most {rate / 2.0:g} (half the rate)", f"{narrowest_hz:g}"))
    spectrum = np.fft.rfft(y - y.mean())[1 : n_bins + 1]
    spectrum /= np.sqrt(np.sum(np.square(np.abs(spectrum))))
    divisions = sorted({2**k for k in range(deepest + 1)} | {3 * 2 ** (k - 1) for k in range(1, deepest + 1)})
    bands = []
    for count in divisions:
        if rate / 2.0 / count >= narrowest_hz:
            bands += _level(spectrum, rate / len(y), count)
    return bands


def choose_band(
    y: np.ndarray, sample_rate_hz: float, *, max_level: int | None = None, min_bandwidth_hz: float | None = None
) -> KurtogramBand:
    """The band of the largest spectral kurtosis; see :func:`kurtogram` for arguments and errors.

    Of white noise some narrow band wins by chance: a kurtosis below about 1 is no evidence of impulses.
    """
    bands = kurtogram(y, sample_rate_hz, max_level=max_level, min_bandwidth_hz=min_bandwidth_hz)
    return max(bands, key=lambda band: band.kurtosis)


def _level(spectrum: np.ndarray, spacing_hz: float, count: int) -> list[KurtogramBand]:
    """All bands of one width; ``spectrum`` is that of bins 1 to half the rate, with a power of 1."""
    width = len(spectrum) // count
    envelopes = np.fft.ifft(spectrum[: width * count].reshape(count, width), axis=-1)
    guard = max(1, int(_GUARD * width))
    square = np.square(np.abs(envelopes[:, guard : width - guard]))
    power = square.mean(axis=-1)
    solid = power * width**2 > _LEAST_POWER
    kurtosis = np.where(solid, np.square(square).mean(axis=-1) / np.square(np.where(solid, power, 1.0)) - 2.0, -2.0)
    step_hz = width * spacing_hz
    return [KurtogramBand(i * step_hz, (i + 1) * step_hz, count, float(k)) for i, k in enumerate(kurtosis)]

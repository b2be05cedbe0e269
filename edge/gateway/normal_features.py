"""The numbers in which a machine's normal is learned: levels of bands and the shape of the signal, as logarithms."""

from __future__ import annotations

import functools
import math

import numpy as np

N_BANDS = 16
N_FEATURES = N_BANDS + 2
#: Bins that the lowest band's centre has to be from 0 Hz, where drift and the window's main lobe are.
_FIRST_BIN = 6
#: Weaker bands count as this share of the whole power: what is below the sensor's noise says nothing.
_LEAST_SHARE = 1e-8


def normal_features(
    frequency_hz: np.ndarray, amplitude: np.ndarray, kurtosis: float, crest: float, low_hz: float = 10.0
) -> np.ndarray:
    """Levels of 16 bands, kurtosis and crest factor, as natural logarithms.

    The bands are triangles over the logarithm of the frequency, each reaching to its neighbours' centres: a line that
    wanders moves from one to the next little by little.

    Parameters
    ----------
    frequency_hz, amplitude : np.ndarray [shape=(n_bins,)]
        From :func:`~drsn_keras.machinery.amplitude_spectrum`, not all zero.
    kurtosis, crest : float
        Of the same samples.
    low_hz : float
        Centre of the lowest band, where the spectrum resolves it.

    Returns
    -------
    np.ndarray [shape=(18,), float64]

    Examples
    --------
    >>> frequency_hz, amplitude = np.arange(0.0, 600.0, 0.5), np.full(1200, 0.1)
    >>> weak, strong = (normal_features(frequency_hz, a, 3.0, 4.0) for a in (amplitude, 2.0 * amplitude))
    >>> (strong - weak).round(3).tolist() == [0.693] * 16 + [0.0] * 2
    True
    """
    spacing_hz = float(frequency_hz[1] - frequency_hz[0])
    band, share = _weights(len(frequency_hz), max(_FIRST_BIN, round(low_hz / spacing_hz)))
    power = np.square(amplitude)
    low, high = power * (1.0 - share), power * share
    levels = np.bincount(band, low, N_BANDS + 2) + np.bincount(band + 1, high, N_BANDS + 2)
    total = float(power.sum())
    logs = 0.5 * np.log(levels[1:-1] + _LEAST_SHARE * total)
    return np.concatenate([logs, [math.log(max(kurtosis, 1.0)), math.log(max(crest, 1.0))]])


def feature_name(index: int, n_bins: int, spacing_hz: float, low_hz: float = 10.0) -> str:
    """What a feature is, in words, such as ``900 to 1400 Hz``."""
    if index >= N_BANDS:
        return ("kurtosis", "crest factor")[index - N_BANDS]
    first = max(_FIRST_BIN, round(low_hz / spacing_hz))
    step = math.log((n_bins - 1) / first) / (N_BANDS - 1)
    low, high = (first * math.exp((index + side) * step) for side in (-0.5, 0.5))
    return f"{low * spacing_hz:.0f} to {min(high, n_bins - 1) * spacing_hz:.0f} Hz"


@functools.lru_cache(maxsize=8)
def _weights(n_bins: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """For each bin: the slot of the band below it (0 is outside) and the share that goes to the next one."""
    ratio = np.log(np.maximum(np.arange(n_bins), 0.5) / first) / math.log((n_bins - 1) / first)
    place = np.clip(1.0 + ratio * (N_BANDS - 1), 0.0, N_BANDS)
    band = np.floor(place).astype(np.intp)
    return band, place - band

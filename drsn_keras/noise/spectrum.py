"""Gaussian noise of a given spectrum."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

#: Amplitude gain [any scale] over frequency [Hz].
Gain = Callable[[np.ndarray], np.ndarray]


@functools.lru_cache(maxsize=64)
def fast_length(n: int) -> int:
    """The smallest 2^a 3^b 5^c that is >= n: a length whose Fourier transform is quick.

    >>> fast_length(16001), fast_length(16000)
    (16200, 16000)
    """
    best = 1 << max(n - 1, 0).bit_length()
    five = 1
    while five < best:
        product = five
        while product < best:
            rest = -(-n // product)
            best = min(best, product << max(rest - 1, 0).bit_length())
            product *= 3
        five *= 5
    return best


def shaped_noise(
    rng: np.random.Generator, n_samples: int, sample_rate_hz: float, gain: Gain, oversampling: int = 1
) -> np.ndarray:
    """Gaussian noise whose amplitude spectrum follows ``gain`` between 0 Hz and half the rate.

    Independent Gaussian Fourier coefficients are weighted and transformed back. The record is at least as long as
    asked and cut, without a mean.

    Parameters
    ----------
    rng : np.random.Generator
    n_samples : int, >= 1
    sample_rate_hz : float
    gain : callable
        Frequencies [shape=(k,), Hz, > 0] to amplitude gains [shape=(k,), >= 0].
    oversampling : int
        Return the same band at this multiple of the rate: ``n_samples * oversampling`` samples.

    Returns
    -------
    np.ndarray [shape=(n_samples * oversampling,), float64]
        Power 1 on average, or zeros if the gain is 0 everywhere.

    References
    ----------
    J. Timmer, M. Koenig, "On generating power law noise", Astronomy and Astrophysics 300:707, 1995.
    """
    length = fast_length(max(n_samples, 4))
    bins = length // 2 + 1
    spectrum = rng.standard_normal(2 * bins).view(np.complex128)
    spectrum[0] = 0.0
    weights = np.asarray(gain(np.arange(1, bins) * (sample_rate_hz / length)), dtype=np.float64)
    # Independent complex bins of variance 2 * gain^2 give a time signal of power sum(4 gain^2) / length^2.
    total = np.sqrt(4.0 * np.sum(np.square(weights)))
    if total == 0.0:
        return np.zeros(n_samples * oversampling)
    spectrum[1:] *= weights * (length * oversampling / total)
    return np.fft.irfft(spectrum, n=length * oversampling)[: n_samples * oversampling]


def low_pass(corner_hz: float, slope_db_per_octave: float) -> Gain:
    """A gain that is 1 well below the corner and falls by this slope [dB per octave, > 0] well above it."""
    power = slope_db_per_octave / (20.0 * np.log10(2.0))
    return lambda f: 1.0 / (1.0 + (f / corner_hz) ** power)


def hump(peak_hz: float, rise_db_per_octave: float, fall_db_per_octave: float) -> Gain:
    """A gain with one broad maximum near ``peak_hz``, and these slopes [dB per octave, > 0] far from it."""
    octave = 20.0 * np.log10(2.0)
    rise, fall = rise_db_per_octave / octave, fall_db_per_octave / octave
    return lambda f: 1.0 / ((peak_hz / f) ** rise + (f / peak_hz) ** fall)

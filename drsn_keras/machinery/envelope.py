"""Envelope analysis: the repetition rate of impulses that make a resonance ring."""

from __future__ import annotations

import numpy as np

from .checks import check_band, check_positive, check_signal
from .spectrum import amplitude_spectrum

#: Fourier bins a band has to hold.
_LEAST_BINS = 8


def analytic_band(y: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """The analytic signal of a band: its real part is the band-passed signal, its magnitude the envelope.

    The Fourier bins inside the band are doubled, all others (the negative frequencies too) are zero: a band-pass
    without phase shift and a Hilbert transform in one. The filter is a brick wall and takes the signal as periodic,
    so that both ends ring into one another for about 2 / (upper - lower edge) seconds.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)]
    sample_rate_hz : float, > 0
    band_hz : (float, float)
        Lower and upper edge, 0 <= lower < upper <= half the rate. The mean is left out.

    Returns
    -------
    np.ndarray [shape=(..., n_samples), complex128]

    Raises
    ------
    DataError
        If the signal is constant or not finite, too short for the band, or the band reaches above half the rate.
    UsageError
        If the rate or the band is none.
    """
    y = check_signal(y, 2 * _LEAST_BINS)
    rate = check_positive("sample_rate_hz", sample_rate_hz)
    n_samples = y.shape[-1]
    check_band(band_hz, rate, n_samples, _LEAST_BINS)
    spectrum = np.fft.rfft(y, axis=-1)
    frequency_hz = np.arange(spectrum.shape[-1]) * (rate / n_samples)
    weights = np.where((frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1]), 2.0, 0.0)
    weights[0] = 0.0
    if n_samples % 2 == 0:
        weights[-1] /= 2.0
    full = np.zeros(y.shape, np.complex128)
    full[..., : spectrum.shape[-1]] = spectrum * weights
    return np.fft.ifft(full, axis=-1)


def band_pass(y: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """A band of the signal [shape and unit of y, float64]; see :func:`analytic_band`."""
    return analytic_band(y, sample_rate_hz, band_hz).real


def envelope(y: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """Envelope of a band [shape and unit of y, >= 0, float64]; see :func:`analytic_band`.

    Examples
    --------
    >>> t = np.arange(1000) / 1000.0
    >>> y = (1.0 + 0.5 * np.cos(2 * np.pi * 5.0 * t)) * np.sin(2 * np.pi * 200.0 * t)
    >>> bool(np.allclose(envelope(y, 1000, (150.0, 250.0)), 1.0 + 0.5 * np.cos(2 * np.pi * 5.0 * t)))
    True
    """
    return np.abs(analytic_band(y, sample_rate_hz, band_hz))


def envelope_spectrum(
    y: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float], *, squared: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitude spectrum (Hann) of the envelope of a band, without the envelope's mean.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)]
    sample_rate_hz : float, > 0
    band_hz : (float, float)
        Where a resonance answers to the impulses, such as from :func:`~drsn_keras.machinery.kurtogram`.
    squared : bool
        The squared envelope, which adds no harmonics of its own (unit of ``y``, squared).

    Returns
    -------
    frequency_hz : np.ndarray [shape=(n_bins,), float64]
        0 to the band's width: a band holds no faster modulation.
    amplitude : np.ndarray [shape=(..., n_bins), float64]
        In the unit of ``y``: a carrier of amplitude a modulated by 1 + m cos(w t) draws a line of height a m at w.

    Raises
    ------
    DataError
        If the signal is constant or not finite, too short for the band, or the band reaches above half the rate.
    UsageError
        If the rate or the band is none.

    References
    ----------
    R. B. Randall, J. Antoni, "Rolling element bearing diagnostics: a tutorial", Mechanical Systems and Signal
    Processing 25:485, 2011, doi:10.1016/j.ymssp.2010.07.017, section 5.

    Examples
    --------
    >>> t = np.arange(2000) / 1000.0
    >>> y = (1.0 + 0.5 * np.cos(2 * np.pi * 5.0 * t)) * np.sin(2 * np.pi * 200.0 * t)
    >>> frequency_hz, amplitude = envelope_spectrum(y, 1000, (150.0, 250.0))
    >>> float(frequency_hz[amplitude.argmax()]), round(float(amplitude.max()), 3)
    (5.0, 0.5)
    """
    curve = envelope(y, sample_rate_hz, band_hz)
    frequency_hz, amplitude = amplitude_spectrum(np.square(curve) if squared else curve, sample_rate_hz)
    keep = frequency_hz <= band_hz[1] - band_hz[0]
    return frequency_hz[keep], amplitude[..., keep]

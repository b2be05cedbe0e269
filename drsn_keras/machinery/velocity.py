"""Vibration velocity from acceleration: what ISO 20816 judges."""

from __future__ import annotations

import numpy as np

from .checks import check_band, check_positive, check_signal
from .spectrum import window_values
from .units import to_m_s2

#: The band of ISO 20816-3 for shaft speeds from 600 rpm [Hz].
ISO_BAND_HZ = (10.0, 1000.0)
#: Periods of the lower edge that a signal has to hold: its leakage is integrated with the largest gain.
_LEAST_PERIODS = 10.0


def velocity_rms_mm_s(
    acceleration: np.ndarray, sample_rate_hz: float, unit: str, band_hz: tuple[float, float] = ISO_BAND_HZ
) -> np.ndarray | float:
    """RMS velocity in a band, by integration in the Fourier domain.

    The mean is taken off, a Hann window applied, every bin inside the band divided by 2 pi f, and the powers
    added up and corrected for the window. A tone at an edge of the band counts half.

    Parameters
    ----------
    acceleration : np.ndarray [shape=(..., n_samples)]
        At least 10 periods of the lower edge (1 s for 10 Hz).
    sample_rate_hz : float
        Above twice the band's upper edge.
    unit : {"g", "m/s^2"}
        Of ``acceleration``.
    band_hz : (float, float)
        0 < lower < upper < half the rate.

    Returns
    -------
    float or np.ndarray [shape=(...)]
        In mm/s.

    Raises
    ------
    DataError
        If the signal is too short, constant or not finite, or the band reaches above half the rate.
    UsageError
        If the unit is missing, or the rate or the band is none.

    References
    ----------
    ISO 20816-3:2022, Mechanical vibration, part 3: industrial machinery with a power rating above 15 kW.

    Examples
    --------
    >>> t = np.arange(24000) / 12000.0
    >>> acceleration = 10.0 * np.sin(2 * np.pi * 50.0 * t)
    >>> round(velocity_rms_mm_s(acceleration, 12000, "m/s^2"), 2)
    22.51

    which is 1000 * 10 / (2 pi 50) / sqrt(2).
    """
    y = to_m_s2(check_signal(acceleration, what="acceleration"), unit)
    n_samples = y.shape[-1]
    gain = _integrator(n_samples, sample_rate_hz, band_hz)
    values = window_values("hann", n_samples)
    power = np.square(np.abs(np.fft.rfft((y - y.mean(axis=-1, keepdims=True)) * values, axis=-1)))
    mean_square = 2.0 * np.sum(power * np.square(gain), axis=-1) / (n_samples * np.sum(np.square(values)))
    rms = 1000.0 * np.sqrt(mean_square)
    return float(rms) if rms.ndim == 0 else rms


def velocity_mm_s(
    acceleration: np.ndarray, sample_rate_hz: float, unit: str, band_hz: tuple[float, float] = ISO_BAND_HZ
) -> np.ndarray:
    """The velocity's waveform in a band [shape of ``acceleration``, mm/s]; for plots.

    The band is cut by a brick wall and the signal taken as periodic, so that its ends are not to be trusted; use
    :func:`velocity_rms_mm_s` for a number. Parameters and errors are the same.
    """
    y = to_m_s2(check_signal(acceleration, what="acceleration"), unit)
    gain = _integrator(y.shape[-1], sample_rate_hz, band_hz)
    return 1000.0 * np.fft.irfft(np.fft.rfft(y, axis=-1) * (-1j * gain), y.shape[-1], axis=-1)


def _integrator(n_samples: int, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """1 / (2 pi f) for bins inside the band, 0 outside."""
    rate = check_positive("sample_rate_hz", sample_rate_hz)
    check_band(band_hz, rate, n_samples, 1)
    low_hz = check_positive("band, lower edge", band_hz[0])
    # The part below the lower edge counts as a band of its own: it has to be resolved as well.
    check_band((0.0, low_hz), rate, n_samples, int(_LEAST_PERIODS))
    frequency_hz = np.arange(n_samples // 2 + 1) * (rate / n_samples)
    inside = (frequency_hz >= band_hz[0]) & (frequency_hz <= band_hz[1])
    return np.where(inside, 1.0 / (2.0 * np.pi * np.where(inside, frequency_hz, 1.0)), 0.0)

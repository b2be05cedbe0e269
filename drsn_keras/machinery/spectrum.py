"""One-sided amplitude spectra in the signal's own unit."""

from __future__ import annotations

import functools

import numpy as np

from ..errors import UsageError, mismatch
from .checks import check_positive, check_signal

#: Cosine coefficients of the windows; "flattop" reads the amplitude of a sine between two bins within 0.1 %.
_WINDOWS: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
WINDOWS = tuple(_WINDOWS)


def window_values(window: str, n_samples: int) -> np.ndarray:
    """A periodic window.

    Parameters
    ----------
    window : {"rectangular", "hann", "flattop"}
    n_samples : int, >= 1

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    Raises
    ------
    UsageError
        If there is no such window.

    References
    ----------
    G. D'Antona, A. Ferrero, "Digital Signal Processing for Measurement Systems", Springer, 2006, p. 70 (flat top).

    Examples
    --------
    >>> window_values("hann", 4).round(6).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    if window not in _WINDOWS:
        raise UsageError(mismatch("window", f"one of {', '.join(_WINDOWS)}", repr(window)))
    return _values(window, int(n_samples)).copy()


@functools.lru_cache(maxsize=8)
def _values(window: str, n_samples: int) -> np.ndarray:
    angle = 2.0 * np.pi * np.arange(n_samples) / n_samples
    terms = [(-1) ** k * c * np.cos(k * angle) for k, c in enumerate(_WINDOWS[window])]
    return np.maximum(sum(terms), 0.0) if window == "hann" else sum(terms)


def noise_bandwidth_hz(window: str, n_samples: int, sample_rate_hz: float) -> float:
    """Equivalent noise bandwidth of a bin [Hz].

    The power of a band is the sum of amplitude^2 / 2 over its bins, times the bins' spacing over this bandwidth.

    >>> round(noise_bandwidth_hz("hann", 1000, 1000), 6)
    1.5
    """
    values = window_values(window, n_samples)
    return float(check_positive("sample_rate_hz", sample_rate_hz) * np.sum(values**2) / np.sum(values) ** 2)


def amplitude_spectrum(y: np.ndarray, sample_rate_hz: float, window: str = "hann") -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of the sines that a signal holds, without its mean.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)], any unit, n_samples >= 8
    sample_rate_hz : float, > 0
    window : {"hann", "rectangular", "flattop"}
        Corrected for: a sine of amplitude a at the centre of a bin reads a there. Between two bins the largest
        reads down to -36 % (rectangular), -15 % (Hann), -0.1 % (flat top).

    Returns
    -------
    frequency_hz : np.ndarray [shape=(n_samples // 2 + 1,), float64]
        0 to half the rate.
    amplitude : np.ndarray [shape=(..., n_samples // 2 + 1), float64]
        Zero-to-peak, in the unit of ``y``; 0 at 0 Hz for a rectangular window.

    Raises
    ------
    DataError
        If the signal is too short, constant or not finite.
    UsageError
        If the rate or the window is none.

    Examples
    --------
    >>> t = np.arange(1000) / 1000.0
    >>> frequency_hz, amplitude = amplitude_spectrum(3.0 + 0.5 * np.sin(2 * np.pi * 50.0 * t), 1000)
    >>> float(frequency_hz[amplitude.argmax()]), round(float(amplitude.max()), 6)
    (50.0, 0.5)
    """
    y = check_signal(y, 8)
    rate = check_positive("sample_rate_hz", sample_rate_hz)
    n_samples = y.shape[-1]
    values = window_values(window, n_samples)
    amplitude = np.abs(np.fft.rfft((y - y.mean(axis=-1, keepdims=True)) * values, axis=-1)) / np.sum(values)
    # All but 0 Hz and, of an even number of samples, half the rate have a twin at the negative frequency.
    amplitude[..., 1 : (n_samples + 1) // 2] *= 2.0
    return np.arange(n_samples // 2 + 1) * (rate / n_samples), amplitude

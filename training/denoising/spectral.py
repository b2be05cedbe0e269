"""Two filters over short spectra, as audio editors and hearing aids have them: a gate, and a Wiener filter."""

from __future__ import annotations

import numpy as np

#: Window [s]; its hop is a quarter.
_WINDOW_S = 0.032
#: Of each frequency's powers over time, this share lies below the noise's estimate.
_NOISE_QUANTILE = 0.3
#: A third of exponentially distributed powers lies below this share of their mean.
_QUANTILE_OF_MEAN = -np.log(1.0 - _NOISE_QUANTILE)
#: What is closed keeps this amplitude: complete silence rings.
_FLOOR = 0.1


def spectral_gate(y: np.ndarray, sample_rate_hz: float, threshold_db: float = 6.0) -> np.ndarray:
    """Keep frequencies while they stand above the noise, smoothed over neighbours; the noise is what is always there.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sample_rate_hz : float
    threshold_db : float
        Above the estimate of the noise [dB].

    Returns
    -------
    np.ndarray [shape=(n,), float64]
    """
    bins, window = _spectra(y, sample_rate_hz)
    power = np.square(np.abs(bins))
    noise = _noise_power(power)
    opened = (power > noise * 10.0 ** (threshold_db / 10.0)).astype(np.float64)
    gain = np.clip(_smooth(_smooth(opened, 5, 0), 3, 1), _FLOOR, 1.0)
    return _signal(bins * gain, window, len(y))


def spectral_wiener(y: np.ndarray, sample_rate_hz: float, memory: float = 0.98) -> np.ndarray:
    """Wiener gain ``xi / (1 + xi)`` of every frequency, the ratio xi carried from frame to frame (decision-directed).

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sample_rate_hz : float
    memory : float, 0 to 1
        Share of the last frame's estimate.

    Returns
    -------
    np.ndarray [shape=(n,), float64]

    References
    ----------
    Y. Ephraim, D. Malah, "Speech enhancement using a minimum mean-square error short-time spectral amplitude
    estimator", IEEE Trans. ASSP 32(6):1109-1121, 1984, doi:10.1109/TASSP.1984.1164453 (the rule for xi).
    """
    bins, window = _spectra(y, sample_rate_hz)
    power = np.square(np.abs(bins))
    ratio = power / _noise_power(power)
    gain = np.empty_like(ratio)
    kept = np.ones(ratio.shape[1])
    for i, now in enumerate(ratio):
        xi = memory * kept + (1.0 - memory) * np.maximum(now - 1.0, 0.0)
        gain[i] = np.maximum(xi / (1.0 + xi), _FLOOR)
        kept = np.square(gain[i]) * now
    return _signal(bins * gain, window, len(y))


def _noise_power(power: np.ndarray) -> np.ndarray:
    """Mean power of the noise at each frequency [shape=(bins,)], from the frames in which little else is heard."""
    quiet = np.quantile(power, _NOISE_QUANTILE, axis=0) / _QUANTILE_OF_MEAN
    return np.maximum(quiet, 1e-12 * max(float(power.max()), 1e-30))


def _spectra(y: np.ndarray, sample_rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Spectra of Hann-windowed frames [shape=(frames, bins)] and the window."""
    n = 4 * max(2, round(_WINDOW_S * sample_rate_hz / 4))
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))
    hop = n // 4
    padded = np.pad(np.asarray(y, np.float64), (n - hop, n - hop + -len(y) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n)[::hop]
    return np.fft.rfft(frames * window, axis=1), window


def _signal(bins: np.ndarray, window: np.ndarray, length: int) -> np.ndarray:
    """Overlap and add; squares of four windows a quarter apart add up to 2."""
    n = len(window)
    hop = n // 4
    frames = np.fft.irfft(bins, n, axis=1) * window / 2.0
    y = np.zeros((len(frames) + 3) * hop)
    for i, frame in enumerate(frames):
        y[i * hop : i * hop + n] += frame
    return y[n - hop : n - hop + length]


def _smooth(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    from scipy.ndimage import uniform_filter1d

    return uniform_filter1d(values, size, axis=axis, mode="nearest")

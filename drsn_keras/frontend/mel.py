"""Mel scales and triangular filters in NumPy.

References
----------
S. S. Stevens, J. Volkmann, E. B. Newman, JASA 8:185, 1937; D. O'Shaughnessy, "Speech Communication", 1987
(the HTK formula); M. Slaney, "Auditory Toolbox", Interval Research 1998-010 (linear below 1 kHz).
"""

from __future__ import annotations

import numpy as np

_SLANEY_BREAK_HZ = 1000.0
_SLANEY_HZ_PER_MEL = 200.0 / 3.0
_SLANEY_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency_hz: np.ndarray | float, scale: str = "htk") -> np.ndarray:
    """Frequency [Hz] to mel.

    >>> float(np.round(hz_to_mel(1000.0), 2))
    999.99
    """
    f = np.asarray(frequency_hz, dtype=np.float64)
    if scale == "htk":
        return 2595.0 * np.log10(1.0 + f / 700.0)
    above = np.log(np.maximum(f, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_LOG_STEP
    return np.minimum(f, _SLANEY_BREAK_HZ) / _SLANEY_HZ_PER_MEL + above


def mel_to_hz(mel: np.ndarray | float, scale: str = "htk") -> np.ndarray:
    """Mel to frequency [Hz]; the inverse of :func:`hz_to_mel`."""
    m = np.asarray(mel, dtype=np.float64)
    if scale == "htk":
        return 700.0 * (10.0 ** (m / 2595.0) - 1.0)
    break_mel = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
    return np.minimum(m, break_mel) * _SLANEY_HZ_PER_MEL * np.exp(_SLANEY_LOG_STEP * np.maximum(m - break_mel, 0.0))


def mel_filters(
    sample_rate_hz: int, fft_length: int, n_mels: int, fmin_hz: float, fmax_hz: float, scale: str = "htk"
) -> np.ndarray:
    """Triangular mel filters of unit peak.

    Returns
    -------
    np.ndarray [shape=(fft_length // 2 + 1, n_mels), float64]
        Multiply a power spectrum from the left.
    """
    bins_hz = np.arange(fft_length // 2 + 1) * (sample_rate_hz / fft_length)
    edges = mel_to_hz(np.linspace(hz_to_mel(fmin_hz, scale), hz_to_mel(fmax_hz, scale), n_mels + 2), scale)
    rising = (bins_hz[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins_hz[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling))

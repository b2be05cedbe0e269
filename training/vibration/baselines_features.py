"""Features of the classical rows: envelope spectra, spectra and levels of windows, all windows at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drsn_keras.machinery import amplitude_spectrum, envelope_spectrum, time_features

#: Modulations up to here: the third multiple of an inner race's frequency at 3600 rpm.
ENVELOPE_TOP_HZ = 1000.0
ENVELOPE_BINS = 96
SPECTRUM_BINS = 256
LEVEL_BANDS = 16
#: Windows at a time: the complex envelopes of 20,000 would take 700 MB.
_CHUNK = 512
#: Floor of a spectrum as a share of its mean, -100 dB: below it lies the rounding of a resampler, not vibration.
_FLOOR = 1e-5


def envelope_features(x: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """What the envelope forest sees: envelope spectrum, levels of 16 bands, RMS, kurtosis, crest factor.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_samples)]
    sample_rate_hz : float
    band_hz : (float, float)

    Returns
    -------
    np.ndarray [shape=(n, up to 115), float32]
        Zeros for a constant window.
    """

    def of(part: np.ndarray) -> np.ndarray:
        spectrum = _mean_envelope_spectrum(part, sample_rate_hz, band_hz)
        _, amplitude = amplitude_spectrum(part, sample_rate_hz)
        bands = _log(np.sqrt(_average(np.square(amplitude[:, 1:]), LEVEL_BANDS)))
        return np.concatenate([spectrum, bands, _levels(part)], axis=1)

    return _of_moving(x, of)


def spectrum_features(x: np.ndarray, sample_rate_hz: float) -> np.ndarray:
    """Log amplitude spectrum (Hann, mean removed), averaged to at most 256 bins [shape=(n, n_bins), float32]."""

    def of(part: np.ndarray) -> np.ndarray:
        return _log(_average(amplitude_spectrum(part, sample_rate_hz)[1][:, 1:], SPECTRUM_BINS))

    return _of_moving(x, of)


def level_features(x: np.ndarray) -> np.ndarray:
    """Logarithms of RMS, kurtosis and crest factor [shape=(n, 3), float32]."""
    return _of_moving(x, _levels)


def _mean_envelope_spectrum(x: np.ndarray, sample_rate_hz: float, band_hz: tuple[float, float]) -> np.ndarray:
    """Log spectrum of the squared envelope over its mean, averaged over the band and four quarters of the spectrum.

    A defect of another size or another bearing rings elsewhere than those that the band was chosen from, but
    modulates at the same rate in every band.
    """
    quarter_hz = sample_rate_hz / 8
    quarters = [(i * quarter_hz, (i + 1) * quarter_hz) for i in range(4)]
    top_hz = min(ENVELOPE_TOP_HZ, quarter_hz, band_hz[1] - band_hz[0])
    total = 0.0
    for band in (tuple(band_hz), *quarters):
        frequency_hz, amplitude = envelope_spectrum(x, sample_rate_hz, band, squared=True)
        bins = _average(amplitude[:, (frequency_hz > 0) & (frequency_hz <= top_hz)], ENVELOPE_BINS)
        total = total + _log(bins / np.maximum(bins.mean(axis=1, keepdims=True), np.finfo(float).tiny))
    return total / 5


def _levels(x: np.ndarray) -> np.ndarray:
    found = time_features(x)
    return np.log(np.stack([found["rms"], found["kurtosis"], found["crest_factor"]], axis=1))


def _average(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Means of at most ``n_bins`` groups of neighbours [shape=(n, n_bins)]."""
    width = values.shape[1]
    edges = np.linspace(0, width, min(n_bins, width) + 1).round().astype(int)
    return np.add.reduceat(values, edges[:-1], axis=1) / np.diff(edges)


def _log(values: np.ndarray) -> np.ndarray:
    floor = _FLOOR * values.mean(axis=1, keepdims=True)
    return np.log(np.maximum(values, np.maximum(floor, np.finfo(float).tiny)))


def _of_moving(x: np.ndarray, of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Features of the windows that are not constant, chunk by chunk; zeros for the others."""
    moving = np.flatnonzero(x.max(axis=1) > x.min(axis=1))
    if not moving.size:
        impulse = np.eye(1, x.shape[1])
        return np.zeros((len(x), of(impulse).shape[1]), np.float32)
    found = np.concatenate([of(x[moving[i : i + _CHUNK]]) for i in range(0, len(moving), _CHUNK)])
    features = np.zeros((len(x), found.shape[1]), np.float32)
    features[moving] = found
    return features

"""Numbers that describe a vibration in the time domain."""

from __future__ import annotations

import numpy as np

from .checks import check_signal

#: What :func:`time_features` gives, in this order.
TIME_FEATURES = ("rms", "peak", "crest_factor", "kurtosis", "skewness", "impulse_factor")


def time_features(y: np.ndarray) -> dict[str, np.ndarray]:
    """RMS, peak and the shape of a signal's distribution, all without its mean (an accelerometer's offset).

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)], any unit, n_samples >= 8

    Returns
    -------
    dict of str to np.ndarray [shape=(...)], float64
        ``rms`` and ``peak`` (largest magnitude) in the unit of ``y``;
        ``crest_factor`` = peak / rms, >= 1;
        ``kurtosis`` = mean x^4 / rms^4, 3 for Gaussian noise, 1.5 for a sine, above 3 for impulses;
        ``skewness`` = mean x^3 / rms^3, 0 if symmetric;
        ``impulse_factor`` = peak / mean |x|.

    Raises
    ------
    DataError
        If the signal is too short, constant or not finite.

    Examples
    --------
    >>> features = time_features(np.array([1.0, -1.0] * 50))
    >>> [float(features[name]) for name in ("rms", "crest_factor", "kurtosis", "skewness")]
    [1.0, 1.0, 1.0, 0.0]
    """
    y = check_signal(y, 8)
    y = y - y.mean(axis=-1, keepdims=True)
    magnitude = np.abs(y)
    peak = magnitude.max(axis=-1)
    # Powers of x / peak neither overflow nor vanish, whatever the unit.
    scaled = y / peak[..., None]
    square = np.square(scaled)
    mean_square = np.mean(square, axis=-1)
    rms = peak * np.sqrt(mean_square)
    return {
        "rms": rms,
        "peak": peak,
        "crest_factor": peak / rms,
        "kurtosis": np.mean(np.square(square), axis=-1) / mean_square**2,
        "skewness": np.mean(square * scaled, axis=-1) / mean_square**1.5,
        "impulse_factor": peak / magnitude.mean(axis=-1),
    }

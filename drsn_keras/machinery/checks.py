"""What every measure asks of its input, said in one line when it is not met."""

from __future__ import annotations

import math

import numpy as np

from ..errors import DataError, UsageError, mismatch


def check_signal(y: np.ndarray, least: int = 2, what: str = "signal") -> np.ndarray:
    """The samples as float64, if they are a signal.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)]
    least : int
        Samples needed.
    what : str
        How to name the array in an error.

    Returns
    -------
    np.ndarray [shape of y, float64]

    Raises
    ------
    DataError
        If it is no array of real numbers, too short, not finite, or constant (a dead sensor has no vibration).
    """
    y = np.asarray(y)
    if y.dtype.kind not in "iuf":
        raise DataError(mismatch(what, "real numbers", f"{y.dtype}"))
    if y.ndim == 0 or y.shape[-1] < least or y.size == 0:
        raise DataError(mismatch(what, f"at least {least} samples", f"shape {y.shape}"))
    y = y.astype(np.float64)
    if not np.isfinite(y).all():
        raise DataError(mismatch(what, "finite samples", "NaN or infinity"))
    if (y.max(axis=-1) == y.min(axis=-1)).any():
        raise DataError(mismatch(what, "a vibration", f"the constant {y.reshape(-1, y.shape[-1])[0, 0]:g}"))
    return y


def check_positive(what: str, value: float) -> float:
    """A number above 0, as a float.

    Raises
    ------
    UsageError
        If it is missing, no number, not finite or not above 0: rates and speeds are never guessed.
    """
    number = not isinstance(value, (bool, np.bool_)) and isinstance(value, (int, float, np.integer, np.floating))
    if not number or not math.isfinite(value) or value <= 0:
        raise UsageError(mismatch(what, "a number above 0", repr(value)))
    return float(value)


def check_band(band_hz: tuple[float, float], sample_rate_hz: float, n_samples: int, least_bins: int) -> None:
    """A band that lies below half the rate and that a signal of this length can resolve.

    Parameters
    ----------
    band_hz : (float, float)
        Lower and upper edge, 0 <= lower < upper.
    sample_rate_hz : float
    n_samples : int
    least_bins : int
        Fourier bins that have to lie in the band.

    Raises
    ------
    UsageError
        If the edges are no band.
    DataError
        If the band reaches above half the rate, or the signal is too short for it.
    """
    try:
        low_hz, high_hz = (float(edge) for edge in band_hz)
    except (TypeError, ValueError):
        raise UsageError(mismatch("band", "two frequencies [Hz]", repr(band_hz))) from None
    if not 0.0 <= low_hz < high_hz < math.inf:
        raise UsageError(mismatch("band", "0 <= lower < upper edge [Hz]", f"{low_hz:g} to {high_hz:g}"))
    if high_hz > sample_rate_hz / 2.0:
        got = f"{low_hz:g} to {high_hz:g} Hz"
        raise DataError(mismatch("band", f"at most {sample_rate_hz / 2.0:g} Hz (half the rate)", got))
    if (high_hz - low_hz) * n_samples < least_bins * sample_rate_hz:
        least_s = least_bins / (high_hz - low_hz)
        expected = f"at least {least_s:.3g} s for the band {low_hz:g} to {high_hz:g} Hz"
        raise DataError(mismatch("signal", expected, f"{n_samples / sample_rate_hz:.3g} s"))

"""The sample rate that a column of times says."""

from __future__ import annotations

import numpy as np

from ..errors import DataError, mismatch

#: A column of this name holds the time of each sample [s].
TIME_COLUMN = "time_s"


def rate_of_times(time_s: np.ndarray, where: str) -> float:
    """Rate [Hz] of evenly spaced times: a step that is half a step off is a gap, or a sample too many.

    Parameters
    ----------
    time_s : np.ndarray [shape=(n,), float64]
        Rising, in s.
    where : str
        Named in errors.

    Returns
    -------
    float
        A whole number where it is nearly one: times are written with few digits, and 12000.3 Hz is 12000 Hz.

    Raises
    ------
    DataError
        Times that do not rise, are not even, or are no times in s.

    Examples
    --------
    >>> rate_of_times(np.array([0.0, 0.00333, 0.00667, 0.01]), "a.csv, column time_s")
    300.0
    """
    if time_s.size < 2 or not np.isfinite(time_s).all() or time_s[-1] <= time_s[0]:
        raise DataError(mismatch(where, "rising times in s", "other numbers"))
    step_s = (time_s[-1] - time_s[0]) / (time_s.size - 1)
    steps_s = np.diff(time_s)
    off = np.flatnonzero(np.abs(steps_s / step_s - 1.0) > 0.5)
    if off.size:
        raise DataError(mismatch(where, f"steps of {step_s:g} s", f"{steps_s[off[0]]:g} s after sample {off[0]}"))
    if not 1e-12 < step_s < 1e12:
        raise DataError(mismatch(where, "times in s", f"steps of {step_s:g}"))
    rate_hz = 1.0 / step_s
    return float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-4 * rate_hz else rate_hz

"""A measurement at the model's rate, with the samples that the sensor could not follow still marked."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .monitor_quality import clipped_samples
from .resample import Resampler

#: Rates that differ by less than this share are one: a longer recording would not tell them apart.
_SAME = 1e-4
_BLOCK = 1 << 16
#: The filter grows with the ratio of the rates; a larger one is a mistyped rate.
_LARGEST_RATIO = 64


def is_same_rate(rate_hz: float, model_rate_hz: float) -> bool:
    """Whether two rates [Hz] need no conversion.

    >>> is_same_rate(12000.5, 12000), is_same_rate(12010, 12000)
    (True, False)
    """
    return abs(rate_hz - model_rate_hz) <= _SAME * model_rate_hz


def at_model_rate(
    y: np.ndarray, rate_hz: float, model_rate_hz: int, name: str = "signal"
) -> tuple[np.ndarray, np.ndarray]:
    """Convert down, anti-aliased, where the rates differ.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), float64]
        May hold NaN.
    rate_hz : float
    model_rate_hz : int
        At most ``rate_hz``.

    Returns
    -------
    samples : np.ndarray [shape=(m,), float64]
        NaN where a sample within the filter's reach was none.
    clipped : np.ndarray [shape=(m,), bool]
        Where the sensor stood at its limit: found before the conversion, which rounds that off.

    Raises
    ------
    DataError
        On a lower rate than the model's: the band above it is empty, which the model has never seen. On one more
        than 64 times the model's.
    """
    clipped = clipped_samples(y)
    if is_same_rate(rate_hz, model_rate_hz):
        return y, clipped
    if rate_hz < model_rate_hz:
        got = f"{rate_hz:g} Hz (nothing above {rate_hz / 2:g} Hz is in it)"
        raise DataError(mismatch(name, f"{model_rate_hz} Hz (the model's) or more", got))
    if rate_hz > _LARGEST_RATIO * model_rate_hz:
        raise DataError(mismatch(name, f"at most {_LARGEST_RATIO * model_rate_hz} Hz", f"{rate_hz:g} Hz"))
    # Thousandths of Hz: a rate from a column of times need not be whole.
    resampler = Resampler(round(1000 * rate_hz), 1000 * model_rate_hz)
    bad = ~np.isfinite(y)
    clean = np.where(bad, 0.0, y)
    parts = [resampler.push(clean[i : i + _BLOCK]) for i in range(0, len(clean), _BLOCK)]
    samples = np.concatenate([*parts, resampler.flush()]).astype(np.float64)
    step = rate_hz / model_rate_hz
    position = np.arange(len(samples)) * step
    reach = resampler.half_width
    samples[_any_between(bad, position - reach, position + reach + 1)] = np.nan
    return samples, _any_between(clipped, position, position + step)


def _any_between(marked: np.ndarray, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Whether any of ``marked`` lies in [floor(first), ceil(end)): [shape=(m,), bool]."""
    count = np.concatenate([[0], np.cumsum(marked)])
    low, high = (np.clip(f(x), 0, len(marked)).astype(int) for f, x in ((np.floor, first), (np.ceil, end)))
    return count[high] > count[low]

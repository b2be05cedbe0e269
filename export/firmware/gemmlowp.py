"""Fixed-point exponential, logistic function and tanh as gemmlowp defines them, for tables of 256 entries.

Raw values are int32 with a number of integer bits; products round to nearest and saturate at the one overflow.

References
----------
gemmlowp, fixedpoint.h (the interval, the barrel shifter's constants, the three Newton steps).
"""

from __future__ import annotations

import math

import numpy as np

from .arithmetic import rounding_shift

_MAX, _MIN = 2**31 - 1, -(2**31)


def _product(a: np.ndarray, b: np.ndarray | int) -> np.ndarray:
    a, b = np.asarray(a, np.int64), np.asarray(b, np.int64)
    return np.minimum((a * b + 2**30) >> 31, _MAX)


def _saturating_left(a: np.ndarray, bits: int) -> np.ndarray:
    return np.clip(np.asarray(a, np.int64) << bits, _MIN, _MAX)


def _exp_of_quarter(a: np.ndarray) -> np.ndarray:
    """exp(a) for -1/4 <= a < 0, no integer bits: the Taylor series around -1/8 to the fourth power."""
    around = round(math.exp(-0.125) * 2**31)
    x = a + (1 << 28)
    x2 = _product(x, x)
    x3, x4 = _product(x2, x), _product(x2, x2)
    third = round(2**31 / 3)
    tail = rounding_shift(_product(rounding_shift(x4, 2) + x3, third) + x2, 1)
    return around + _product(around, x + tail)


def exp_on_negative_values(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """exp(a) of a <= 0 with ``integer_bits``; the result has none.

    Parameters
    ----------
    a : np.ndarray [int64 holding int32, <= 0]
    integer_bits : int, 0 to 5
    """
    a = np.asarray(a, np.int64)
    fraction = 31 - integer_bits
    quarter = 1 << (fraction - 2)
    reduced = (a & (quarter - 1)) - quarter
    result = _exp_of_quarter(_saturating_left(reduced, integer_bits))
    remainder = reduced - a
    for exponent in range(-2, integer_bits):
        factor = round(math.exp(-(2.0**exponent)) * 2**31)
        result = np.where(remainder & (1 << (fraction + exponent)), _product(result, factor), result)
    return np.where(a == 0, _MAX, result)


def _two_over_one_plus(a: np.ndarray) -> np.ndarray:
    """2 / (1 + a) for 0 <= a <= 1, two integer bits: three Newton steps from the best line."""
    half = (a + _MAX + 1) >> 1
    x = round(48 / 17 * 2**29) + _product(half, round(-32 / 17 * 2**29))
    for _ in range(3):
        rest = (1 << 29) - _product(half, x)
        x = x + _saturating_left(_product(x, rest), 2)
    return x


def logistic(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """1 / (1 + exp(-a)), no integer bits in the result."""
    a = np.asarray(a, np.int64)
    # Half of it: the same integer with one integer bit.
    positive = _saturating_left(_two_over_one_plus(exp_on_negative_values(-np.abs(a), integer_bits)), 1)
    return np.where(a == 0, 1 << 30, np.where(a > 0, positive, _MAX - positive))


def tanh(a: np.ndarray, integer_bits: int) -> np.ndarray:
    """(1 - exp(-2 a)) / (1 + exp(-2 a)), no integer bits in the result.

    Parameters
    ----------
    a : np.ndarray [int64 holding int32]
    integer_bits : int, 0 to 4
    """
    a = np.asarray(a, np.int64)
    # Twice the value: the same integer with one integer bit more.
    exponential = exp_on_negative_values(-np.abs(a), integer_bits + 1)
    positive = _saturating_left(_two_over_one_plus(exponential) - (1 << 29), 2)
    return np.where(a == 0, 0, np.where(a > 0, positive, -positive))

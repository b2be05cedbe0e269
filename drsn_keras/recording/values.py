"""Numbers, texts and signals in the arrays of a file (NPZ, MATLAB); whatever else came is said in a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DataError, mismatch


def as_number(value: Any, what: str) -> float:
    """One finite number.

    Parameters
    ----------
    value : array_like
        Of any shape with one element.
    what : str
        Named in errors.

    Raises
    ------
    DataError

    Examples
    --------
    >>> as_number(np.array([[2]]), "a.npz, load")
    2.0
    """
    return _number(value, what, "one finite number", lambda number: True)


def as_positive(value: Any, what: str) -> float:
    """One number above 0: a rate, a speed.

    Raises
    ------
    DataError
    """
    return _number(value, what, "a number above 0", lambda number: number > 0)


def as_scale(value: Any, what: str) -> float:
    """What one step of an array is, in its unit; below 0 where the sensor was mounted the other way round.

    Raises
    ------
    DataError
    """
    return _number(value, what, "a number other than 0", lambda number: number != 0)


def as_text(value: Any, what: str) -> str:
    """One text without the blanks around it, perhaps ""; a single number is taken for its digits.

    Raises
    ------
    DataError
        An array of several, other things than text and numbers.

    Examples
    --------
    >>> as_text(np.array(b" g "), "a.npz, unit"), as_text(2, "a.npz, bearing")
    ('g', '2')
    """
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "USiuf":
        raise DataError(mismatch(what, "one text", f"shape {array.shape}, {array.dtype}"))
    item = array.reshape(())[()]
    return (item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)).strip()


def as_signal(value: Any, what: str) -> np.ndarray:
    """Samples of one channel [shape=(n,)]; (n, 1) and (1, n) are taken for it.

    Raises
    ------
    DataError
        More channels, text, nothing.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.size != max(array.shape, default=0):
        raise DataError(mismatch(what, "numbers of one channel", f"shape {array.shape}, {array.dtype}"))
    if array.size == 0:
        raise DataError(mismatch(what, "samples", "none"))
    return array.reshape(-1)


def _number(value: Any, what: str, expected: str, is_good: Callable[[float], bool]) -> float:
    array = np.asarray(value)
    if array.size != 1:
        raise DataError(mismatch(what, expected, f"shape {array.shape}, {array.dtype}"))
    item = array.reshape(())[()]
    if array.dtype.kind not in "iuf" or not np.isfinite(item) or not is_good(item):
        raise DataError(mismatch(what, expected, item))
    return float(item)

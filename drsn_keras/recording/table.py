"""Columns of numbers, whatever file they came from, and the choice of one of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from ..errors import DataError, mismatch


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file.

    Parameters
    ----------
    names : tuple of str
        Of the header, or "0", "1" ... where there is none.
    columns : np.ndarray [shape=(n, len(names)), float64]
    """

    names: tuple[str, ...]
    columns: np.ndarray


def choose_column(names: tuple[str, ...], channel: str | None, path: Path, passed_over: tuple[str, ...] = ()) -> int:
    """Index of the wanted column; with more than one to choose from, it has to be named.

    Parameters
    ----------
    names : tuple of str
    channel : str or None
        Name or number (from 0) of a column.
    path : Path
        Named in errors.
    passed_over : tuple of str
        Columns that are no signal, unless asked for.

    Raises
    ------
    DataError
        No such column, or several and no choice.

    Examples
    --------
    >>> choose_column(("time_s", "x"), None, Path("a.csv"), ("time_s",))
    1
    >>> choose_column(("time_s", "x", "y"), "y", Path("a.csv"), ("time_s",))
    2
    """
    left = [i for i, name in enumerate(names) if name not in passed_over]
    shown = ", ".join(names[i] for i in left)
    if channel is None:
        if not left:
            raise DataError(mismatch(path, f"a column of samples beside {', '.join(passed_over)}", "none"))
        if len(left) > 1:
            raise DataError(mismatch(f"{path}, channel", f"a choice of {shown} (--channel)", "none"))
        return left[0]
    if channel in names:
        return names.index(channel)
    if channel.isdecimal() and int(channel) < len(names):
        return int(channel)
    raise DataError(mismatch(f"{path}, channel", f"one of {shown}", repr(channel)))

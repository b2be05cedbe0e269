"""Columns of numbers in text: semicolon, tab, comma or blanks between them, with or without a line of names."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

#: The encoding of a header is not known; what stands below it is ASCII.
_ENCODING = "latin-1"
_MOST_HEADER_LINES = 200


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


def read_table(path: Path) -> Table:
    """Read a file of numbers; lines that begin with ``#`` and one line of names may stand above them.

    Raises
    ------
    DataError
        No numbers below the header, a line with other fields (a truncated file), text among numbers.
    """
    with path.open(encoding=_ENCODING) as file:
        head = list(itertools.islice(file, _MOST_HEADER_LINES))
    if head[0].startswith("\xef\xbb\xbf"):
        head[0] = head[0][3:]
    skip = next((i for i, line in enumerate(head) if line.strip() and not line.startswith("#")), len(head))
    names: list[str] | None = None
    if skip < len(head) and not _are_numbers(first := _fields(head[skip])):
        names, skip = first, skip + 1
    if skip >= len(head) or not _are_numbers(numbers := _fields(head[skip])):
        got = repr(head[skip].strip()[:60]) if skip < len(head) else "none"
        raise DataError(mismatch(path, f"numbers below {skip} lines of header", got))
    if names is not None and len(names) != len(numbers):
        raise DataError(mismatch(f"{path} line {skip + 1}", f"{len(names)} columns as in the header", len(numbers)))
    try:
        columns = np.loadtxt(
            path,
            delimiter=_delimiter(head[skip]),
            skiprows=skip,
            usecols=range(len(numbers)),  # a separator at the end of a line is no column
            ndmin=2,
            encoding=_ENCODING,
            comments=None,
        )
    except ValueError as error:
        got = str(error).split(";")[0].splitlines()[0].rstrip(".")[:120]
        raise DataError(mismatch(path, f"{len(numbers)} numbers in every line", f"{got} (truncated?)")) from None
    return Table(tuple(names or map(str, range(len(numbers)))), columns)


def choose_column(names: tuple[str, ...], channel: str | None, path: Path, passed_over: tuple[str, ...] = ()) -> int:
    """Index of the wanted column; with more than one to choose from, it has to be named.

    Raises
    ------
    DataError
        No such column, or several and no choice.

    Examples
    --------
    >>> choose_column(("time_s", "x", "y"), "y", Path("a.csv"), ("time_s",))
    2
    """
    left = [i for i, name in enumerate(names) if name not in passed_over]
    shown = ", ".join(names)
    if channel is None:
        if len(left) != 1:
            raise DataError(mismatch(f"{path}, --channel", f"a choice of {shown}", "none"))
        return left[0]
    if channel in names:
        return names.index(channel)
    if channel.isdecimal() and int(channel) < len(names):
        return int(channel)
    raise DataError(mismatch(f"{path}, --channel", f"one of {shown}", repr(channel)))


def _delimiter(line: str) -> str | None:
    """The first of semicolon, tab and comma that is there; None is blanks."""
    return next((mark for mark in (";", "\t", ",") if mark in line), None)


def _fields(line: str) -> list[str]:
    fields = [field.strip().strip('"') for field in line.strip("\r\n ").split(_delimiter(line))]
    return fields[:-1] if len(fields) > 1 and not fields[-1] else fields


def _are_numbers(fields: list[str]) -> bool:
    try:
        return [float(field) for field in fields] != []
    except ValueError:
        return False

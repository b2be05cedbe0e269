"""Columns of numbers in text: comma, semicolon, tab or blanks between them, with or without a line of names."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .files import need_content

#: The encoding of a header is not known; what stands below it is ASCII.
_ENCODING = "latin-1"


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


def read_table(path: Path, header_lines: int | None = None, n_columns: int | None = None) -> Table:
    """Read a file of numbers.

    Parameters
    ----------
    header_lines : int or None
        Number of lines above the numbers. None: lines that begin with ``#`` and at most one line of names.
    n_columns : int or None
        How many columns there have to be; a separator at the end of a line is no column.

    Raises
    ------
    DataError
        Missing, empty, no numbers below the header, a line with other fields (a truncated file), text among numbers.
    """
    need_content(path, "a table of numbers")
    with path.open(encoding=_ENCODING) as file:
        head = list(itertools.islice(file, 200))
    if head and head[0].startswith("\xef\xbb\xbf"):
        head[0] = head[0][3:]
    skip, names = (header_lines, None) if header_lines is not None else _header(head)
    if skip >= len(head) or not head[skip].strip():
        raise DataError(mismatch(path, f"numbers below {skip} lines of header", "none"))
    delimiter = _delimiter(head[skip])
    fields = _fields(head[skip], delimiter)
    if not _are_numbers(fields):
        raise DataError(mismatch(f"{path} line {skip + 1}", "numbers", repr(head[skip].strip()[:60])))
    if header_lines and _are_numbers(above := _fields(head[skip - 1], delimiter)) and len(above) == len(fields):
        raise DataError(mismatch(f"{path} line {skip}", "the last line of the header", "numbers"))
    if n_columns is not None and len(fields) != n_columns:
        raise DataError(mismatch(f"{path} line {skip + 1}", f"{n_columns} columns", len(fields)))
    if names is not None and len(names) != len(fields):
        raise DataError(mismatch(f"{path} line {skip + 1}", f"{len(names)} columns as in the header", len(fields)))
    try:
        columns = np.loadtxt(
            path,
            delimiter=delimiter,
            skiprows=skip,
            usecols=range(len(fields)),
            ndmin=2,
            encoding=_ENCODING,
            comments=None,
        )
    except ValueError as error:
        got = str(error).split(";")[0].splitlines()[0].rstrip(".")[:120]
        raise DataError(mismatch(path, f"{len(fields)} numbers in every line", f"{got} (truncated?)")) from None
    return Table(names or tuple(str(i) for i in range(len(fields))), columns)


def choose_column(table: Table, channel: str | None, path: Path, passed_over: tuple[str, ...] = ()) -> tuple[str, int]:
    """Name and index of the wanted column; with more than one to choose from, it has to be named.

    Raises
    ------
    DataError
        No such column, or several and no choice.
    """
    left = [i for i, name in enumerate(table.names) if name not in passed_over]
    if channel is None:
        if len(left) != 1:
            raise DataError(mismatch(f"{path}, channel", f"a choice of {', '.join(table.names)}", "none given"))
        return table.names[left[0]], left[0]
    if channel in table.names:
        return channel, table.names.index(channel)
    if channel.isdecimal() and int(channel) < len(table.names):
        return table.names[int(channel)], int(channel)
    raise DataError(mismatch(f"{path}, channel", f"one of {', '.join(table.names)}", repr(channel)))


def _header(head: list[str]) -> tuple[int, tuple[str, ...] | None]:
    """Number of lines above the numbers, and the names in the last of them."""
    skip = 0
    while skip < len(head) and (head[skip].startswith("#") or not head[skip].strip()):
        skip += 1
    if skip == len(head):
        return skip, None
    fields = _fields(head[skip], _delimiter(head[skip]))
    if _are_numbers(fields):
        return skip, None
    return skip + 1, tuple(fields)


def _delimiter(line: str) -> str | None:
    """The first of semicolon, tab and comma that is there; None is blanks."""
    return next((d for d in (";", "\t", ",") if d in line), None)


def _fields(line: str, delimiter: str | None) -> list[str]:
    fields = [re.sub(r'^"(.*)"$', r"\1", f.strip()) for f in line.strip("\r\n ").split(delimiter)]
    return fields[:-1] if len(fields) > 1 and not fields[-1] else fields


def _are_numbers(fields: list[str]) -> bool:
    try:
        return [float(f) for f in fields] != []
    except ValueError:
        return False

"""Columns of numbers in text: semicolon, tab, comma or blanks between them, with or without a line of names."""

from __future__ import annotations

import codecs
import itertools
from pathlib import Path

import numpy as np

from ..errors import DataError, mismatch
from .content import need_content
from .table import Table

#: The encoding of a header without a byte order mark is not known; what stands below it is ASCII.
_ENCODING = "latin-1"
_MARKED_ENCODING = "utf-8-sig"
_MOST_HEADER_LINES = 200


def read_table(path: Path, header_lines: int | None = None, n_columns: int | None = None) -> Table:
    """Read a file of numbers.

    Parameters
    ----------
    path : Path
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
    with path.open("rb") as file:
        encoding = _MARKED_ENCODING if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else _ENCODING
    with path.open(encoding=encoding, errors="replace") as file:
        head = list(itertools.islice(file, _MOST_HEADER_LINES))
    skip, names = (header_lines, None) if header_lines is not None else _header(head)
    if skip >= len(head) or not head[skip].strip():
        raise DataError(mismatch(path, f"numbers below {skip} lines of header", "none"))
    line = f"{path} line {skip + 1}"
    fields = _fields(head[skip])
    if not _are_numbers(fields):
        raise DataError(mismatch(line, "numbers", repr(head[skip].strip()[:60])))
    if header_lines and _are_numbers(above := _fields(head[skip - 1])) and len(above) == len(fields):
        raise DataError(mismatch(f"{path} line {skip}", "the last line of the header", "numbers"))
    if n_columns is not None and len(fields) != n_columns:
        raise DataError(mismatch(line, f"{n_columns} columns", len(fields)))
    if names is not None and len(names) != len(fields):
        raise DataError(mismatch(line, f"{len(names)} columns as in the header", len(fields)))
    try:
        columns = np.loadtxt(
            path,
            delimiter=_delimiter(head[skip]),
            skiprows=skip,
            usecols=range(len(fields)),  # a separator at the end of a line is no column
            ndmin=2,
            encoding=encoding,
            comments=None,
        )
    except ValueError as error:
        got = str(error).split(";")[0].splitlines()[0].rstrip(".")[:120]
        raise DataError(mismatch(path, f"{len(fields)} numbers in every line", f"{got} (truncated?)")) from None
    return Table(names or tuple(str(i) for i in range(len(fields))), columns)


def _header(head: list[str]) -> tuple[int, tuple[str, ...] | None]:
    """Number of lines above the numbers, and the names in the last of them."""
    skip = next((i for i, line in enumerate(head) if line.strip() and not line.startswith("#")), len(head))
    if skip == len(head) or _are_numbers(fields := _fields(head[skip])):
        return skip, None
    return skip + 1, tuple(fields)


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

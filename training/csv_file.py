"""A CSV file that people or other programs wrote: what is wrong with it as a file is said in a line."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from drsn_keras.errors import DataError, mismatch


@contextlib.contextmanager
def open_csv(path: Path, what: str = "a CSV table") -> Iterator[TextIO]:
    """Open a file for the ``csv`` module, which is to read inside the block, with ``strict=True``.

    Raises
    ------
    DataError
        For bytes that are not UTF-8, and for what :mod:`csv` refuses.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError:
        raise DataError(mismatch(path, f"{what} in UTF-8", "other bytes")) from None
    except csv.Error as error:
        raise DataError(mismatch(path, what, error)) from None


def require_columns(path: Path, wanted: Sequence[str], found: Sequence[str]) -> None:
    """Refuse a header without some of the columns.

    Raises
    ------
    DataError
    """
    if missing := [name for name in wanted if name not in found]:
        expected = f"columns {', '.join(wanted)} (missing: {', '.join(missing)})"
        raise DataError(mismatch(f"{path} line 1", expected, ", ".join(found) or "an empty file"))

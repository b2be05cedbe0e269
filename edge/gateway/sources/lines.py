"""Numbers out of the lines of a text that grows."""

from __future__ import annotations

import math
import re

import numpy as np

_SEPARATOR = re.compile(r"[;\t,]|\s+")
_LONGEST_LINE = 1 << 15
#: Lines of text above numbers; of more it is no table, but something else (another encoding, a log).
_MOST_HEADERS = 100


class NumberLines:
    """One column; semicolon, tab, comma or blanks stand between fields.

    Parameters
    ----------
    column : str or None
        Number from 0, or a name that a line above the numbers has. None: the first column.

    Attributes
    ----------
    index : int or None
        Number of the column, once it is known.

    Examples
    --------
    >>> NumberLines("x").parse(b"t,x\\n0,1.5\\n1,2.5\\n2,")
    (array([1.5, 2.5]), 16, 0)
    """

    def __init__(self, column: str | None = None) -> None:
        self._name, self._headers = column, 0
        self.index: int | None = 0 if column is None else int(column) if column.isdecimal() else None

    def parse(self, data: bytes) -> tuple[np.ndarray, int, int]:
        """Whole lines of ``data``.

        Returns
        -------
        np.ndarray [shape=(n,), float64]
        int
            Bytes that need not be read again.
        int
            Lines that had no number, names of columns and comments not counted.
        """
        end = data.rfind(b"\n") + 1
        if end == 0:
            return np.zeros(0), len(data) if len(data) > _LONGEST_LINE else 0, int(len(data) > _LONGEST_LINE)
        numbers, bad = [], 0
        for line in data[:end].decode("latin-1").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            fields = [field.strip().strip('"') for field in _SEPARATOR.split(line.strip("\r\n "))]
            value = self._number(fields)
            if value is not None:
                numbers.append(value)
                self._headers = 0
            elif self._headers < _MOST_HEADERS and self._is_header(fields):
                self._headers += 1
            else:
                bad += 1
        return np.asarray(numbers, np.float64), end, bad

    def _number(self, fields: list[str]) -> float | None:
        if self.index is None or self.index >= len(fields):
            return None
        try:
            value = float(fields[self.index])
        except ValueError:
            return None
        return value if math.isfinite(value) else math.nan

    def _is_header(self, fields: list[str]) -> bool:
        if self._name is not None and self._name in fields:
            self.index = fields.index(self._name)
            return True
        return self._name is None and all(not _is_number(field) for field in fields)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

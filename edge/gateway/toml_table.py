"""Take values out of a TOML table, each held against what it has to be; what nobody asked for is an error."""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch

_LARGEST_FILE = 4 << 20
_MISSING = object()
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")


def read_toml(path: Path) -> Table:
    """The whole file as a table; ``where`` of it is the file's name.

    Raises
    ------
    DataError
        If the file cannot be read, is no TOML, or is larger than 4 MiB.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ImportError:
            expected = "tomli to read TOML with Python 3.10 (pip install 'drsn-keras[gateway]')"
            raise DataError(mismatch(path, expected, "none")) from None
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise DataError(mismatch(path, "a file that can be read", error.strerror or error)) from None
    if len(content) > _LARGEST_FILE:
        raise DataError(mismatch(path, f"at most {_LARGEST_FILE >> 20} MiB of TOML", "more"))
    try:
        return Table(tomllib.loads(content.decode("utf-8-sig")), str(path), separator=", ")
    except (ValueError, RecursionError) as error:  # its own error, no UTF-8, a number of thousands of digits
        raise DataError(mismatch(path, "TOML", " ".join(str(error).split()))) from None


class Table:
    """A table's values, taken key by key.

    Parameters
    ----------
    values : dict
    where : str
        How errors name the table: ``gateway.toml, machines.PUMP``.
    fallback : Table, optional
        Asked where this one has no such key.
    separator : str
        Between ``where`` and a key.
    """

    def __init__(self, values: dict[str, Any], where: str, fallback: Table | None = None, separator: str = ".") -> None:
        self.values, self.where, self.fallback = values, where, fallback
        self._separator = separator
        self._asked: set[str] = set()

    def name_of(self, key: str) -> str:
        """How errors name a value: ``gateway.toml, machines.PUMP.rpm``."""
        shown = key if _PLAIN_KEY.fullmatch(key) else repr(key)[:60]
        return f"{self.where}{self._separator}{shown}"

    def keys(self) -> list[str]:
        """The table's own keys, as written."""
        return list(self.values)

    def error(self, key: str, expected: object, got: Any = _MISSING) -> DataError:
        """One line about a value, to be raised."""
        return DataError(mismatch(self.name_of(key), expected, "nothing" if got is _MISSING else shown(got)))

    def find(self, key: str) -> tuple[Any, Table]:
        """A value, or None, and the table that it stands in."""
        chain = [self]
        while chain[-1].fallback is not None:
            chain.append(chain[-1].fallback)
        for table in chain:
            table._asked.add(key)
        return next(((table.values[key], table) for table in chain if key in table.values), (None, self))

    def text(self, key: str, default: Any = _MISSING, choices: Collection[str] = ()) -> Any:
        """A text, not empty and in one line; one of ``choices`` where there are any."""
        value, table = self.find(key)
        expected = one_of(choices) if choices else "text"
        if value is None:
            return self._default(key, expected, default)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise table.error(key, expected, value)
        if choices and value not in choices:
            raise table.error(key, expected + hint(value, choices), value)
        return value

    def number(self, key: str, default: Any = _MISSING, low: float = -math.inf, high: float = math.inf) -> Any:
        """A float from ``low`` to ``high``."""
        value, table = self.find(key)
        expected = _range("a number", low, high)
        if value is None:
            return self._default(key, expected, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise table.error(key, expected, value)
        try:
            return float(value)
        except OverflowError:
            raise table.error(key, expected, value) from None

    def positive(self, key: str, default: Any = _MISSING, high: float = 1e12) -> Any:
        """A float above 0."""
        value, table = self.find(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
            raise table.error(key, "a number above 0", value)
        return self.number(key, default, 0.0, high)

    def whole(self, key: str, default: Any = _MISSING, low: int = 0, high: int = 2**31) -> Any:
        """An int from ``low`` to ``high``."""
        value, table = self.find(key)
        expected = _range("a whole number", low, high)
        if value is None:
            return self._default(key, expected, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise table.error(key, expected, value)
        return value

    def flag(self, key: str, default: Any = _MISSING) -> Any:
        """true or false."""
        value, table = self.find(key)
        if value is None:
            return self._default(key, "true or false", default)
        if not isinstance(value, bool):
            raise table.error(key, "true or false", value)
        return value

    def path(self, key: str, folder: Path, default: Any = _MISSING) -> Any:
        """A path; relative ones start at ``folder``, that of the configuration."""
        text = self.text(key, default if default is _MISSING else None)
        if text is None:
            return default
        try:
            return folder / Path(text).expanduser()
        except RuntimeError:
            raise self.error(key, "a path that begins with ~ or the home folder of a user", text) from None

    def texts(self, key: str, default: Any = _MISSING, choices: Collection[str] = ()) -> Any:
        """A list of texts, each one of ``choices`` where there are any, as a tuple."""
        value, table = self.find(key)
        expected = f"a list of {one_of(choices)}" if choices else "a list of texts"
        if value is None:
            return self._default(key, expected, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise table.error(key, expected, value)
        for item in value:
            if choices and item not in choices:
                raise table.error(key, expected + hint(item, choices), item)
        return tuple(value)

    def table(self, key: str, *, required: bool = False) -> Table | None:
        """A table in this one; over the one of the fallback, where both have it."""
        value, table = self.find(key)
        if value is None:
            if required:
                raise self.error(key, "a table")
            return None
        if not isinstance(value, dict):
            raise table.error(key, "a table", value)
        below = table.fallback.table(key) if table.fallback is not None else None
        return Table(value, table.name_of(key), below)

    def finish(self) -> None:
        """Refuse the first key that was not asked for, with the near ones named; of the fallback as well."""
        for key in self.values:
            if key not in self._asked:
                known = sorted(self._asked)
                raise DataError(
                    mismatch(self.name_of(key), f"one of {', '.join(known)}{hint(key, known)}", repr(key)[:60])
                )
        if self.fallback is not None:
            self.fallback.finish()

    def _default(self, key: str, expected: str, default: Any) -> Any:
        if default is _MISSING:
            raise self.error(key, expected)
        return default


def one_of(choices: Collection[str]) -> str:
    """``a, b or c``."""
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def hint(word: str, known: Collection[str]) -> str:
    """`` (did you mean x?)`` where something near is known, else nothing.

    >>> hint("rmp", ["rpm", "unit"]), hint("xyz", ["rpm"])
    (' (did you mean rpm?)', '')
    """
    near = difflib.get_close_matches(word[:60], list(known), n=2)
    return f" (did you mean {' or '.join(near)}?)" if near else ""


def shown(value: Any) -> str:
    """A value in an error: short, on one line."""
    try:
        text = f"{value:g}" if isinstance(value, float) else repr(value)
    except ValueError:  # Python writes no number of thousands of digits
        text = "a number too long to show"
    if isinstance(value, bool):
        text = str(value).lower()
    return text if len(text) <= 60 else text[:57] + "..."


def _range(what: str, low: float, high: float) -> str:
    if math.isinf(low) and math.isinf(high):
        return what
    return f"{what} from {low:.10g}" + ("" if math.isinf(high) else f" to {high:.10g}")

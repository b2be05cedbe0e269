"""Fields of a query or a body: each checked, none unknown. Standard library only."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from drsn_keras.errors import mismatch

from .exchange import Refused

#: Ranges of a trend by name [s].
RANGES_S = {"1h": 3600.0, "1d": 86400.0, "30d": 30 * 86400.0}


class Fields:
    """What was sent; every getter removes its field, and :meth:`finish` refuses what is left.

    Parameters
    ----------
    values : mapping
    where : str
        "query" or "body", for errors.
    """

    def __init__(self, values: Mapping[str, Any], where: str = "query") -> None:
        self._values, self._where = dict(values), where

    def text(self, name: str, most: int, default: str | None = "") -> str | None:
        """Text of at most so many printable characters; ``default`` where it is not there."""
        value = self._values.pop(name, default)
        if value is not None and (not isinstance(value, str) or len(value) > most or not value.isprintable()):
            raise self._refused(name, f"text of at most {most} printable characters")
        return value

    def needed(self, name: str, most: int) -> str:
        """The same, of at least one character."""
        if not (value := self.text(name, most)):
            raise self._refused(name, f"text of 1 to {most} printable characters")
        return value

    def whole(self, name: str, low: int, high: int, default: int | None = None) -> int | None:
        """A whole number; text of one in a query."""
        value = self._values.pop(name, None)
        if value is None:
            return default
        if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.removeprefix("-").isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._refused(name, f"a whole number from {low} to {high}")
        return value

    def flag(self, name: str) -> bool:
        """``1`` is true, ``0`` or nothing false."""
        return self.whole(name, 0, 1, 0) == 1

    def time_span(self) -> tuple[float, float]:
        """``range`` up to now, or ``since_s`` and ``until_s`` [Unix, s]."""
        now = time.time()
        since, until = self._time("since_s"), self._time("until_s")
        if since is None:
            name = self.text("range", 8, "1h")
            if name not in RANGES_S:
                raise self._refused("range", " or ".join(RANGES_S))
            until = now if until is None else until
            return until - RANGES_S[name], until
        if "range" in self._values:
            raise self._refused("range", "it or since_s, not both")
        until = now if until is None else until
        if until <= since:
            raise self._refused("until_s", "a time after since_s")
        return since, until

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        if self._values:
            name = next(iter(self._values))
            raise Refused(400, mismatch(self._where, "only known fields", repr(name[:40])))

    def _time(self, name: str) -> float | None:
        value = self._values.pop(name, None)
        if value is None:
            return None
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0.0 <= number <= 1e11:
            raise self._refused(name, "a Unix time [s]")
        return number

    def _refused(self, name: str, expected: str) -> Refused:
        return Refused(400, mismatch(f"{self._where}, {name}", expected, "another"))

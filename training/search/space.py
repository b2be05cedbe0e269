"""What a search varies: choices, and ranges of numbers."""

from __future__ import annotations

import dataclasses
import json
import math
from decimal import Decimal
from typing import Any

from drsn_keras.errors import UsageError, mismatch

_KEYS = ("low", "high", "step", "log")
#: What a label of a choice may be without being written as JSON.
_PLAIN = (str, int, float, bool)


@dataclasses.dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included where the step reaches high; integers where both bounds are.

    Parameters
    ----------
    low, high : int or float
    step : int or float or None
        Between neighbours, from low on; None: 1 of integers, any of others.
    log : bool
        Drawn by their logarithm.
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False

    @property
    def whole(self) -> bool:
        """Whether these are integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def count(self) -> float:
        """How many numbers these are; infinity without a step."""
        if self.step is None and not self.whole:
            return math.inf
        return int((_decimal(self.high) - _decimal(self.low)) // _decimal(self.step or 1)) + 1

    @property
    def last(self) -> float:
        """The highest that the step reaches."""
        return self.high if math.isinf(self.count) else self.at(int(self.count) - 1)

    def at(self, index: int) -> float:
        """One of ``count`` numbers, as it was written: 0.3 three times is 0.9, which it is not in binary."""
        found = _decimal(self.low) + index * _decimal(self.step or 1)
        return int(found) if self.whole else float(found)

    @property
    def samples(self) -> list[Any]:
        """Values that stand for all: what is refused of them is refused of the search."""
        return [self.low, self.last]

    def value(self, drawn: float) -> float:
        """A drawn number as it is written into a command: six digits tell configurations apart."""
        if not math.isinf(self.count):
            return self.at(round((drawn - self.low) / (self.step or 1)))
        return min(max(float(f"{drawn:.6g}"), self.low), self.high)


@dataclasses.dataclass(frozen=True)
class Choice:
    """One of some values: text, numbers, true or false, or lists of an option that takes several."""

    values: tuple[Any, ...]

    @property
    def labels(self) -> list[Any]:
        """What stands for the values in the journal: themselves, lists as JSON."""
        return [value if isinstance(value, _PLAIN) else json.dumps(value) for value in self.values]

    @property
    def count(self) -> int:
        """How many values these are."""
        return len(self.values)

    def at(self, index: int) -> Any:
        """The label of one of them."""
        return self.labels[index]

    @property
    def samples(self) -> list[Any]:
        """All values."""
        return list(self.values)

    def value(self, drawn: Any) -> Any:
        """The value of a label."""
        return self.values[self.labels.index(drawn)]


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def dimension_of(value: Any, where: str) -> Range | Choice:
    """A range (a table with low and high) or a choice (a list).

    Raises
    ------
    UsageError
        For anything else.

    >>> dimension_of({"low": 16, "high": 64, "step": 16}, "batch-size")
    Range(low=16, high=64, step=16, log=False)
    >>> dimension_of(["drsn-cw", "resnet"], "model").labels
    ['drsn-cw', 'resnet']
    """
    if isinstance(value, dict):
        return _range_of(value, where)
    if not isinstance(value, list) or not all(map(_is_option, value)):
        raise UsageError(mismatch(where, "a list of values, or { low = .., high = .. }", repr(value)))
    labels = [(type(label), label) for label in Choice(tuple(value)).labels]
    if len(set(labels)) < len(labels) or len(labels) < 2 or len(set(Choice(tuple(value)).labels)) < len(labels):
        raise UsageError(mismatch(where, "two values or more, each once", repr(value)))
    return Choice(tuple(value))


def _is_option(value: Any) -> bool:
    """Text, a number, true or false, or a list of such; TOML has dates, too."""
    return isinstance(value, _PLAIN) or (isinstance(value, list) and all(isinstance(one, _PLAIN) for one in value))


def _range_of(table: dict[str, Any], where: str) -> Range:
    if unknown := set(table) - set(_KEYS):
        raise UsageError(mismatch(where, f"keys of {', '.join(_KEYS)}", min(unknown)))
    log = table.get("log", False)
    numbers = {name: table[name] for name in _KEYS[:3] if name in table}
    right = all(isinstance(n, int | float) and not isinstance(n, bool) and math.isfinite(n) for n in numbers.values())
    if not right or not isinstance(log, bool) or not {"low", "high"} <= set(numbers):
        raise UsageError(mismatch(where, "numbers low and high (and step, or log = true)", repr(table)))
    found = Range(numbers["low"], numbers["high"], numbers.get("step"), log)
    if not found.low < found.high:
        raise UsageError(mismatch(where, "low below high", repr(table)))
    if log and (found.low <= 0 or found.step is not None):
        raise UsageError(mismatch(where, "low above 0 and no step where log = true", repr(table)))
    if found.step is not None and not 0 < found.step <= found.high - found.low:
        raise UsageError(mismatch(where, "a step above 0 that fits between low and high", repr(table)))
    if found.step is not None and found.whole and not isinstance(found.step, int):
        raise UsageError(mismatch(where, "a whole step between whole numbers", repr(table)))
    return found

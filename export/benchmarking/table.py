"""The bench's result: a row a contestant, for a terminal of 120 columns or as JSON."""

from __future__ import annotations

import dataclasses
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from drsn_keras.training.conditions import wilson_interval

from . import CLEAN
from .latency import QUIET_SPREAD, Latency

WIDTH = 120
_NAME_WIDTH = 30
_NONE = "-"


@dataclasses.dataclass(frozen=True)
class Row:
    """One contestant, measured.

    Parameters
    ----------
    name, scheme : str
    target : str or None
        Whose kernels it was lowered for; None where it was not lowered.
    latency : Latency
    ratio : float
        Its time by the first contestant's.
    partitions : int
        Of the XNNPACK delegate.
    outside : tuple of str
        Operators that the delegate does not run.
    float_tensors : int
    size_bytes : int
    accuracy : dict
        ``{condition: percent}``, such as ``{"clean": 91.2, "0": 74.0}``; empty where there is none.
    clips : int
        That the accuracy was measured on.
    """

    name: str
    scheme: str
    target: str | None
    latency: Latency
    ratio: float
    partitions: int
    outside: tuple[str, ...]
    float_tensors: int
    size_bytes: int
    accuracy: Mapping[str, float] = dataclasses.field(default_factory=dict)
    clips: int = 0

    def to_dict(self) -> dict[str, Any]:
        """For JSON; times in microseconds, accuracies in percent."""
        return {
            "name": self.name,
            "scheme": self.scheme,
            "target": self.target,
            "median_us": round(self.latency.median_us, 3),
            "p90_us": round(self.latency.p90_us, 3),
            "spread": round(self.latency.spread, 4),
            "stable": self.latency.stable,
            "ratio": round(self.ratio, 4),
            "partitions": self.partitions,
            "outside": dict(Counter(self.outside)),
            "float_tensors": self.float_tensors,
            "size_bytes": self.size_bytes,
            "accuracy": {condition: round(percent, 2) for condition, percent in self.accuracy.items()},
            "clips": self.clips,
        }


def render(rows: Sequence[Row], conditions: Sequence[str] = (), notes: Sequence[str] = ()) -> str:
    """The table; below it what left the delegate, how sure the accuracies are, whether the machine was quiet.

    Parameters
    ----------
    rows : sequence of Row
        The first is the one that ratios refer to.
    conditions : sequence of str
        Columns of accuracy, ``clean`` or an SNR [dB] as text.
    notes : sequence of str
        What else to say below it.

    Returns
    -------
    str
        Lines of at most 120 characters, without a newline at the end.
    """
    titles = [
        *(("", "model"), ("", "scheme"), ("", "target"), ("median", "us"), ("p90", "us"), ("ratio", "to 1st")),
        *(("parti-", "tions"), ("ops", "outside"), ("float", "tensors"), ("", "bytes")),
        *((condition if condition == CLEAN else f"{condition} dB", "%") for condition in conditions),
    ]
    columns = list(zip(*(_cells(row, conditions) for row in rows), strict=True))
    widths = [max(map(len, (*title, *cells))) for title, cells in zip(titles, columns, strict=True)]
    lines = [_line([title[i] for title in titles], widths) for i in range(2)]
    lines += [_line(list(cells), widths) for cells in zip(*columns, strict=True)]
    notes = [*_outside(rows), *notes, *_clips(rows), _quiet(rows)]
    return "\n".join(
        [*lines, "", *(line for note in notes for line in textwrap.wrap(note, WIDTH, subsequent_indent="  "))]
    )


def _cells(row: Row, conditions: Sequence[str]) -> list[str]:
    name = row.name if len(row.name) <= _NAME_WIDTH else "..." + row.name[3 - _NAME_WIDTH :]
    return [
        name,
        row.scheme,
        row.target or _NONE,
        f"{row.latency.median_us:.1f}",
        f"{row.latency.p90_us:.1f}",
        f"{row.ratio:.2f}",
        str(row.partitions),
        str(len(row.outside)),
        str(row.float_tensors),
        f"{row.size_bytes:,}",
        *(f"{row.accuracy[c]:.1f}" if c in row.accuracy else _NONE for c in conditions),
    ]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Text to the left, numbers to the right."""
    texts = 3
    padded = [f"{c:<{w}}" if i < texts else f"{c:>{w}}" for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return "  ".join(padded).rstrip()


def _outside(rows: Sequence[Row]) -> list[str]:
    """Which operators left the delegate, a line for all rows that agree."""
    agreeing: dict[str, list[str]] = {}
    for row in rows:
        if row.outside:
            operators = ", ".join(f"{n} {name}" for name, n in Counter(row.outside).most_common())
            agreeing.setdefault(operators, []).append(_full_name(row))
    return [f"Outside the delegate in {', '.join(names)}: {operators}." for operators, names in agreeing.items()]


def _clips(rows: Sequence[Row]) -> list[str]:
    """How many test clips, and what that is worth: an interval of one of the accuracies."""
    example: dict[int, float] = {}
    for row in rows:
        for percent in row.accuracy.values():
            example.setdefault(row.clips, percent)
    found = []
    for n, percent in example.items():
        low, high = wilson_interval(round(percent * n / 100.0), n)
        found.append(f"Accuracy on {n:,} test clips: {percent:.1f} % has a 95 % interval of {low:.1f} to {high:.1f} %.")
    return found


def _quiet(rows: Sequence[Row]) -> str:
    worst = max(rows, key=lambda row: row.latency.spread)
    spread = f"medians of successive tenths lie within {100 * worst.latency.spread:.0f} % ({_full_name(worst)})"
    if worst.latency.stable:
        return f"The machine was quiet: {spread}."
    return f"The machine was NOT quiet: {spread}, expected {100 * QUIET_SPREAD:.0f} %; measure again."


def _full_name(row: Row) -> str:
    return row.name if row.name.endswith(row.scheme) else f"{row.name} {row.scheme}"

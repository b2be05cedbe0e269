"""The lines of ``drsn-edge listen``. Standard library only."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from .sinks import Moment, Sink


def detection_result(moment: Moment) -> dict[str, Any]:
    """What a word's line says; the moment's verdict has a detection."""
    found = moment.verdict.detection
    start = {"start_s": round(found.start_s, 4)}
    return _result("detection", moment, found.label, found.score, start)


def verdict_result(moment: Moment) -> dict[str, Any]:
    """What the line of an evaluation says."""
    return _result("verdict", moment, moment.verdict.label, moment.verdict.score, {})


def iso_utc(clock_s: float) -> str:
    """Unix time to ISO 8601 in UTC, to a millisecond.

    >>> iso_utc(0.5)
    '1970-01-01T00:00:00.500Z'
    """
    moment = datetime.datetime.fromtimestamp(clock_s, datetime.timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _result(kind: str, moment: Moment, label: str, score: float, more: dict[str, Any]) -> dict[str, Any]:
    result = {
        "type": kind,
        "source": moment.source,
        "time_s": round(moment.verdict.time_s, 4),
        "label": label,
        "score": round(score, 4),
        **more,
    }
    if moment.verdict.noise_level_db is not None:
        result["noise_level_db"] = round(moment.verdict.noise_level_db, 1)
    if moment.clock_s is not None:
        result["clock"] = iso_utc(moment.clock_s)
    return result


class Lines(Sink):
    """Prints: JSON, or columns two spaces apart; with ``every`` the last column says which kind of line it is.

    Parameters
    ----------
    as_json, every : bool
        ``every`` evaluation has a line, not only detections.
    before : callable
        Called before a line is printed: takes a bar away from the terminal.

    Raises
    ------
    BrokenPipeError
        Unlike other sinks, where nobody reads the lines any more.
    """

    def __init__(self, as_json: bool, every: bool, before: Callable[[], None]) -> None:
        self._as_json, self._every, self._before = as_json, every, before

    def evaluated(self, moment: Moment) -> None:
        if self._every:
            self._print(verdict_result(moment))

    def detected(self, result: dict[str, Any], moment: Moment) -> None:
        self._print(result)

    def _print(self, result: dict[str, Any]) -> None:
        self._before()
        print(json.dumps(result) if self._as_json else self._columns(result), flush=True)

    def _columns(self, result: dict[str, Any]) -> str:
        columns = [result["source"], f"{result['time_s']:.2f} s", result["label"], f"{result['score']:.2f}"]
        if "noise_level_db" in result:
            columns.append(f"noise {result['noise_level_db']:.0f} dB")
        return "  ".join([*columns, result["type"]] if self._every else columns)

"""Questions to the store's tables, on a connection."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from .records import Record

#: A feature's value goes into its hour.
ADD_TO_HOUR = """
INSERT INTO hours VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT (machine, feature, hour) DO UPDATE SET
    n = n + 1, low = min(low, excluded.low), total = total + excluded.total, high = max(high, excluded.high)
"""
TO_SEND = """
SELECT outbox.seq, kind, outbox.machine, coalesce(outbox.json, records.json), tried, ref
FROM outbox LEFT JOIN records ON records.seq = outbox.seq WHERE outbox.seq > ? ORDER BY outbox.seq LIMIT ?
"""
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
#: Trends of what is no feature: where it stands in a record.
_PATHS = {"health_percent": "$.health_percent", "normal_distance": "$.state.normal.distance"}
#: A span up to here is told by records, a longer one by hours [s].
_RECORDS_SPAN_S = 2 * 86400.0
_FROM_RECORDS = """
SELECT avg(time_s), min(x), avg(x), max(x) FROM (
    SELECT time_s, json_extract(json, :path) AS x FROM records
    WHERE machine = :machine AND time_s BETWEEN :since AND :until
) WHERE typeof(x) IN ('real', 'integer') GROUP BY CAST((time_s - :since) / :width AS INTEGER) ORDER BY 1
"""
_FROM_HOURS = """
SELECT avg(hour * 3600.0 + 1800.0), min(low), sum(total) / sum(n), max(high) FROM hours
WHERE machine = :machine AND feature = :feature AND hour BETWEEN :since / 3600 - 1 AND :until / 3600
GROUP BY CAST((hour * 3600.0 - :since) / :width AS INTEGER) ORDER BY 1
"""
#: The speed in the record that a waveform ends with, where that is still kept.
_RPM = """
SELECT json_extract(json, '$.rpm') FROM records JOIN waveforms USING (machine, time_s) WHERE waveforms.id = waveform_id
"""
_ALARMS = "SELECT *, EXISTS (SELECT 1 FROM waveforms WHERE id = waveform_id) AS waveform FROM alarms"


class Waveform(NamedTuple):
    """A row of waveforms; ``time_s`` is the end of its samples."""

    alarm_id: int | None
    machine: str
    time_s: float
    sample_rate_hz: float
    samples: np.ndarray


def extra_trends(record: Record) -> Iterator[tuple[str, float | None]]:
    """What has a trend beside the features."""
    yield "health_percent", record.health_percent
    normal = record.state.get("normal") or {}
    distance = normal.get("distance")
    yield "normal_distance", distance if isinstance(distance, int | float) else None


def latest(connection: sqlite3.Connection, machine: str) -> Record | None:
    """The last record of a machine."""
    what = "SELECT json FROM records WHERE machine = ? ORDER BY epoch DESC, idx DESC LIMIT 1"
    row = connection.execute(what, (machine,)).fetchone()
    return None if row is None else Record.from_dict(json.loads(row[0]))


def trend(
    connection: sqlite3.Connection, machine: str, feature: str, since_s: float, until_s: float, points: int
) -> list[tuple[float, float, float, float]]:
    """(time_s, min, mean, max), at most about ``points``."""
    span_s = until_s - since_s
    if not _NAME.fullmatch(feature) or not 0.0 < span_s < 1e10 or points < 1:
        return []
    asked = {
        "machine": machine,
        "feature": feature,
        "path": _PATHS.get(feature, f'$.features."{feature}"'),
        "since": since_s,
        "until": until_s,
        "width": span_s / points,
    }
    what = _FROM_RECORDS
    if span_s > _RECORDS_SPAN_S:
        asked["width"] = max(asked["width"], 3600.0)
        what = _FROM_HOURS
    return connection.execute(what, asked).fetchall()


def alarms(connection: sqlite3.Connection, open_only: bool, machine: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    where = "(? IS NULL OR machine = ?)" + (" AND (cleared_s IS NULL OR acknowledged_s IS NULL)" if open_only else "")
    rows = connection.execute(f"{_ALARMS} WHERE {where} ORDER BY id DESC LIMIT ?", (machine, machine, limit))
    return _dictionaries(rows)


def alarm(connection: sqlite3.Connection, alarm_id: int) -> dict[str, Any] | None:
    """One of them."""
    found = _dictionaries(connection.execute(f"{_ALARMS} WHERE id = ?", (alarm_id,)))
    return found[0] if found else None


def labelled(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Acknowledged, with a label and a waveform, and ``rpm`` where it is known; the oldest first."""
    where = "acknowledged_s IS NOT NULL AND label IS NOT NULL AND waveform ORDER BY acknowledged_s"
    found = _dictionaries(connection.execute(f"SELECT *, ({_RPM}) AS rpm FROM ({_ALARMS}) WHERE {where}"))
    first = {alarm["waveform_id"]: alarm for alarm in reversed(found)}
    return sorted(first.values(), key=lambda alarm: alarm["id"])


def events(
    connection: sqlite3.Connection, limit: int, before_id: int | None, machine: str | None
) -> list[dict[str, Any]]:
    """The newest first."""
    what = "SELECT * FROM events WHERE (? IS NULL OR id < ?) AND (? IS NULL OR machine = ?) ORDER BY id DESC LIMIT ?"
    found = _dictionaries(connection.execute(what, (before_id, before_id, machine, machine, limit)))
    return [{**event, "detail": json.loads(event["detail"])} for event in found]


def waveform(connection: sqlite3.Connection, alarm_id: int) -> tuple[float, np.ndarray] | None:
    """The newest of an alarm."""
    what = "SELECT sample_rate_hz, samples FROM waveforms WHERE id = (SELECT waveform_id FROM alarms WHERE id = ?)"
    row = connection.execute(what, (alarm_id,)).fetchone()
    return None if row is None else (row[0], np.frombuffer(row[1], "<f4"))


def waveform_row(connection: sqlite3.Connection, ref: int) -> Waveform | None:
    """One by its own number; None where retention took it."""
    what = "SELECT alarm_id, machine, time_s, sample_rate_hz, samples FROM waveforms WHERE id = ?"
    row = connection.execute(what, (ref,)).fetchone()
    return None if row is None else Waveform(*row[:4], np.frombuffer(row[4], "<f4"))


def _dictionaries(rows: sqlite3.Cursor) -> list[dict[str, Any]]:
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows]

"""Keep the store within its quota. Standard library only.

First go waveforms above their own quota (those nobody has labelled first), then the oldest records that have been
sent, then old lines of the event log and alarms long over, at last the oldest hours of the trends where those have
more than their part. What has not been sent stays, whatever the quota: only :func:`drop_unsent` gives it up.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import NamedTuple

from .database import Database

#: Rows a transaction, at most: others want to write, too.
_CHUNK = 2000
#: The last records stay, for the page.
_KEPT_RECORDS = 200
#: Share of the quota to come down to: deleting is worth its while.
_GOAL = 0.9
_KEPT_EVENTS = 10_000
_DROPPED = 500
#: Hours of trends, of about so many bytes, may have this part of the quota.
_HOURS_SHARE, _HOUR_BYTES = 4, 100
_FREE_RECORDS = """
DELETE FROM records WHERE seq IN (SELECT seq FROM records
    WHERE seq < (SELECT coalesce(min(seq), 9223372036854775807) FROM outbox)
    AND seq <= (SELECT max(seq) FROM records) - ? ORDER BY seq LIMIT ?)
"""
_OLD_EVENTS = """
DELETE FROM events WHERE id IN (SELECT id FROM events
    WHERE id <= (SELECT max(id) FROM events) - ? ORDER BY id LIMIT ?)
"""
_OLD_ALARMS = """
DELETE FROM alarms WHERE id IN (SELECT id FROM alarms WHERE cleared_s IS NOT NULL
    AND id <= (SELECT max(id) FROM alarms) - ? AND waveform_id IS NULL
    ORDER BY id LIMIT ?)
"""
_OLD_HOURS = """
DELETE FROM hours WHERE (SELECT count(*) FROM hours) > ? AND hour <= (SELECT min(hour) + 23 FROM hours)
"""
_OLDEST_WAVEFORM = """
SELECT id, length(samples) FROM waveforms WHERE id NOT IN (SELECT ref FROM outbox WHERE kind = 'waveform')
ORDER BY EXISTS (SELECT 1 FROM alarms WHERE waveform_id = waveforms.id AND label IS NOT NULL), id LIMIT 1
"""


class Retained(NamedTuple):
    """What went, and whether the file is still above its quota because the rest has not been sent."""

    rows: int
    over_quota: bool


def retain(database: Database, quota_bytes: int, waveform_quota_bytes: int) -> Retained:
    """Bring the file to its quota, in short transactions."""
    n_rows = _thin_waveforms(database, waveform_quota_bytes)
    chunk = max(20, min(_CHUNK, quota_bytes >> 15))
    used, on_disk = database.sizes()
    if used <= quota_bytes and on_disk <= quota_bytes:
        if n_rows:
            database.shrink()
        return Retained(n_rows, False)
    for what, values in (
        (_FREE_RECORDS, (_KEPT_RECORDS, chunk)),
        (_OLD_EVENTS, (_KEPT_EVENTS, chunk)),
        (_OLD_ALARMS, (_KEPT_EVENTS, chunk)),
        (_OLD_HOURS, (quota_bytes // _HOURS_SHARE // _HOUR_BYTES,)),
    ):
        while database.sizes()[0] > _GOAL * quota_bytes:
            with database.writing() as connection:
                gone = connection.execute(what, values).rowcount
            if gone < 1:
                break
            n_rows += gone
    database.shrink(quota_bytes // 8)
    return Retained(n_rows, database.sizes()[0] > quota_bytes)


def _thin_waveforms(database: Database, quota_bytes: int) -> int:
    n_rows = 0
    with database.reading() as connection:
        (used,) = connection.execute("SELECT coalesce(sum(length(samples)), 0) FROM waveforms").fetchone()
    while used > quota_bytes:
        with database.writing() as connection:
            oldest = connection.execute(_OLDEST_WAVEFORM).fetchone()
            if oldest is None:
                break
            connection.execute("DELETE FROM waveforms WHERE id = ?", oldest[:1])
            connection.execute("UPDATE alarms SET waveform_id = NULL WHERE waveform_id = ?", oldest[:1])
        used -= oldest[1]
        n_rows += 1
    return n_rows


def drop_unsent(database: Database, quota_bytes: int) -> int:
    """Give up the oldest rows that wait for the broker where the file is above its quota; their number."""
    if database.sizes()[1] <= quota_bytes:
        return 0
    with database.writing() as connection:
        newest = connection.execute("SELECT seq FROM outbox ORDER BY seq LIMIT 1 OFFSET ?", (_DROPPED,)).fetchone()
        last = newest[0] if newest else 0
        gone = connection.execute("DELETE FROM outbox WHERE seq < ?", (last,)).rowcount
        connection.execute("DELETE FROM records WHERE seq < ?", (last,))
    with contextlib.suppress(sqlite3.Error):
        database.shrink(0)
    return gone

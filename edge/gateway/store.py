"""The embedded store: what was measured, what is to be sent, and where each station goes on."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from drsn_keras.errors import DataError, mismatch

from . import queries, retention
from .database import Database, StoreDamaged, StoreUnavailable
from .records import AlarmChange, Event, Record, Step
from .store_alarms import acknowledge_alarm, apply_change
from .transaction import Numbers, Transaction, one_line

__all__ = ["Outgoing", "StationState", "Store", "StoreDamaged", "StoreUnavailable"]

#: A picture is for the page only: it goes to the disk this seldom, and when an alarm changes [s].
_PICTURE_EVERY_S = 300.0


class StationState(NamedTuple):
    """Where a machine's station goes on."""

    memory: dict[str, Any]
    position: int
    epoch: int
    cookie: str


class Outgoing(NamedTuple):
    """A row for the publisher; ``kind`` is features, alarm, event or waveform (``json`` is empty for that one)."""

    seq: int
    kind: str
    machine: str
    json: str
    tried: bool
    ref: int | None = None


class Store:
    """One gateway's SQLite file. All methods may be called from any thread; what returned is on the disk.

    Parameters
    ----------
    path : Path
    quota_mb, waveform_quota_mb : int
        Of the whole file and of the waveforms in it [MiB].
    publish : bool
        False: nobody sends, nothing waits to be sent.

    Attributes
    ----------
    id : str
        Drawn when the file was made. With it (machine, epoch, index) names a record for ever, also where a damaged
        store had to be begun anew.

    Raises
    ------
    DataError
        Another process has it open, or the folder cannot be written. A damaged file is moved aside, which ``events``
        then tell.
    """

    def __init__(self, path: Path, quota_mb: int = 1024, waveform_quota_mb: int = 256, publish: bool = True) -> None:
        self.path = Path(path)
        self.quota_bytes, self.waveform_quota_bytes = quota_mb << 20, waveform_quota_mb << 20
        self._database = Database(self.path)
        self._numbers = Numbers(self._database, publish)
        self._pictures: dict[str, dict] = {}
        with self._database.reading() as connection:
            (self.id,) = connection.execute("SELECT value FROM meta WHERE key = 'id'").fetchone()
        self.moved_to = self._database.moved_to
        if self.moved_to is not None:
            text = f"the store was damaged and begins anew; the old one is {self.moved_to.name}"
            self.log(Event(time.time(), "", "store", text))

    # --- what stations give -----------------------------------------------------------------------------------

    def commit(self, step: Step) -> int:
        """Record, events, alarms, waveform, memory and position in one transaction.

        Returns
        -------
        int
            The record's ``seq``; of a record that is there already, that one's (nothing is written then).

        Raises
        ------
        StoreUnavailable
            Nothing was written; try again.
        """
        return self.commit_all([step])[0]

    def commit_all(self, steps: Sequence[Step]) -> list[int]:
        """Several steps in one transaction: one wait for the disk."""
        with self._numbers.transaction() as write:
            return [self._commit(write, step) for step in steps]

    def _commit(self, write: Transaction, step: Step) -> int:
        record, connection = step.record, write.connection
        known = connection.execute(
            "SELECT seq FROM records WHERE machine = ? AND epoch = ? AND idx = ?",
            (record.machine, record.epoch, record.index),
        ).fetchone()
        if known:
            return known[0]
        seq = write.send("features", record.machine, None)
        connection.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
            (seq, record.machine, record.epoch, record.index, record.time_s, record.to_json()),
        )
        self._sum_hour(connection, record)
        raised = []
        for change in step.changes:
            alarm_id = apply_change(write, change)
            if change.raised and alarm_id is not None:
                raised.append(alarm_id)
        for event in step.events:
            write.event(event)
        if step.waveform is not None:
            self._keep_waveform(write, step, raised)
        self._pictures[record.machine] = step.picture
        self._keep_station(connection, step)
        return seq

    def _keep_station(self, connection: sqlite3.Connection, step: Step) -> None:
        machine, now = step.record.machine, time.time()
        shown = connection.execute("SELECT picture_s FROM stations WHERE machine = ?", (machine,)).fetchone()
        fresh = shown is not None and 0.0 <= now - shown[0] < _PICTURE_EVERY_S and not step.changes
        values = (json.dumps(step.memory), step.position, step.epoch, step.cookie)
        if fresh:
            what = "UPDATE stations SET memory = ?, position = ?, epoch = ?, cookie = ? WHERE machine = ?"
            connection.execute(what, (*values, machine))
        else:
            what = "INSERT OR REPLACE INTO stations VALUES (?, ?, ?, ?, ?, ?, ?)"
            connection.execute(what, (machine, *values, one_line(step.picture), now))

    def _sum_hour(self, connection: sqlite3.Connection, record: Record) -> None:
        values = [*record.features.items(), *queries.extra_trends(record)]
        hour = int(record.time_s // 3600)
        rows = [(record.machine, name, hour, x, x, x) for name, x in values if x is not None and math.isfinite(x)]
        connection.executemany(queries.ADD_TO_HOUR, rows)

    def _keep_waveform(self, write: Transaction, step: Step, raised: list[int]) -> None:
        """One, that all alarms of the step point to."""
        record = step.record
        samples = np.asarray(step.waveform, "<f4")
        ref = write.connection.execute(
            "INSERT INTO waveforms (alarm_id, machine, time_s, sample_rate_hz, samples) VALUES (?, ?, ?, ?, ?)",
            (raised[0] if raised else None, record.machine, record.time_s, record.sample_rate_hz, samples.tobytes()),
        ).lastrowid
        what = "UPDATE alarms SET waveform_id = ? WHERE id = ?"
        write.connection.executemany(what, [(ref, alarm_id) for alarm_id in raised])
        write.send("waveform", record.machine, None, ref)

    def station(self, machine: str) -> StationState | None:
        """What was committed last for a machine; None for a new one."""
        what = "SELECT memory, position, epoch, cookie FROM stations WHERE machine = ?"
        with self._database.reading() as connection:
            row = connection.execute(what, (machine,)).fetchone()
        return None if row is None else StationState(json.loads(row[0]), *row[1:])

    # --- what the service and people say ----------------------------------------------------------------------

    def log(self, event: Event) -> None:
        """Keep a line of the event log (and send it)."""
        self.change((), (event,))

    def change(self, changes: Iterable[AlarmChange], events: Iterable[Event] = ()) -> None:
        """Alarms and events that come with no record: a source that is silent, a store that is full."""
        with self._numbers.transaction() as write:
            for change in changes:
                apply_change(write, change)
            for event in events:
                write.event(event)

    def acknowledge(self, alarm_id: int, who: str, comment: str = "", label: str | None = None) -> None:
        """A person has seen an alarm; said again, comment and label are replaced.

        Raises
        ------
        DataError
            If there is no such alarm.
        """
        with self._numbers.transaction() as write:
            if not acknowledge_alarm(write, alarm_id, who, comment, label):
                raise DataError(mismatch("alarm", "the number of one", alarm_id))

    # --- the publisher ----------------------------------------------------------------------------------------

    def to_send(self, limit: int, after: int = 0) -> list[Outgoing]:
        """The oldest rows that are not acknowledged, in order, those with ``seq`` above ``after``."""
        with self._database.reading() as connection:
            rows = connection.execute(queries.TO_SEND, (after, limit)).fetchall()
        return [
            Outgoing(seq, kind, machine, text or "", bool(tried), ref) for seq, kind, machine, text, tried, ref in rows
        ]

    def mark(self, tried: Sequence[int] = (), sent: Sequence[int] = ()) -> None:
        """In one transaction, by ``seq``.

        Parameters
        ----------
        tried : sequence of int
            About to be handed to the network: from here on they may have arrived.
        sent : sequence of int
            Acknowledged by the broker; they are done with.
        """
        if not tried and not sent:
            return
        with self._database.writing() as connection:
            connection.executemany("UPDATE outbox SET tried = 1 WHERE seq = ? AND tried = 0", [(seq,) for seq in tried])
            connection.executemany("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in sent])

    def waiting(self) -> int:
        """Rows that are not sent."""
        with self._database.reading() as connection:
            return connection.execute("SELECT count(*) FROM outbox").fetchone()[0]

    # --- the page ---------------------------------------------------------------------------------------------

    def latest(self, machine: str) -> Record | None:
        """The last record of a machine."""
        with self._database.reading() as connection:
            return queries.latest(connection, machine)

    def trend(
        self, machine: str, feature: str, since_s: float, until_s: float, points: int = 500
    ) -> list[tuple[float, float, float, float]]:
        """(time_s, min, mean, max) of a feature, at most ``points`` of them; a long span is told by the hour.

        ``health_percent`` and ``normal_distance`` have trends like a feature. An unknown name has none.
        """
        with self._database.reading() as connection:
            return queries.trend(connection, machine, feature, since_s, until_s, points)

    def picture(self, machine: str) -> dict[str, Any]:
        """Spectra of the last record; empty before the first."""
        if machine in self._pictures:
            return self._pictures[machine]
        with self._database.reading() as connection:
            row = connection.execute("SELECT picture FROM stations WHERE machine = ?", (machine,)).fetchone()
        return json.loads(row[0]) if row else {}

    def alarms(self, open_only: bool = False, machine: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """The newest first; open is one that stands or that nobody has acknowledged. Keys as in the table ``alarms``,
        and ``waveform``: whether there is one."""
        with self._database.reading() as connection:
            return queries.alarms(connection, open_only, machine, limit)

    def alarm(self, alarm_id: int) -> dict[str, Any] | None:
        """One alarm, as in :meth:`alarms`."""
        with self._database.reading() as connection:
            return queries.alarm(connection, alarm_id)

    def events(
        self, limit: int = 100, before_id: int | None = None, machine: str | None = None
    ) -> list[dict[str, Any]]:
        """The newest first: id, time_s, machine, kind, text, detail."""
        with self._database.reading() as connection:
            return queries.events(connection, limit, before_id, machine)

    def waveform(self, alarm_id: int) -> tuple[float, np.ndarray] | None:
        """Sample rate [Hz] and samples [shape=(n,), float32] around an alarm."""
        with self._database.reading() as connection:
            return queries.waveform(connection, alarm_id)

    def waveform_row(self, ref: int) -> queries.Waveform | None:
        """One waveform by its own number, as :class:`Outgoing` names it."""
        with self._database.reading() as connection:
            return queries.waveform_row(connection, ref)

    def labelled(self) -> Iterator[tuple[dict[str, Any], float, np.ndarray]]:
        """Acknowledged alarms that have a label and a waveform, oldest first: alarm, sample rate [Hz], samples.

        Of alarms raised by one record, which share its waveform, the one that was labelled first.
        """
        with self._database.reading() as connection:
            found = queries.labelled(connection)
        for alarm in found:  # one waveform in memory at a time
            kept = self.waveform(alarm["id"])
            if kept is not None:
                yield alarm, *kept

    # --- its size ---------------------------------------------------------------------------------------------

    def size_bytes(self) -> int:
        """Of its files on the disk.

        Raises
        ------
        StoreDamaged
            The file that is written to is not the one in the folder any more.
        """
        self._database.need_in_place()
        return self._database.sizes()[1]

    def retain(self) -> retention.Retained:
        """Keep to the quota: the oldest that was sent goes first; what was not sent stays."""
        return retention.retain(self._database, self.quota_bytes, self.waveform_quota_bytes)

    def drop_unsent(self) -> int:
        """Over its quota on a full disk: give up the oldest rows that wait for the broker; their number."""
        return retention.drop_unsent(self._database, self.quota_bytes)

    def close(self) -> None:
        """End in order; closed again, it stays closed."""
        if self._database.is_closed:
            return
        try:
            with self._database.writing() as connection:
                rows = [(one_line(picture), machine) for machine, picture in self._pictures.items()]
                connection.executemany("UPDATE stations SET picture = ? WHERE machine = ?", rows)
        except StoreUnavailable:
            pass  # pictures only
        finally:
            self._database.close()

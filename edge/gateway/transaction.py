"""A transaction that draws the numbers by which rows are sent in order. Standard library only."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

from .database import Database
from .records import Event


class Transaction:
    """What may be written inside of one; made by :class:`Numbers`."""

    def __init__(self, connection: sqlite3.Connection, seq: int, publish: bool) -> None:
        self.connection = connection
        self.seq = seq
        self._publish = publish

    def send(self, kind: str, machine: str, text: str | None, ref: int | None = None) -> int:
        """Give the next number, and put a row into the outbox if anybody sends."""
        self.seq += 1
        if self._publish:
            what = "INSERT INTO outbox (seq, kind, machine, json, ref) VALUES (?, ?, ?, ?, ?)"
            self.connection.execute(what, (self.seq, kind, machine, text, ref))
        return self.seq

    def event(self, event: Event) -> None:
        """A line of the event log."""
        what = "INSERT INTO events (time_s, machine, kind, text, detail) VALUES (?, ?, ?, ?, ?)"
        row = (event.time_s, event.machine, event.kind, event.text, one_line(event.detail))
        self.connection.execute(what, row)
        self.send("event", event.machine, one_line(event.to_dict()))


class Numbers:
    """Draws ``seq`` in the order in which transactions end; of one that fails no number is used up.

    Parameters
    ----------
    database : Database
    publish : bool
        Whether anybody empties the outbox.
    """

    def __init__(self, database: Database, publish: bool) -> None:
        self._database, self._publish = database, publish
        self._lock = threading.RLock()
        with database.reading() as connection:
            self._seq = int(connection.execute("SELECT value FROM meta WHERE key = 'seq'").fetchone()[0])

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All or nothing."""
        with self._lock:
            with self._database.writing() as connection:
                transaction = Transaction(connection, self._seq, self._publish)
                yield transaction
                connection.execute("UPDATE meta SET value = ? WHERE key = 'seq'", (str(transaction.seq),))
            self._seq = transaction.seq


def one_line(value: Any) -> str:
    """JSON that any program reads: what is not finite becomes null."""
    return json.dumps(_finite(value), sort_keys=True, allow_nan=False, ensure_ascii=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""The file below the store: opened, locked, checked, moved aside where it is damaged. Standard library only.

References
----------
SQLite, "Write-Ahead Logging" and "PRAGMA synchronous": in WAL mode with FULL a commit is on the disk when it returns.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from drsn_keras.errors import DataError, DrsnError, mismatch

from .schema import TABLES, VERSION

_SUFFIXES = ("", "-wal", "-shm")
_DAMAGE = ("malformed", "not a database", "file is encrypted", "disk image")


class StoreUnavailable(DrsnError):
    """Nothing can be written now (full or failing disk); what was not committed has to be tried again."""


class StoreDamaged(DrsnError):
    """The file contradicts itself; it is moved aside at the next start."""


class Database:
    """One process's own SQLite file in WAL mode, a connection to write and one to read.

    Parameters
    ----------
    path : Path
        Made where it is not there.
    repair : bool
        Whether a damaged file is moved aside, and begun anew; otherwise it is an error.

    Attributes
    ----------
    moved_to : Path or None
        Where a damaged file of an earlier time was put when this one was opened.

    Raises
    ------
    DataError
        Another process has it open, the folder cannot be written, or the file is a database of something else or of a
        later version: that is left as it is.
    StoreDamaged
        Without ``repair``.
    """

    def __init__(self, path: Path, repair: bool = True) -> None:
        self.path = Path(path)
        self.moved_to: Path | None = None
        self.is_closed = False
        self._lock, self._read_lock = threading.RLock(), threading.RLock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._held = os.fdopen(_private(f"{self.path}.lock", os.O_RDWR | os.O_CREAT), "r+")
        except OSError as error:
            raise DataError(mismatch(path, "a folder to write to", error.strerror or error)) from None
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._held.close()
            raise DataError(mismatch(path, "a store that no other process has open", "one in use")) from None
        try:
            self._open(repair)
        except BaseException:
            self._held.close()
            raise

    def _open(self, repair: bool) -> None:
        try:
            self._writer = self._connect()
        except StoreDamaged:
            if not repair:
                raise
            self.moved_to = self._move_aside()
            self._writer = self._connect()
        self._reader = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        self._reader.execute("PRAGMA query_only = ON")
        self._identity = _identity(self.path)

    def _connect(self) -> sqlite3.Connection:
        """A connection to a file that is whole and has the tables."""
        with contextlib.suppress(OSError):  # SQLite says what is wrong, and gives its other files the same rights
            os.close(_private(self.path, os.O_RDWR | os.O_CREAT))
        with _translated(self.path):
            connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            with _translated(self.path):
                self._need_ours(connection)
                connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table, or it has no effect
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                self._need_tables(connection)
                if connection.execute("SELECT value FROM meta WHERE key = 'clean'").fetchone() != ("1",):
                    # It did not end in order. A power cut alone does no harm; the card below may have its own ideas.
                    self._need_whole(connection)
                connection.execute("UPDATE meta SET value = '0' WHERE key = 'clean'")
        except BaseException:
            connection.close()
            raise
        return connection

    def _need_ours(self, connection: sqlite3.Connection) -> None:
        """Before anything is written: a whole database of something else is no damaged one of ours."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and not version:
            return
        if not tables >= {"meta", "records", "outbox"}:
            raise DataError(mismatch(self.path, "a gateway's store, or none yet", "a database of something else"))
        if version > VERSION:
            expected = f"a store of version {VERSION} at most"
            raise DataError(mismatch(self.path, expected, f"{version}, of a later drsn-keras"))

    def _need_tables(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return
        if version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
            raise StoreDamaged(f"{self.path}: tables of version {version}")
        first = f"INSERT INTO meta VALUES ('id', '{secrets.token_hex(6)}'), ('seq', '0'), ('clean', '1');"
        connection.executescript(f"BEGIN IMMEDIATE; {TABLES} {first} PRAGMA user_version = {VERSION}; COMMIT;")

    def _need_whole(self, connection: sqlite3.Connection) -> None:
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise StoreDamaged(f"{self.path}: {found}")

    def _move_aside(self) -> Path:
        """The damaged file gets another name; of several the newest is kept."""
        for old in self.path.parent.glob(f"{self.path.name}.damaged-*"):
            old.unlink()
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
        for suffix in _SUFFIXES:
            with contextlib.suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").rename(f"{aside}{suffix}")
        return aside

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk afterwards, or nothing.

        Raises
        ------
        StoreUnavailable, StoreDamaged
        """
        with self._lock, _translated():
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The other connection: sees what is committed, makes no writer wait."""
        with self._read_lock, _translated():
            yield self._reader

    def need_in_place(self) -> None:
        """What is written into a file that was removed or replaced is gone at the end, without an error.

        Raises
        ------
        StoreDamaged
        """
        if _identity(self.path) != self._identity:
            raise StoreDamaged(f"{self.path}: was removed or replaced while it was in use")

    def sizes(self) -> tuple[int, int]:
        """Bytes in use, and bytes of the files."""
        with self.reading() as connection:
            numbers = [
                connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            ]
        page, count, free = numbers
        return page * (count - free), sum(_size(Path(f"{self.path}{suffix}")) for suffix in _SUFFIXES)

    def shrink(self, wal_bytes: int = 8 << 20) -> None:
        """Give free pages back to the file system, and a write-ahead log that has grown."""
        with _translated():
            while self._writer.execute("PRAGMA freelist_count").fetchone()[0] > 0:
                with self._lock:  # others want to write in between
                    # By execute() it is stepped once, and gives back one page.
                    self._writer.executescript("PRAGMA incremental_vacuum(1024)")
        with self._lock, _translated():
            if _size(Path(f"{self.path}-wal")) > wal_bytes:
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """End in order: the next start need not look through the file."""
        with self._lock, self._read_lock:
            self.is_closed = True
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("UPDATE meta SET value = '1' WHERE key = 'clean'")
            self._reader.close()
            self._writer.close()
            self._held.close()


def _private(path: str | Path, flags: int) -> int:
    """A file that, where it is new, is its owner's alone."""
    return os.open(path, flags, 0o600)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextlib.contextmanager
def _translated(where: Path | str = "store") -> Iterator[None]:
    """SQLite's errors into the two that matter here."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if any(word in text for word in _DAMAGE):
            raise StoreDamaged(f"{where}: {text}") from error
        if isinstance(error, sqlite3.OperationalError):
            raise StoreUnavailable(f"{where}: {text}") from error
        raise

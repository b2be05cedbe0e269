"""The list of a folder of captures: a JSON line each, oldest first. Standard library only."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import file_state, write_atomically

LIST_NAME = "captures.jsonl"
_LOCK_NAME = ".captures.lock"


def read_captures(folder: Path) -> list[dict[str, Any]]:
    """The list's lines, oldest first; lines that a power cut has damaged are passed over.

    Raises
    ------
    DataError
        If there is no such folder.
    """
    if not Path(folder).is_dir():
        raise DataError(
            mismatch(folder, "a folder of captures", "a file" if Path(folder).exists() else "nothing there")
        )
    path = Path(folder) / LIST_NAME
    rows = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict) and isinstance(row.get("file"), str):
            rows.append(row)
    return rows


def review(folder: Path, files: Iterable[str], said: dict[str, Any]) -> None:
    """Write into the lines of these files what a person found."""
    wanted = set(files)
    with locked(folder):
        rows = read_captures(folder)
        write_list(folder, ({**row, "reviewed": said} if row["file"] in wanted else row for row in rows))


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else changes the folder meanwhile."""
    with (folder / _LOCK_NAME).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_list(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Replace the list in one step; for who holds the lock."""
    write_atomically(folder / LIST_NAME, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def list_state(folder: Path) -> object:
    """What changes when somebody else writes to the list."""
    return file_state(folder / LIST_NAME)

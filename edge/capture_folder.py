"""A folder of short recordings within a quota: ``triggers/WORD/*.wav``, ``near-misses/WORD/*.wav``, captures.jsonl."""

from __future__ import annotations

import json
from collections import deque
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from .capture import KINDS, Capture
from .capture_list import LIST_NAME, list_state, locked, read_captures, write_list
from .wav_writer import WavWriter

#: Lines of files that have gone are left in the list until there are more of them than of others, and than this.
_FEW_LINES = 64


class CaptureFolder:
    """Writes captures; the oldest go, so that there are never more bytes than the quota, not even while writing.

    Other processes may write to the folder or review it at the same time: each holds its lock while it changes it.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    quota_bytes : int
        Of all its files.

    Attributes
    ----------
    n_captures, n_bytes : int
        That are there; the list counts twice, because a new one is written beside it.

    Raises
    ------
    OSError
        As every method: a full or read-only disk, a missing permission. Nothing is left half done.
    """

    def __init__(self, folder: Path, quota_bytes: int) -> None:
        self.folder, self.quota_bytes = Path(folder), quota_bytes
        self._clips: deque[tuple[str, int]] = deque()
        self._list_bytes = self._clip_bytes = self._n_lines = 0
        self._torn = False
        self._state: object = None

    @property
    def n_captures(self) -> int:
        return len(self._clips)

    @property
    def n_bytes(self) -> int:
        return self._clip_bytes + 2 * self._list_bytes

    def open(self) -> None:
        """Count what is there, remove what is beyond the quota."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            self._scan()
            self._make_room(0)

    def write(self, capture: Capture) -> str:
        """Keep a capture; returns its file relative to the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            if self._state is None or self._state != list_state(self.folder):
                self._scan()
            file = self._free_name(capture)
            line = json.dumps(capture.to_dict(file), ensure_ascii=False).encode() + b"\n"
            if capture.n_bytes + 2 * len(line) > self.quota_bytes:
                need = f"at least {capture.n_bytes + 2 * len(line)} bytes for one"
                raise DataError(mismatch(f"{self.folder}, quota", need, self.quota_bytes))
            self._make_room(capture.n_bytes + 2 * len(line))
            path = self.folder / file
            self._state = None  # Until all has gone well, what is known of the folder may be wrong.
            path.parent.mkdir(parents=True, exist_ok=True)
            with WavWriter(path, capture.sample_rate_hz, "s16le") as wav:
                wav.write(capture.samples)
            try:
                with (self.folder / LIST_NAME).open("ab") as lines:
                    lines.write(b"\n" + line if self._torn else line)
            except OSError:
                path.unlink(missing_ok=True)
                raise
            self._list_bytes += len(line) + self._torn
            self._n_lines, self._torn = self._n_lines + 1, False
            self._clips.append((file, capture.n_bytes))
            self._clip_bytes += capture.n_bytes
            self._state = list_state(self.folder)
            return file

    def _make_room(self, n_bytes: int) -> None:
        """Remove the oldest clips, and shorten the list where most of its lines are of such."""
        while self._clips and self.n_bytes + n_bytes > self.quota_bytes:
            file, size = self._clips[0]
            (self.folder / file).unlink(missing_ok=True)
            self._clips.popleft()
            self._clip_bytes -= size
        gone = self._n_lines - len(self._clips)
        if gone > max(_FEW_LINES, len(self._clips)) or (gone > 0 and self.n_bytes + n_bytes > self.quota_bytes):
            there = {file for file, _ in self._clips}
            write_list(self.folder, (row for row in read_captures(self.folder) if row["file"] in there))
            self._scan()

    def _scan(self) -> None:
        """Learn what is there: clips in the order of the list, before them those that are in none."""
        rows = read_captures(self.folder)
        for path in [*self.folder.glob(".*.tmp"), *self.folder.glob("*/*/.*.tmp")]:
            path.unlink(missing_ok=True)  # Whoever wrote it is dead: we hold the lock.
        sizes: dict[str, int] = {}
        for kind in KINDS.values():
            for path in (self.folder / kind).glob("*/*.wav"):
                sizes[path.relative_to(self.folder).as_posix()] = path.stat().st_size
        listed = list(dict.fromkeys(row["file"] for row in rows if row["file"] in sizes))
        strangers = sorted(set(sizes) - set(listed))
        self._clips = deque((file, sizes[file]) for file in [*strangers, *listed])
        self._clip_bytes = sum(sizes.values())
        path = self.folder / LIST_NAME
        content = path.read_bytes() if path.is_file() else b""
        self._list_bytes, self._n_lines = len(content), content.count(b"\n")
        self._torn = not content.endswith(b"\n") and bool(content)
        self._state = list_state(self.folder)

    def _free_name(self, capture: Capture) -> str:
        """A file that is not there yet."""
        names = (f"{capture.name}{f'-{n}' if n else ''}.wav" for n in range(10_000))
        return next(name for name in names if not (self.folder / name).exists())

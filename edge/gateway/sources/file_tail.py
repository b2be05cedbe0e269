"""A file that grows: raw PCM or a column of numbers. Rotation is followed, truncation begins a new epoch."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from pathlib import Path
from typing import BinaryIO

import numpy as np

from drsn_keras.errors import DataError, mismatch

from ...sample_format import FORMATS
from ..machine_config import MachineConfig
from ..records import Block, Position
from .hub import Hub
from .lines import NumberLines
from .source import Emit, Source

_READ_BYTES = 1 << 16


class FileSource(Source):
    """Keys ``path``, ``format`` (a sample format or ``csv``), ``column``, ``skip_bytes``, ``poll_s``.

    The time of a sample is told by the file's: its last one is as old as the last write.
    """

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        keys = self.keys
        self._path: Path = keys.path("path", config.folder)
        self._format: str = keys.text("format", choices=(*FORMATS, "csv"))
        self._column: str | None = keys.text("column", None)
        self._skip_bytes: int = keys.whole("skip_bytes", 0)
        self._poll_s: float = keys.number("poll_s", 0.5, 0.01, 3600.0)
        keys.finish()
        if self._column is not None and self._format != "csv":
            raise keys.error("column", "it with format = 'csv' only", self._column)
        if self._format not in ("csv", "f32le", "f64le") and config.scale is None:
            expected = f"scale in {config.where or config.name} (what a count of {self._format} stands for)"
            raise DataError(mismatch(f"{self.keys.where}, format {self._format}", expected, "none"))
        self._epoch, self._position = (0, 0) if after is None else (after.epoch, after.position)
        self._file: BinaryIO | None = None
        self._inode, self._offset = 0, 0
        self._lines = NumberLines(self._column)

    def check(self) -> str:
        """The file is there and can be read."""
        try:
            with self._path.open("rb"):
                return f"file {self._path}"
        except OSError as error:
            raise DataError(mismatch(self._path, "a file to read", error.strerror or error)) from None

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Read what is there, then wait for more."""
        try:
            while not stop.is_set():
                try:
                    if not self._step(emit):
                        stop.wait(self._poll_s)
                except OSError as error:
                    self.hub.trouble(self.config.name, "file", f"{self._path}: {error.strerror or error}")
                    self._close()
                    stop.wait(max(1.0, self._poll_s))
        finally:
            self._close()

    def _step(self, emit: Emit) -> bool:
        """Read once; whether there may be more."""
        if self._file is None and not self._open():
            return False
        now_at, size = _identity(self._path), os.fstat(self._file.fileno()).st_size
        if size < self._offset:
            self.hub.trouble(self.config.name, "truncated", f"{self._path}: was truncated; it is read from its start")
            self._begin_anew(self._inode)
            self._file.seek(self._offset)
        samples, n_bytes = self._parse(self._first_of(self._file.read(_READ_BYTES)))
        if len(samples):
            return self._give(samples, n_bytes, emit)
        self._file.seek(self._offset)
        if now_at is not None and now_at != self._inode:  # all of the old one has been read
            self.hub.live.add("rotations", self.config.name)
            self._close()
            self._start_of(now_at)
            return True
        return False

    def _give(self, samples: np.ndarray, n_bytes: int, emit: Emit) -> bool:
        """Samples up to ``n_bytes`` further on in the file."""
        status, rate_hz = os.fstat(self._file.fileno()), self.config.sample_rate_hz
        behind = (status.st_size - self._offset) * len(samples) / n_bytes
        start_s = status.st_mtime - behind / rate_hz
        self._offset += n_bytes
        self._file.seek(self._offset)
        end = self._position + len(samples)
        kept = {"g": self._epoch, "gp": end, "ino": self._inode, "at": self._offset, "column": self._lines.index}
        scaled = samples * (self.config.scale or 1.0)
        block = Block(self.config.name, start_s, scaled, self._position, self._epoch, json.dumps(kept))
        if not emit(block):
            return False
        self._position = end
        self.hub.live.add("frames", self.config.name)
        return True

    def _first_of(self, data: bytes) -> bytes:
        """Of a new epoch one sample: a cookie counts from where its block is over, and this one is over at once."""
        if self._position:
            return data
        return data[: data.find(b"\n") + 1 or None] if self._format == "csv" else data[: FORMATS[self._format].n_bytes]

    def _parse(self, data: bytes) -> tuple[np.ndarray, int]:
        """Whole samples, and how many bytes they took."""
        if self._format != "csv":
            form = FORMATS[self._format]
            n_bytes = len(data) - len(data) % form.n_bytes
            return form.counts(data[:n_bytes]), n_bytes
        samples, n_bytes, bad = self._lines.parse(data)
        if bad:
            self.hub.live.add("bad_frames", self.config.name, bad)
            self.hub.trouble(self.config.name, "lines", f"{self._path}: {bad} lines without a number: left out")
        if n_bytes and not len(samples):  # a header: never read again
            self._offset += n_bytes
            self._file.seek(self._offset)
        return samples, n_bytes

    def _open(self) -> bool:
        """Open at the place to go on from; of a file that was rotated away, find the rest."""
        if self._inode == 0:
            self._restore()
        path = self._path
        if _identity(path) != self._inode:
            aside = [other for other in path.parent.glob(f"{path.name}*") if _identity(other) == self._inode]
            path = aside[0] if aside else path
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for, a device has no end
                self.hub.trouble(self.config.name, "no file", f"{self._path}: is no file that grows")
                return False
            self._file = path.open("rb")
        except FileNotFoundError:
            self.hub.trouble(self.config.name, "no file", f"{self._path}: is not there (yet)")
            return False
        inode = os.fstat(self._file.fileno()).st_ino
        if inode != self._inode:
            if self._inode:
                text = f"{self._path}: another file than before the pause, whose rest is gone"
                self.hub.trouble(self.config.name, "another file", text)
                self._begin_anew(inode)
            else:
                self._start_of(inode)
        self._file.seek(self._offset)
        return True

    def _restore(self) -> None:
        """What the cookie says; samples behind it that are committed, too, are passed over."""
        kept = _read_cookie(self.after.cookie) if self.after is not None else None
        if kept is None or kept["g"] != self._epoch:
            if self.after is not None and self._position:
                self._epoch, self._position = self._epoch + 1, 0
            return
        self._inode, self._offset = kept["ino"], kept["at"]
        self._lines.index = kept.get("column")
        # The station passes over what it has; giving it again is simplest and right for lines of any length.
        self._position = kept["gp"]

    def _start_of(self, inode: int) -> None:
        self._inode, self._offset = inode, self._skip_bytes
        self._lines = NumberLines(self._column)

    def _begin_anew(self, inode: int) -> None:
        self._start_of(inode)
        if self._position:
            self._epoch, self._position = self._epoch + 1, 0
        self.hub.live.add("gaps", self.config.name)

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
        self._file = None


def _identity(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _read_cookie(text: str) -> dict | None:
    try:
        kept = json.loads(text)
        return kept if all(isinstance(kept[key], int) for key in ("g", "gp", "ino", "at")) else None
    except (ValueError, TypeError, KeyError):
        return None

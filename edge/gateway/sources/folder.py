"""A folder of recordings that appear whole: WAV, CSV, NPZ, NPY, Parquet; in the order of their names."""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import threading
import time
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, DrsnError, mismatch
from drsn_keras.recording import SUFFIXES, Measurement, SignalFacts, SignalFile, measurement

from ...monitor_file import read_recording
from ..machine_config import MachineConfig
from ..records import Block, Position
from .hub import Hub
from .source import Emit, Source

_BLOCK_SAMPLES = 1 << 16
#: A file is read as a whole: of a larger one it would be the memory of the other machines.
_LARGEST_FILE = 1 << 30
#: What is wrong with the computer and not with the file, which is tried again: no file handles, the disk's troubles.
_NOT_ITS_FAULT = (errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE, errno.ETIMEDOUT)


class FolderSource(Source):
    """Keys ``path``, ``pattern``, ``channel``, ``full_scale``, ``sensitivity_mv_per_unit``, ``file_unit``,
    ``settle_s``, ``poll_s``, ``continuous``.

    With ``continuous = true`` each file goes on where the one before ended. By default each is a measurement of its
    own: no record holds samples of two files, what is left of a file after its last whole record is not used.
    """

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        keys = self.keys
        self._path: Path = keys.path("path", config.folder)
        self._pattern: str = keys.text("pattern", "*")
        self._channel: str | None = keys.text("channel", None)
        self._settle_s: float = keys.number("settle_s", 2.0, 0.0, 3600.0)
        self._poll_s: float = keys.number("poll_s", 2.0, 0.01, 3600.0)
        self._continuous: bool = keys.flag("continuous", False)
        self._facts = SignalFacts(
            sample_rate_hz=config.sample_rate_hz,
            unit=config.unit,
            full_scale=keys.positive("full_scale", None),
            sensitivity_mv_per_unit=keys.positive("sensitivity_mv_per_unit", None),
            file_unit=keys.text("file_unit", None, ("V", "mV")),
        )
        keys.finish()
        self._position, self._epoch = (0, 0) if after is None else (after.position, after.epoch)
        self._last, self._taken = "", 0
        if after is not None:
            self._restore(after)
        self._looks: dict[str, tuple[tuple[int, int], float]] = {}

    def default_silence_s(self) -> float | None:
        """Measurements may be days apart."""
        return None

    def _restore(self, after: Position) -> None:
        try:
            kept = json.loads(after.cookie)
            same = kept["g"] == after.epoch
            # What the station has of the file beyond the cookie's place is given again; it passes over that.
            position, self._last, self._taken = kept["gp"], str(kept["file"]), int(kept["at"])
        except (ValueError, TypeError, KeyError):
            same = False
        if same:
            self._position = position
        elif self._position:
            self._position, self._epoch = 0, self._epoch + 1

    def check(self) -> str:
        """The folder is there; how many files there are."""
        return f"folder {self._path}: {len(self._names())} files"

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Take what is there, then wait for more."""
        while not stop.is_set():
            try:
                taken = self._step(emit, stop)
            except (DataError, OSError) as error:
                taken = False
                self.hub.trouble(self.config.name, "folder", str(error))
            if not taken:
                stop.wait(self._poll_s)

    def _step(self, emit: Emit, stop: threading.Event) -> bool:
        """Take the next file; False where none is whole."""
        name = next(iter(self._names()), None)
        if name is None or not self._is_settled(name):
            return False
        self._looks.clear()
        try:
            found = self._read(self._path / name)
            samples = found.signal * (self.config.scale or 1.0)
        except Exception as error:  # whatever it does to its reader, the files behind it are not to wait for ever
            if isinstance(error, OSError) and error.errno in _NOT_ITS_FAULT:
                raise
            self.hub.live.add("bad_frames", self.config.name)
            said = str(error) if isinstance(error, DrsnError) else f"{name}: {type(error).__name__}: {error}"
            self.hub.trouble(self.config.name, f"file {type(error).__name__}", f"{said}; passed over")
            samples, found = np.zeros(0), None
        self.hub.live.add("frames", self.config.name)
        return self._give(name, samples, found, emit, stop)

    def _read(self, path: Path) -> Measurement:
        if (n_bytes := path.stat().st_size) > _LARGEST_FILE:
            raise DataError(mismatch(path, f"at most {_LARGEST_FILE >> 20} MiB", f"{n_bytes >> 20}"))
        signal_file = _read_npy(path, self._channel) if path.suffix.lower() == ".npy" else None
        return measurement(signal_file or read_recording(path, self._channel), self._facts, self.config.rpm)

    def _give(
        self, name: str, samples: np.ndarray, found: Measurement | None, emit: Emit, stop: threading.Event
    ) -> bool:
        n = len(samples)
        if not self._continuous:
            n -= n % self.config.n_samples
            if n == 0 and len(samples):
                text = mismatch(name, f"at least {self.config.n_samples} samples (a record)", len(samples))
                self.hub.trouble(self.config.name, "short file", text)
        start_s = (self._path / name).stat().st_mtime - len(samples) / self.config.sample_rate_hz if n else 0.0
        at = self._taken if name == self._last else 0
        while at < n:
            # The first block is over at once, so that the cookie of the first record is of this file.
            end = min(n, at + (1 if at == 0 else _BLOCK_SAMPLES))
            after = self._position + end - at
            kept = {"g": self._epoch, "gp": after, "file": name, "at": end}
            block = Block(
                self.config.name,
                start_s + at / self.config.sample_rate_hz,
                samples[at:end],
                self._position,
                self._epoch,
                json.dumps(kept),
                found.rpm if found is not None and found.rpm != self.config.rpm else None,
            )
            if stop.is_set() or not emit(block):
                return True
            self._position, at = after, end
        self._last, self._taken = name, 1 << 62
        return True

    def _names(self) -> list[str]:
        """Of files that are still to be taken, in order."""
        suffixes = (*SUFFIXES, ".npy")
        try:
            return sorted(
                entry.name
                for entry in os.scandir(self._path)
                if (entry.name > self._last or (entry.name == self._last and self._taken < 1 << 62))
                and entry.name.lower().endswith(suffixes)
                and not entry.name.startswith(".")
                and fnmatch.fnmatch(entry.name, self._pattern)
                and entry.is_file()
            )
        except OSError as error:
            raise DataError(mismatch(self._path, "a folder to read", error.strerror or error)) from None

    def _is_settled(self, name: str) -> bool:
        """Not written to for a while, by its size and time, whatever the clock says."""
        status = (self._path / name).stat()
        looks, now = (status.st_size, status.st_mtime_ns), time.monotonic()
        seen, since_s = self._looks.get(name, (None, now))
        if seen != looks:
            self._looks = {name: (looks, now)}
            is_old = time.time() - status.st_mtime > 60.0 + self._settle_s
            return is_old or self._settle_s == 0.0
        return now - since_s >= self._settle_s


def _read_npy(path: Path, channel: str | None) -> SignalFile:
    """One axis, or (samples, channels)."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(mismatch(path, "an array of numbers (NPY)", " ".join(str(error).split())[:120])) from None
    column = int(channel) if channel is not None and channel.isdecimal() else None
    if array.dtype.kind not in "iuf" or array.ndim not in (1, 2) or (array.ndim == 2 and column is None):
        got = f"{array.dtype}, shape {array.shape}, channel {channel}"
        raise DataError(mismatch(path, "one axis of real numbers, or (samples, channels) and a channel's number", got))
    if array.ndim == 2 and column >= array.shape[1]:
        raise DataError(mismatch(f"{path}, channel", f"0 to {array.shape[1] - 1}", column))
    signal = array if array.ndim == 1 else array[:, column]
    return SignalFile(str(path), np.asarray(signal, np.float64), channel=channel)

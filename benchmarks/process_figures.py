"""What a process takes: CPU time and memory, from Linux's /proc."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU time of all its threads so far [s], its children not counted."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int, field: str = "VmRSS") -> float:
    """Resident memory [MiB]; ``VmHWM`` is the most that it has been."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024.0
    return float("nan")


class Watch(threading.Thread):
    """Notes a process's memory every few seconds, until :meth:`end`."""

    def __init__(self, pid: int, every_s: float = 2.0) -> None:
        super().__init__(daemon=True)
        self._pid, self._every_s, self._ended = pid, every_s, threading.Event()
        self.times_s: list[float] = []
        self.memory_mb: list[float] = []

    def run(self) -> None:
        """The thread's work."""
        while not self._ended.is_set():
            try:
                self.memory_mb.append(memory_mb(self._pid))
            except OSError:
                return
            self.times_s.append(time.monotonic())
            self._ended.wait(self._every_s)

    def end(self) -> None:
        """No more notes."""
        self._ended.set()
        self.join()

    def growth_mb_per_h(self) -> float:
        """Slope of a straight line through the second half."""
        half = len(self.times_s) // 2
        if len(self.times_s) - half < 3:
            return float("nan")
        hours = (np.array(self.times_s[half:]) - self.times_s[half]) / 3600.0
        return float(np.polyfit(hours, self.memory_mb[half:], 1)[0])

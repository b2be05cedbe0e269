"""Blocks that wait for a worker: bounded by machine, taken in turn, so that a busy machine starves no other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping

from .live import Live
from .records import Block


class Inbox:
    """What sources give and one worker takes.

    Parameters
    ----------
    limits : mapping of str to int
        Samples that may wait, by machine. One block more than none is always taken.
    live : Live
    """

    def __init__(self, limits: Mapping[str, int], live: Live) -> None:
        self._limits, self._live = dict(limits), live
        self._blocks: dict[str, deque[Block]] = {name: deque() for name in limits}
        self._waiting = dict.fromkeys(limits, 0)
        self._turn: deque[str] = deque()
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._room = {name: threading.Condition(self._lock) for name in limits}

    def put(self, block: Block, stop: threading.Event) -> bool:
        """Wait for room; False where told to stop before there was any."""
        name, n = block.machine, len(block.samples)
        with self._lock:
            while self._waiting[name] and self._waiting[name] + n > self._limits[name]:
                if stop.is_set():
                    return False
                self._room[name].wait(0.2)
            if stop.is_set():
                return False
            if not self._blocks[name]:
                self._turn.append(name)
                self._filled.notify()
            self._blocks[name].append(block)
            self._waiting[name] += n
            self._live.set("queue_samples", self._waiting[name], name)
        return True

    def get(self, timeout_s: float) -> Block | None:
        """The next machine's oldest block; None where there is none in time."""
        with self._lock:
            if not self._turn and not self._filled.wait_for(lambda: self._turn, timeout_s):
                return None
            name = self._turn.popleft()
            block = self._blocks[name].popleft()
            self._waiting[name] -= len(block.samples)
            self._live.set("queue_samples", self._waiting[name], name)
            if self._blocks[name]:
                self._turn.append(name)
            self._room[name].notify_all()
        return block

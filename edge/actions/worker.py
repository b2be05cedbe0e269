"""Words to threads that may take their time, so that listening never waits. Standard library only."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Collection
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError

from ..seldom import Seldom
from ..sinks import Moment, Sink

#: What is under way at the end has so long [s].
_CLOSING_S = 5.0
_LONGEST_REASON = 200


class Worker(Sink):
    """A sink that does something for each word in threads of its own; a subclass says what (:meth:`do`).

    A subclass calls ``super().__init__`` last: its threads begin there.

    Parameters
    ----------
    name : str
        For messages.
    words : collection of str or None
        Which words; None: all.
    threads : int
        How many at once.
    limit : int
        Words that may wait; those that come then are left out, counted and said.

    Attributes
    ----------
    done, failed, left_out : int
    """

    def __init__(self, name: str, words: Collection[str] | None, threads: int = 1, limit: int = 64) -> None:
        self.name, self.done, self.failed, self.left_out = name, 0, 0, 0
        self._words, self._limit = words, limit
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._seldom = Seldom()
        self._lock = threading.Lock()
        #: Set when the listener ends: stop waiting for anything.
        self.closing = threading.Event()
        self._threads = [threading.Thread(target=self._work, name=name, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def do(self, result: dict[str, Any]) -> None:
        """Do it; raises :class:`DrsnError` or :class:`OSError` where it fails."""
        raise NotImplementedError

    def detected(self, result: dict[str, Any], moment: Moment) -> None:
        if self._words is not None and result["label"] not in self._words:
            return
        if self._waiting.qsize() >= self._limit:
            self.left_out += 1
            self._seldom("full", f"{self.name}: {self._limit} words wait already; {self.left_out} left out so far")
            return
        self._waiting.put(result)

    def close(self) -> None:
        """What waits is done, if that goes quickly."""
        until_s = time.monotonic() + _CLOSING_S
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(max(0.0, (until_s - time.monotonic()) / 2))
        self.closing.set()
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        if unfinished := sum(thread.is_alive() for thread in self._threads):
            # Each thread that still works has not yet taken the sign to end.
            waiting = self._waiting.qsize() - unfinished
            log(f"{self.name}: given up at the end: {unfinished} under way, {waiting} waiting")

    def _work(self) -> None:
        while (result := self._waiting.get()) is not None:
            try:
                self.do(result)
            except (DrsnError, OSError) as error:
                self._failed(str(error))
            except Exception as error:  # a fault of ours must not end the thread, and with it the action, for good
                self._failed(f"{type(error).__name__}: {error}")
            else:
                with self._lock:
                    self.done += 1

    def _failed(self, reason: str) -> None:
        with self._lock:
            self.failed += 1
        # It may be a server's own words: no control characters, not much of it.
        said = "".join(c if c.isprintable() else "?" for c in " ".join(reason.split()))[:_LONGEST_REASON]
        self._seldom("failed", f"{self.name}: {said} ({self.failed} failed so far)")

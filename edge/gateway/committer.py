"""Steps to the disk, several in one transaction; what cannot be written now is kept and tried again."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from ..seldom import Seldom
from .live import Live
from .records import Event, Step
from .store import Store, StoreUnavailable

#: Steps that wait for the disk; workers wait for room, so do sources, so does the network.
_MOST_WAITING = 64
_MOST_AT_ONCE = 32
_RETRY_S = (0.2, 2.0)


class Committer:
    """One thread's work.

    Parameters
    ----------
    store : Store
    live : Live
    say : Seldom
    committed : callable
        Called with each step that is on the disk.
    """

    def __init__(self, store: Store, live: Live, say: Seldom, committed: Callable[[Step], None]) -> None:
        self._store, self._live, self._say, self._committed = store, live, say, committed
        self._steps: queue.Queue[Step] = queue.Queue(_MOST_WAITING)

    def put(self, step: Step, stop: threading.Event) -> bool:
        """Wait for room; False where told to stop before there was any."""
        while not stop.is_set():
            try:
                self._steps.put(step, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def run(self, stop: threading.Event, workers_ended: threading.Event) -> None:
        """Until told to stop and all is written, or cannot be.

        Raises
        ------
        StoreDamaged
        """
        while True:
            steps = self._take()
            if steps:
                self._write(steps, stop)
            elif stop.is_set() and workers_ended.is_set():
                return

    def _take(self) -> list[Step]:
        try:
            steps = [self._steps.get(timeout=0.2)]
        except queue.Empty:
            return []
        while len(steps) < _MOST_AT_ONCE:
            try:
                steps.append(self._steps.get_nowait())
            except queue.Empty:
                break
        self._live.set("queue_steps", self._steps.qsize())
        return steps

    def _write(self, steps: list[Step], stop: threading.Event) -> None:
        patience_s, since_s = _RETRY_S[0], None
        while True:
            try:
                self._commit(steps)
                break
            except StoreUnavailable as error:
                since_s = since_s or time.time()
                if self._live.fault("store", str(error)):
                    self._say("store", f"{error}: nothing is acknowledged to sensors until there is room again")
                if stop.is_set():
                    return  # not acknowledged: it is asked for again
                self._make_room()
                stop.wait(patience_s)
                patience_s = min(2.0 * patience_s, _RETRY_S[1])
        if self._live.clear("store"):
            text = f"the store takes records again after {time.time() - (since_s or time.time()):.0f} s"
            self._say("store back", text)
            self._tell(Event(time.time(), "", "store", text))
        now = time.time()
        for step in steps:
            name = step.record.machine
            self._live.add("records", name)
            self._live.set("lag_s", round(now - step.record.time_s, 3), name)
            self._committed(step)

    def _commit(self, steps: list[Step]) -> None:
        try:
            self._store.commit_all(steps)
        except (ValueError, TypeError, OverflowError):
            # One of them cannot be written at all (a number that JSON does not have): the others can.
            for step in steps:
                try:
                    self._store.commit(step)
                except (ValueError, TypeError, OverflowError) as error:
                    record = step.record
                    text = f"record {record.epoch}/{record.index} cannot be written: {error}"
                    self._say(f"{record.machine} record", f"{record.machine}: {text}")
                    self._tell(Event(time.time(), record.machine, "store", text))

    def _make_room(self) -> None:
        """Of our own: what was sent; above the quota what was not."""
        try:
            self._store.retain()
            if dropped := self._store.drop_unsent():
                self._live.add("dropped", n=dropped)
                text = f"disk full and store above its quota: the oldest {dropped} rows were given up unsent"
                self._say("dropped", text)
                self._tell(Event(time.time(), "", "store", text, {"dropped": dropped}))
        except StoreUnavailable:
            pass  # no room even for that; tried again

    def _tell(self, event: Event) -> None:
        try:
            self._store.log(event)
        except StoreUnavailable:
            self._say(f"event {event.kind}", event.text)

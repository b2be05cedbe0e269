"""What needs a clock: sources that say nothing, the store's size, rows that wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from ..seldom import Seldom
from .live import Live
from .records import WARNING, AlarmChange, Event
from .sources.source import Source
from .store import Store, StoreUnavailable

_EVERY_S = 1.0
_SIZE_EVERY_S = 10.0
_RETAIN_EVERY_S = 30.0
#: The alarm of a source that says nothing. Not the station's ``sensor``, which is about what it says.
SILENT, STORE = "silent", "store"
#: The fault of what is tried here; that of the committer is its own to clear, which takes a record.
_OWN = "store:watchdog"


class Watchdog:
    """The main thread's work.

    Parameters
    ----------
    store : Store
    live : Live
    sources : mapping of str to Source
    say : Seldom
    """

    def __init__(self, store: Store, live: Live, sources: Mapping[str, Source], say: Seldom) -> None:
        self._store, self._live, self._say = store, live, say
        self._silence_s = {name: source.silence_s for name, source in sources.items()}
        now = time.monotonic()
        self._heard_s = dict.fromkeys(sources, now)
        self._records = dict.fromkeys(sources, 0.0)
        standing = [alarm for alarm in store.alarms(open_only=True, limit=10_000) if alarm["cleared_s"] is None]
        self._silent = {alarm["machine"] for alarm in standing if alarm["name"] == SILENT} & set(sources)
        self._over = any(alarm["name"] == STORE for alarm in standing)
        self._sized_s = self._retained_s = -1e9

    def heard(self, machine: str) -> None:
        """A machine's source gave samples."""
        self._heard_s[machine] = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Look around until told to stop."""
        while not stop.wait(_EVERY_S):
            self.look()

    def look(self) -> None:
        """Once."""
        now = time.monotonic()
        try:
            if "store" not in self._live.faults():  # sources then are silent because nobody listens
                for machine, most_s in self._silence_s.items():
                    self._look_at(machine, most_s, now)
            if now - self._sized_s > _SIZE_EVERY_S:
                self._sized_s = now
                self._live.set("store_bytes", self._store.size_bytes())
                self._live.set("waiting", self._store.waiting())
            if now - self._retained_s > _RETAIN_EVERY_S:
                self._retained_s = now
                self._over_quota(self._store.retain().over_quota)
            self._live.clear(_OWN)
        except StoreUnavailable as error:
            if self._live.fault(_OWN, str(error)):
                self._say("store", str(error))

    def _look_at(self, machine: str, most_s: float | None, now: float) -> None:
        records, before = self._live.get("records", machine), self._records[machine]
        self._records[machine] = records
        if machine in self._silent:
            # A block is a sign of life, a whole record the end of the alarm: it does not come and go with a loose plug.
            if records > before:
                self._change(machine, SILENT, False, "data again", None, "cleared")
                self._silent.discard(machine)
                self._live.clear(f"silent:{machine}")
        elif most_s is not None and now - self._heard_s[machine] > most_s:
            text = f"no data for {most_s:g} s"
            self._say(f"{machine} silent", f"{machine}: {text}")
            self._live.fault(f"silent:{machine}", text)
            self._change(machine, SILENT, True, text, most_s, "sensor")  # cannot be written: tried again
            self._silent.add(machine)

    def _over_quota(self, over: bool) -> None:
        if over == self._over:
            return
        text = "above its quota, and nothing of it has been sent" if over else "within its quota"
        if over:
            self._live.fault("quota", f"the store is {text}")
            self._say("quota", f"the store is {text}; it grows while there is room on the disk")
        else:
            self._live.clear("quota")
        self._change("", STORE, over, text, None, "store")
        self._over = over

    def _change(self, machine: str, name: str, raised: bool, text: str, limit: float | None, kind: str) -> None:
        now = time.time()
        change = AlarmChange(machine, name, WARNING, raised, now, None, limit, text)
        self._store.change((change,), (Event(now, machine, kind, text),))

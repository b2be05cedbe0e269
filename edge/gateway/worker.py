"""Blocks into steps: a thread that runs the stations of its machines."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping

from drsn_keras.errors import DrsnError

from ..seldom import Seldom
from .committer import Committer
from .inbox import Inbox
from .live import Live
from .records import Block
from .station import Station


class Worker:
    """One thread's work. A station that fails is begun anew from the store; the others go on.

    Parameters
    ----------
    inbox : Inbox
    make_station : callable
        A machine's station as the store has it.
    machines : iterable of str
    committer : Committer
    live : Live
    say : Seldom
    """

    def __init__(
        self,
        inbox: Inbox,
        make_station: Callable[[str], Station],
        stations: Mapping[str, Station],
        committer: Committer,
        live: Live,
        say: Seldom,
    ) -> None:
        self._inbox, self._make_station, self._stations = inbox, make_station, dict(stations)
        self._committer, self._live, self._say = committer, live, say
        self._asked: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()

    def relearn(self, machine: str, regime: str | None = None) -> None:
        """Learn a machine's normal anew from its next record on; may be called from any thread."""
        self._asked.put((machine, regime))

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            block = self._inbox.get(0.2)
            if block is not None and not self._work(block, stop):
                return

    def _work(self, block: Block, stop: threading.Event) -> bool:
        while not self._asked.empty():
            machine, regime = self._asked.get()
            self._stations[machine].relearn(regime)
        name = block.machine
        self._live.add("blocks", name)
        self._live.add("samples", name, len(block.samples))
        self._live.set("last_data_s", time.time(), name)
        try:
            steps = self._stations[name].push(block)
        except DrsnError as error:
            self._live.add("refused", name)
            self._say(f"{name} block", f"{name}: {error}")
            return True
        except Exception as error:  # a fault of ours must not end the watch over all other machines
            self._live.fault(f"station:{name}", f"{type(error).__name__}: {error}")
            self._say(f"{name} station", f"{name}: the station failed ({type(error).__name__}: {error}); begun anew")
            self._stations[name] = self._make_station(name)
            return True
        if steps:
            self._live.clear(f"station:{name}")
        return all(self._committer.put(step, stop) for step in steps)

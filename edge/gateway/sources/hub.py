"""What the sources of one gateway share: listeners that carry several machines, the board, lines and events."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Protocol

from drsn_keras.errors import DrsnError

from ...seldom import Seldom
from ..live import Live
from ..records import Event

#: An event of a kind is kept at most this often [s], of so many kinds.
_EVENT_EVERY_S, _KINDS = 600.0, 1000


class Listener(Protocol):
    """A port, a line or a broker that several machines come by."""

    def open(self) -> None: ...

    def close(self) -> None: ...


class Hub:
    """Shared by all sources of a gateway.

    Parameters
    ----------
    live : Live
    log : callable
        Keeps an event.
    say : Seldom, optional
    """

    def __init__(self, live: Live, log: Callable[[Event], None], say: Seldom | None = None) -> None:
        self.live = live
        self.say = Seldom() if say is None else say
        self.stopping = threading.Event()
        self._log = log
        self._logged_s: dict[str, float] = {}
        self._listeners: dict[Hashable, Any] = {}
        self._opened: set[Hashable] = set()

    def listener(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The one of this key, made when it is first asked for."""
        if key not in self._listeners:
            self._listeners[key] = make()
        return self._listeners[key]

    def open(self, key: Hashable) -> None:
        """Open it once."""
        if key not in self._opened:
            self._listeners[key].open()
            self._opened.add(key)

    def trouble(self, machine: str, key: str, text: str, kind: str = "sensor") -> None:
        """Something that a person should know: a line now and then, an event more seldom."""
        # A file's name may be no text at all.
        text = " ".join(text.split()).encode(errors="backslashreplace").decode()
        key, now = f"{machine}/{key}", time.monotonic()
        self.say(key, f"{machine or 'gateway'}: {text}")
        if now - self._logged_s.get(key, -_EVENT_EVERY_S) < _EVENT_EVERY_S:
            return
        if len(self._logged_s) >= _KINDS:
            self._logged_s = {known: at for known, at in self._logged_s.items() if now - at < _EVENT_EVERY_S}
        if len(self._logged_s) >= _KINDS:
            return
        self._logged_s[key] = now
        with contextlib.suppress(DrsnError):  # a store that cannot write says so itself
            self._log(Event(time.time(), machine, kind, text))

    def close(self) -> None:
        """Close all listeners."""
        self.stopping.set()
        for key in self._opened:
            self._listeners[key].close()
        self._opened.clear()

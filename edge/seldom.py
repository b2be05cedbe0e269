"""Say what goes wrong again and again only now and then. Standard library only."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from drsn_keras.command_line import log

#: Kinds that are remembered; where so many have been said in ``every_s``, further ones are one kind together.
_KINDS = 256


class Seldom:
    """A log for a service that lives for months: a kind of message at most once in ``every_s``; the others are counted.

    Parameters
    ----------
    every_s : float
        Seconds between two messages of a kind.
    say : callable
        Takes a line.
    clock : callable
        Seconds that only grow.

    Examples
    --------
    >>> seldom = Seldom(60.0, say=print, clock=iter([0.0, 1.0, 2.0, 70.0]).__next__)
    >>> for _ in range(4):
    ...     seldom("disk", "card full")
    card full
    card full (and 2 more times since)
    """

    def __init__(
        self, every_s: float = 60.0, say: Callable[[str], None] = log, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._every_s, self._say, self._clock = every_s, say, clock
        self._kinds: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def __call__(self, kind: str, message: str) -> None:
        """Say the message, unless one of its kind was said a short while ago; from any thread."""
        with self._lock:
            now = self._clock()
            if kind not in self._kinds and len(self._kinds) >= _KINDS:
                kind = self._make_room(kind, now)
            said_s, untold = self._kinds.get(kind, (-float("inf"), 0))
            if now - said_s < self._every_s:
                self._kinds[kind] = (said_s, untold + 1)
                return
            self._kinds[kind] = (now, 0)
        self._say(f"{message} (and {untold} more times since)" if untold else message)

    def _make_room(self, kind: str, now: float) -> str:
        """Forget the kinds that may be said again; where there are none, the kind is one of the others."""
        self._kinds = {known: told for known, told in self._kinds.items() if now - told[0] < self._every_s}
        return kind if len(self._kinds) < _KINDS else ""

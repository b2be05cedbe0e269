"""How far a long job is, on a terminal's last line. Standard library only."""

from __future__ import annotations

import sys
import time

_PATIENCE_S = 2.0
_EVERY_S = 0.2
_WIDTH = 30


class Progress:
    """A bar on stderr, if that is a terminal and the job takes over two seconds.

    Parameters
    ----------
    title : str
    total : float or None
        In the unit of :meth:`show`; without it there is no bar.
    """

    def __init__(self, title: str, total: float | None) -> None:
        self._title = title
        self._total = total if sys.stderr.isatty() else None
        self._next = time.monotonic() + _PATIENCE_S
        self._drawn = False

    def show(self, done: float) -> None:
        """Draw the bar where it is due."""
        if not self._total or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_S
        part = min(1.0, done / self._total)
        bar = "#" * round(part * _WIDTH)
        print(f"\r{self._title} [{bar:<{_WIDTH}}] {part:4.0%}", end="", file=sys.stderr, flush=True)
        self._drawn = True

    def clear(self) -> None:
        """Take the bar away: something else is about to be written, or the job is done."""
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False

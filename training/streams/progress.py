"""How much of a stream has been heard, on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from drsn_keras.command_line import log

#: Without a terminal: a line this often [s].
_EVERY_S = 20.0


class HourBar:
    """Counts seconds of a stream of so many hours."""

    def __init__(self, title: str, hours: float) -> None:
        self._title, self._total = title, hours * 3600.0
        self._done = 0.0
        self._said = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            form = "{l_bar}{bar}| {n:.2f}/{total:.2f} h [{elapsed}<{remaining}]"
            self._bar = tqdm(total=hours, desc=title, delay=2.0, file=sys.stderr, dynamic_ncols=True, bar_format=form)

    def __enter__(self) -> HourBar:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, seconds: float) -> None:
        """``seconds`` of the stream have been heard."""
        seconds = min(seconds, self._total)
        if self._bar is not None:
            self._bar.update((seconds - self._done) / 3600.0)
        elif time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            log(f"{self._title}: {seconds / 3600.0:.2f} of {self._total / 3600.0:.2f} h heard")
        self._done = seconds

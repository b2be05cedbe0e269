"""How loud a stream is, on a terminal's last line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np

from .source import Source

#: The bar's left end [dBFS].
_FLOOR_DB = -60.0
_WIDTH = 40
_EVERY_S = 0.1
#: Full scale but for the last steps of 16 bits, and how long it is shown [s].
_CLIPPED = 1.0 - 2.5 / 32768
_CLIPPED_S = 2.0


class Meter:
    """A bar on stderr, if that is a terminal: RMS filled, peak marked, both since it was last drawn.

    0 dBFS is full scale: a sine of full scale has a peak of 0 and an RMS of -3 dBFS.
    """

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next_s = self._clipped_until_s = 0.0
        self._drawn = False
        self._begin()

    def over(self, source: Source) -> Source:
        """The source, whose blocks are measured as they pass."""
        return _Metered(source, self) if self._shown else source

    def push(self, block: np.ndarray) -> None:
        """Measure a block [shape=(n, channels)], the loudest channel; draw the bar where it is due."""
        now_s = time.monotonic()
        if block.size:
            peak = float(np.abs(block).max())
            self._peak = max(self._peak, peak)
            self._square += np.square(block, dtype=np.float64).sum(axis=0).max()
            self._n += len(block)
            if peak >= _CLIPPED:
                self._clipped_until_s = now_s + _CLIPPED_S
        if now_s >= self._next_s and self._n:
            self._next_s = now_s + _EVERY_S
            text = level_bar((self._square / self._n) ** 0.5, self._peak, now_s < self._clipped_until_s)
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = True
            self._begin()

    def clear(self) -> None:
        """Take the bar away: something else is about to be written."""
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False

    def _begin(self) -> None:
        self._peak = self._square = 0.0
        self._n = 0


def level_bar(rms: float, peak: float, clipped: bool) -> str:
    """The bar's text; 1.0 is full scale.

    >>> level_bar(0.1, 0.5, False)
    '[###########################        |    ] rms -20.0  peak  -6.0 dBFS'
    """
    rms_db, peak_db = (20.0 * float(np.log10(max(value, 1e-5))) for value in (rms, peak))
    cells = [round(_WIDTH * (1.0 - level_db / _FLOOR_DB)) for level_db in (rms_db, peak_db)]
    filled, marked = (min(_WIDTH, max(0, cell)) for cell in cells)
    bar = ["#"] * filled + [" "] * (_WIDTH - filled)
    if marked > filled:
        bar[marked - 1] = "|"
    bar = "".join(bar)
    return f"[{bar}] rms {rms_db:5.1f}  peak {peak_db:5.1f} dBFS{'  CLIPPED' if clipped else ''}"


class _Metered:
    """A source, and a meter that sees its blocks."""

    def __init__(self, source: Source, meter: Meter) -> None:
        self.name, self.sample_rate_hz = source.name, source.sample_rate_hz
        self.channels, self.n_samples = source.channels, source.n_samples
        self._source, self._meter = source, meter

    def blocks(self) -> Iterator[np.ndarray]:
        for block in self._source.blocks():
            self._meter.push(block)
            yield block

"""What the wall clock showed when a sample was heard. Standard library only.

A sound card counts samples by a crystal of its own, up to some 100 parts in a million off: 0.7 s in two hours. And a
block of samples comes later than it was heard, by a little more or less each time, but never earlier. So the
earliest of many blocks tell the time, and how it drifts.
"""

from __future__ import annotations

#: The earliest block of so much stream is what counts [s].
_WINDOW_S = 10.0
#: Seconds that stamps may be put later, a second of stream: crystals are far better.
_SLEW = 1e-3
#: A larger error is no drift: the stream had a hole, or the wall clock was set [s].
_JUMP_S = 1.0


class StreamClock:
    """Time of the stream (samples by rate) to wall-clock time, corrected while it goes on.

    A block that comes before its stamp proves the stamp too late: it is put earlier at once, as far as that. Where all
    blocks of ten seconds come late, their least lateness is made up for during the next ten, by at most a
    millisecond a second; more than a second at once. Stamps never go back and never lie in the future, unless the
    wall clock is set back by more than a second.

    Examples
    --------
    >>> clock = StreamClock()
    >>> clock.observe(0.1, 1000.0)
    >>> clock.at(0.05)
    999.95
    """

    def __init__(self) -> None:
        self._knots: list[tuple[float, float]] = []
        self._given_s = self._arrived_s = -float("inf")

    def observe(self, stream_s: float, arrived_s: float, broken: bool = False) -> None:
        """A block has come.

        Parameters
        ----------
        stream_s : float
            Time of the stream at its end [s].
        arrived_s : float
            Unix time when it was there [s].
        broken : bool
            Samples are missing before it: time is taken anew from this block.
        """
        if arrived_s < self._arrived_s - _JUMP_S:
            self._given_s, broken = -float("inf"), True
        self._arrived_s = arrived_s
        if broken or not self._knots:
            self._anchor(stream_s, arrived_s)
            return
        before_s, then_s = self._knots[-1]
        passed_s = stream_s - before_s
        if passed_s <= 0.0:
            return
        raised_s = min(self._due_s, _SLEW * passed_s)
        self._due_s -= raised_s
        now_s = then_s + passed_s + raised_s
        late_s = arrived_s - now_s
        if late_s < 0.0:
            now_s, late_s, self._due_s = max(then_s, arrived_s), 0.0, 0.0
            self._least_s = 0.0
        self._least_s = min(self._least_s, late_s)
        if stream_s - self._window_began_s >= _WINDOW_S:
            if self._least_s > _JUMP_S:
                self._anchor(stream_s, now_s + self._least_s)
                return
            self._begin_window(stream_s, due_s=self._least_s)
        self._knots = [(before_s, then_s), (stream_s, now_s)]

    def at(self, stream_s: float) -> float:
        """Unix time [s] of a moment of the stream; of the block observed last, or a little before it."""
        (first_s, first_clock_s), (last_s, last_clock_s) = self._knots[0], self._knots[-1]
        if stream_s < first_s:
            found_s = first_clock_s - (first_s - stream_s)
        elif last_s > first_s:
            found_s = first_clock_s + (stream_s - first_s) * (last_clock_s - first_clock_s) / (last_s - first_s)
        else:
            found_s = last_clock_s + (stream_s - last_s)
        self._given_s = max(self._given_s, found_s)
        return self._given_s

    def _anchor(self, stream_s: float, clock_s: float) -> None:
        self._knots = [(stream_s, clock_s)]
        self._begin_window(stream_s, due_s=0.0)

    def _begin_window(self, stream_s: float, due_s: float) -> None:
        self._window_began_s, self._least_s, self._due_s = stream_s, float("inf"), due_s

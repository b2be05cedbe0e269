"""From a sensor's epoch and position to the gateway's, over its restarts and the gateway's. Standard library only.

A sensor counts samples from some start, and the starts (if it can). The gateway counts its own epochs: one more
whenever the sensor begins anew. Inside an epoch the two positions differ by a constant, which a cookie keeps.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections import deque
from typing import NamedTuple

from ..records import Position

#: A jump ahead of more than this is no gap of this stream but another stream [s].
_LARGEST_GAP_S = 86400.0
#: Starts that a sensor may make in quick succession; then one a minute.
_MOST_STARTS, _A_START_EVERY_S = 10, 60.0
_KEPT = 64


class Piece(NamedTuple):
    """Which samples of a frame are new, [first, last), and the gateway's numbers of the first of them."""

    first: int
    last: int
    position: int
    epoch: int
    cookie: str


class TooManyStarts(Exception):
    """The sensor begins anew too often to be believed."""


@dataclasses.dataclass
class _Stream:
    """A sensor's stream in the gateway's numbers."""

    epoch: int  # the gateway's
    sensor_epoch: int
    shift: int  # sensor's position less the gateway's


class Numbering:
    """One machine's. :meth:`take` is for one thread at a time; the others may be asked at any time.

    Parameters
    ----------
    sample_rate_hz : float
    after : Position or None
        What is committed.
    resends : bool
        A sensor that sends again what was not acknowledged: older samples are those, whatever their distance.
    """

    def __init__(self, sample_rate_hz: float, after: Position | None, resends: bool) -> None:
        self._rate_hz, self._resends = sample_rate_hz, resends
        self._streams: deque[_Stream] = deque(maxlen=_KEPT)
        self._epoch = -1 if after is None else after.epoch
        self._next = 0  # the gateway's
        self._end_s: float | None = None  # time of that sample, by the sensor's clock
        self._starts, self._starts_s = float(_MOST_STARTS), time.monotonic()
        if after is not None and (kept := _read_cookie(after.cookie)) is not None and kept["g"] == after.epoch:
            self._streams.append(_Stream(after.epoch, kept["e"], kept["p"] - kept["gp"]))
            self._next = after.position
            if kept["t"] is not None:
                self._end_s = kept["t"] + (after.position - kept["gp"]) / sample_rate_hz

    def wanted(self) -> tuple[int, int] | None:
        """The sensor's own epoch and position of the next sample; None where nothing is known."""
        if not self._streams:
            return None
        stream = self._streams[-1]
        return stream.sensor_epoch, self._next + stream.shift

    def of_sensor(self, position: int, epoch: int) -> tuple[int, int] | None:
        """The gateway's numbers in the sensor's."""
        stream = next((stream for stream in reversed(tuple(self._streams)) if stream.epoch == epoch), None)
        return None if stream is None else (stream.sensor_epoch, position + stream.shift)

    def end_of(self, sensor_epoch: int, sensor_end: int) -> tuple[int, int] | None:
        """The sensor's numbers in the gateway's, as (epoch, position)."""
        stream = next(
            (stream for stream in reversed(tuple(self._streams)) if stream.sensor_epoch == sensor_epoch), None
        )
        return None if stream is None else (stream.epoch, sensor_end - stream.shift)

    def take(self, sensor_epoch: int, sensor_position: int, n: int, time_s: float | None) -> list[Piece]:
        """Place a frame; none where all of it came before.

        Parameters
        ----------
        sensor_epoch, sensor_position : int
            Of its first sample.
        n : int
            Samples.
        time_s : float or None
            Of the first, by the sensor's clock.

        Raises
        ------
        TooManyStarts
        """
        stream = self._streams[-1] if self._streams else None
        if stream is not None and stream.sensor_epoch == sensor_epoch:
            ahead = sensor_position - (self._next + stream.shift)
            if ahead < 0 and not self._restarted(ahead, time_s):
                first = -ahead
                return [self._piece(first, n, self._next, time_s, n)] if first < n else []
            if 0 <= ahead <= _LARGEST_GAP_S * self._rate_hz:
                return [self._piece(0, n, self._next + ahead, time_s, n)]
        self._begin(sensor_epoch, sensor_position)
        # A cookie counts from where its block is over: a first block of one sample is over at once.
        pieces = [self._piece(0, 1, 0, time_s, n)]
        return pieces if n == 1 else [*pieces, self._piece(1, n, 1, time_s, n)]

    def _piece(self, first: int, last: int, position: int, time_s: float | None, n: int) -> Piece:
        stream = self._streams[-1]
        self._next = position + last - first
        self._end_s = None if time_s is None else time_s + last / self._rate_hz
        kept = {
            "g": stream.epoch,
            "gp": self._next,
            "e": stream.sensor_epoch,
            "p": self._next + stream.shift,
            "t": self._end_s,
        }
        return Piece(first, last, position, stream.epoch, json.dumps(kept))

    def _restarted(self, ahead: int, time_s: float | None) -> bool:
        """Whether samples numbered below the expected ones are new all the same: the sensor began to count again."""
        back_s = -ahead / self._rate_hz
        if time_s is not None and self._end_s is not None:
            # Sent again, a sample has the time that it had.
            return time_s - (self._end_s - back_s) > 1.0 + 0.01 * back_s
        return not self._resends and back_s > 2.0

    def _begin(self, sensor_epoch: int, sensor_position: int) -> None:
        now = time.monotonic()
        self._starts = min(_MOST_STARTS, self._starts + (now - self._starts_s) / _A_START_EVERY_S)
        self._starts_s = now
        if self._starts < 1.0:
            raise TooManyStarts
        self._starts -= 1.0
        self._epoch += 1
        self._streams.append(_Stream(self._epoch, sensor_epoch, sensor_position))


def _read_cookie(text: str) -> dict | None:
    """None of another kind of source (the configuration was changed)."""
    try:
        kept = json.loads(text)
        numbers = [kept[key] for key in ("g", "gp", "e", "p")]
        return kept if all(isinstance(number, int) for number in numbers) and "t" in kept else None
    except (ValueError, TypeError, KeyError):
        return None

"""A machine whose samples come in frames, whatever carries them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable

from drsn_keras.errors import DataError, mismatch

from ..frame import SAMPLE_FORMATS, Frame
from ..machine_config import MachineConfig
from ..records import Block, Position
from .hub import Hub
from .numbering import Numbering, TooManyStarts
from .source import Emit, Source

_SAME_RATE = 1e-3
#: Calls that wait for a commit; of more the oldest are forgotten (their carrier sends again).
_MOST_WAITING = 65536


class RefusedFrame(DataError):
    """A frame that this machine does not take; said to the sender where there is a way."""


def need_source(find: Callable[[str], FramedSource | None], name: str) -> FramedSource:
    """A machine's source by name.

    Raises
    ------
    RefusedFrame
    """
    source = find(name)
    if source is None:
        raise RefusedFrame(f"no machine {name!r} in the gateway's configuration")
    return source


class FramedSource(Source):
    """Places frames in the gateway's numbers, gives them as blocks, calls back when they are committed."""

    #: Whether the carrier brings again what was not acknowledged.
    resends = True

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        self._format = self.keys.text("format", None, SAMPLE_FORMATS)
        self._numbering = Numbering(config.sample_rate_hz, after, self.resends)
        self._lock, self._ack_lock = threading.RLock(), threading.Lock()
        self._emit: Emit | None = None
        self._ready = threading.Event()
        self._committed = (-1, 0) if after is None else (after.epoch, after.position)
        self._waiting: deque[tuple[tuple[int, int], Callable[[], None]]] = deque(maxlen=_MOST_WAITING)
        #: Called with the sensor's own (epoch, position) after a commit.
        self.on_commit: Callable[[int, int], None] | None = None
        self.key: Hashable = None

    @property
    def listener(self) -> object:
        """What carries the frames."""
        return self.hub.listener(self.key, lambda: None)

    def open(self) -> None:
        """Open what carries the frames, once for all machines on it."""
        self.hub.open(self.key)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Blocks are given from the carrier's thread; this one only waits."""
        self._emit = emit
        self._ready.set()
        stop.wait()
        self._emit = None

    def wanted(self) -> tuple[int, int] | None:
        """The sensor's own epoch and position up to which all is committed; None of a new machine."""
        epoch, position = self._committed
        return self._numbering.of_sensor(position, epoch)

    def greet(self, frame: Frame) -> None:
        """Hold what a HELLO says against the configuration.

        Raises
        ------
        RefusedFrame
        """
        rate_hz = self.config.sample_rate_hz
        if abs(frame.sample_rate_hz - rate_hz) > _SAME_RATE * rate_hz:
            raise RefusedFrame(mismatch(self.config.name, f"{rate_hz:g} Hz", f"{frame.sample_rate_hz:g} Hz"))

    def take(
        self,
        frame: Frame,
        ack: Callable[[], None] | None = None,
        is_over: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Give a frame's samples on; waits where there is no room.

        Parameters
        ----------
        frame : Frame
            Of samples.
        ack : callable, optional
            Called once they are committed, from another thread.
        is_over : callable
            Whether nobody wants it taken any more: its connection was given up while another one's frame waits.

        Returns
        -------
        bool
            False: the gateway stops, or it is over; the frame was not taken.

        Raises
        ------
        RefusedFrame
            Another rate or format than configured, or a sensor that begins anew too often.
        """
        while not self._ready.wait(0.2):
            if self.hub.stopping.is_set():
                return False
        self._need_fit(frame)
        while not self._lock.acquire(timeout=0.5):
            if is_over() or self.hub.stopping.is_set():
                return False
        try:
            return self._place(frame, ack)
        finally:
            self._lock.release()

    def _place(self, frame: Frame, ack: Callable[[], None] | None) -> bool:
        name, live = self.config.name, self.hub.live
        n = frame.n_samples
        arrived_s = time.time()
        time_s = frame.time_ns / 1e9 if frame.time_ns else None
        expected = self._numbering.wanted()
        try:
            pieces = self._numbering.take(frame.epoch, frame.position, n, time_s)
        except TooManyStarts:
            raise RefusedFrame(f"{name}: began anew too often, with epoch {frame.epoch}") from None
        live.add("frames", name)
        if not pieces:
            live.add("late", name)
        elif expected is not None and (frame.epoch, frame.position + pieces[0].first) != expected:
            live.add("gaps", name)
        samples = frame.samples() if pieces else None
        if self.config.scale is not None and pieces:
            samples *= self.config.scale
        start_s = arrived_s - n / self.config.sample_rate_hz if time_s is None else time_s
        for piece in pieces:
            block = Block(
                name,
                start_s + piece.first / self.config.sample_rate_hz,
                samples[piece.first : piece.last],
                piece.position,
                piece.epoch,
                piece.cookie,
                frame.rpm,
            )
            emit = self._emit
            if emit is None or not emit(block):
                return False
        if ack is not None:
            self._when_committed(frame.epoch, frame.position + n, ack)
        return True

    def _need_fit(self, frame: Frame) -> None:
        self.greet(frame)
        if self._format is not None and frame.sample_format != self._format:
            raise RefusedFrame(mismatch(self.config.name, self._format, frame.sample_format))
        if self.config.scale is None and frame.sample_format != "f32le":
            expected = f"scale in its configuration (what a count of {frame.sample_format} stands for)"
            raise RefusedFrame(mismatch(self.config.name, expected, "none"))

    def _when_committed(self, sensor_epoch: int, sensor_end: int, ack: Callable[[], None]) -> None:
        end = self._numbering.end_of(sensor_epoch, sensor_end)
        with self._ack_lock:
            is_late = end is None or end <= self._committed
            if not is_late:
                self._waiting.append((end, ack))
        if is_late:
            ack()

    def committed(self, position: int, epoch: int) -> None:
        """Acknowledge what is on the disk."""
        # Not under the lock of take(), which may be waiting for room that only this thread makes.
        with self._ack_lock:
            self._committed, due = (epoch, position), []
            while self._waiting and self._waiting[0][0] <= self._committed:
                due.append(self._waiting.popleft()[1])
        for ack in due:
            ack()
        told = self.on_commit
        if told is not None and (place := self._numbering.of_sensor(position, epoch)) is not None:
            told(*place)

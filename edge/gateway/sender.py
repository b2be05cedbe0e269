"""The other end of a TCP source: what a sensor's program does so that no sample is lost.

It keeps what the gateway has not committed, connects again where the line breaks, and goes on where the gateway says.
"""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections import deque

import numpy as np

from drsn_keras.errors import DataError, DrsnError, mismatch

from ..sample_format import FORMATS
from .frame import MOST_SAMPLES, SAMPLE_FORMATS, Frame, Kind
from .frame_reader import FrameReader

_RECONNECT_S = (0.1, 5.0)
_CONNECT_TIMEOUT_S = 3.0
_HELLO_EVERY_S = 5.0
#: It answers each HELLO: silent for so long, the gateway's computer has lost its power.
_SILENCE_S = 30.0


class Refused(DrsnError):
    """The gateway does not take this machine; said in its own words."""


class Sender:
    """A machine's samples to a gateway's TCP source. For one thread.

    Parameters
    ----------
    host, port : str, int
    machine : str
        As the gateway's configuration names it.
    sample_rate_hz : float
    sample_format : {"f32le", "s16le", "s24le", "s32le"}
        Integer formats carry counts: values are rounded and clipped to the format's range.
    epoch : int, optional
        Counts how often the sensor began anew; by default drawn from the clock. A program that can give any of its
        samples again names its own, and asks :meth:`connect` where to begin.
    start_s : float, optional
        Unix time of sample 0; by default that of the first :meth:`send`, less its duration.
    keep_s : float
        Samples to keep for a gateway that is away [s].
    frame_samples : int
        Most in a frame.

    Attributes
    ----------
    position : int
        Of the next sample to be given.
    committed : int
        Samples before it are safe in the gateway's store.
    lost : int
        Samples that had to be given up: there was no room left for them.

    Raises
    ------
    DataError
        If a name or number is none that a frame can carry.
    """

    def __init__(
        self,
        host: str,
        port: int,
        machine: str,
        sample_rate_hz: float,
        sample_format: str = "f32le",
        epoch: int | None = None,
        start_s: float | None = None,
        keep_s: float = 120.0,
        frame_samples: int = 8192,
    ) -> None:
        if sample_format not in SAMPLE_FORMATS:
            raise DataError(mismatch("format", f"one of {', '.join(SAMPLE_FORMATS)}", sample_format))
        if not 1 <= frame_samples <= MOST_SAMPLES:
            raise DataError(mismatch("frame_samples", f"1 to {MOST_SAMPLES}", frame_samples))
        self.host, self.port, self.machine = host, port, machine
        self.sample_rate_hz, self.sample_format = float(sample_rate_hz), sample_format
        self.epoch = int(time.time()) & 0xFFFFFFFF if epoch is None else epoch
        self.frame_samples, self.keep_samples = frame_samples, max(1, round(keep_s * sample_rate_hz))
        self.position = self.committed = self.lost = 0
        self._start_s = start_s
        self._kept: deque[Frame] = deque()
        self._n_kept = 0
        self._next = 0  # position of the next sample to write to the socket
        self._out = memoryview(b"")
        self._socket: socket.socket | None = None
        self._answered = False
        self._reader = FrameReader()
        self._patience_s, self._not_before = _RECONNECT_S[0], 0.0
        self._last_hello = self._heard_s = 0.0
        self._hello().encode()  # a name that cannot be sent is said now

    @property
    def connected(self) -> bool:
        """Whether the gateway has answered on the present connection."""
        return self._answered

    @property
    def pending(self) -> int:
        """Samples that are not committed yet."""
        return self.position - self.committed

    def connect(self, timeout_s: float = 10.0) -> int | None:
        """Ask the gateway where to go on, before the first sample is given.

        Returns
        -------
        int or None
            Position of the first sample it wants of this epoch; the sender begins there. None: it does not answer.

        Raises
        ------
        Refused
        """
        until = time.monotonic() + timeout_s
        while not self._answered and time.monotonic() < until:
            self.pump(0.1)
        return self.position if self._answered else None

    def send(self, samples: np.ndarray, rpm: float | None = None, wait_s: float = 0.0) -> int:
        """Give samples; they go out now or when the gateway is back.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
        rpm : float or None
        wait_s : float
            How long to wait for room where all that can be kept is kept; then the oldest are given up, which the
            gateway sees as a gap.

        Returns
        -------
        int
            Samples given up in this call.

        Raises
        ------
        Refused
        """
        samples = np.asarray(samples)
        until = time.monotonic() + wait_s
        while self._n_kept + len(samples) > self.keep_samples and time.monotonic() < until:
            self.pump(0.05)
        if self._start_s is None:
            self._start_s = time.time() - (self.position + len(samples)) / self.sample_rate_hz
        for start in range(0, len(samples), self.frame_samples):
            part = samples[start : start + self.frame_samples]
            time_ns = round((self._start_s + self.position / self.sample_rate_hz) * 1e9)
            frame = Frame(
                Kind.SAMPLES,
                self.machine,
                self.epoch,
                self.position,
                time_ns,
                self.sample_rate_hz,
                self.sample_format,
                _payload(part, self.sample_format),
                rpm=rpm,
            )
            self._kept.append(frame)
            self._n_kept += len(part)
            self.position += len(part)
        lost = 0
        while self._n_kept > self.keep_samples and len(self._kept) > 1:
            lost += self._forget_oldest()
        self.lost += lost
        self.pump(0.0)
        return lost

    def pump(self, wait_s: float = 0.0) -> None:
        """Connect if need be, write what fits, read what the gateway says; at most about ``wait_s`` long.

        Raises
        ------
        Refused
            The machine is unknown there, or its rate is another. The next call tries again.
        """
        try:
            if self._socket is None and not self._connect(wait_s):
                return
            wants_write = self._answered and (len(self._out) > 0 or self._next < self.position)
            readable, writable, _ = select.select([self._socket], [self._socket] if wants_write else [], [], wait_s)
            if readable:
                self._read()
            if writable or (readable and self._answered):
                self._write()
            if self._answered and time.monotonic() - self._last_hello > _HELLO_EVERY_S and not self._out:
                self._say_hello()
            if time.monotonic() - self._heard_s > _SILENCE_S:
                self._disconnect()
        except OSError:
            self._disconnect()

    def drain(self, timeout_s: float = 60.0) -> bool:
        """Wait until all that was given is committed; whether it is. What does not fill a record stays pending."""
        until = time.monotonic() + timeout_s
        while self.pending and time.monotonic() < until:
            self.pump(min(0.2, timeout_s))
        return not self.pending

    def close(self) -> None:
        """End the connection; what is not committed is still kept."""
        self._disconnect()

    def __enter__(self) -> Sender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hello(self) -> Frame:
        return Frame(Kind.HELLO, self.machine, self.epoch, self.position, 0, self.sample_rate_hz)

    def _connect(self, wait_s: float) -> bool:
        if time.monotonic() < self._not_before:
            time.sleep(min(wait_s, max(0.0, self._not_before - time.monotonic())))
            return False
        self._not_before = time.monotonic() + self._patience_s
        self._patience_s = min(2.0 * self._patience_s, _RECONNECT_S[1])
        self._socket = socket.create_connection((self.host, self.port), _CONNECT_TIMEOUT_S)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader, self._answered, self._out = FrameReader(), False, memoryview(b"")
        self._heard_s = time.monotonic()
        self._say_hello()
        return True

    def _say_hello(self) -> None:
        self._last_hello = time.monotonic()
        self._socket.send(self._hello().encode())  # of a fresh or emptied buffer: it fits

    def _disconnect(self) -> None:
        self._answered = False
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = None

    def _read(self) -> None:
        data = self._socket.recv(1 << 16)
        self._heard_s = time.monotonic()
        if not data:
            raise ConnectionResetError
        for frame in self._reader.feed(data):
            if frame.kind == Kind.REFUSED:
                self._disconnect()
                raise Refused(f"{self.host}:{self.port}: {frame.payload.decode(errors='replace')}")
            if frame.kind == Kind.POSITION and frame.epoch == self.epoch:
                self._take_position(frame.position)
            if frame.kind in (Kind.POSITION, Kind.BEGIN) and not self._answered:
                self._answered, self._patience_s = True, _RECONNECT_S[0]
                self._next = self._kept[0].position if self._kept else self.position

    def _take_position(self, position: int) -> None:
        """All before it is committed there. Ahead of all that was ever given: begin there (if nothing was given)."""
        if position > self.position and not self._kept:
            self.position = position
        self.committed = max(self.committed, min(position, self.position))
        while self._kept and self._kept[0].position + self._kept[0].n_samples <= self.committed:
            self._forget_oldest()

    def _write(self) -> None:
        while True:
            if not self._out:
                frame = self._frame_at(self._next)
                if frame is None:
                    return
                self._out = memoryview(frame.encode())
                self._next = frame.position + frame.n_samples
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            self._out = self._out[sent:]

    def _frame_at(self, position: int) -> Frame | None:
        """The first kept one that ends behind a position."""
        return next((frame for frame in self._kept if frame.position + frame.n_samples > position), None)

    def _forget_oldest(self) -> int:
        n_samples = self._kept.popleft().n_samples
        self._n_kept -= n_samples
        return n_samples


def _payload(samples: np.ndarray, sample_format: str) -> bytes:
    form = FORMATS[sample_format]
    if form.full_scale == 1.0:
        return form.encode(samples)
    with np.errstate(over="ignore"):  # infinity is clipped as any count that is too large
        return form.encode(np.nan_to_num(np.asarray(samples, np.float64)) / 2.0 ** (8 * form.n_bytes - 1))

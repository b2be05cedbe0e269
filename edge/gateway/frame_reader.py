"""Frames out of a stream of bytes in which anything may stand between them."""

from __future__ import annotations

from collections.abc import Iterator

from .frame import HEADER_BYTES, MAGIC, MOST_BYTES, Frame, FrameError, decode, read_header

#: Times that a byte may be summed before all that is there is given up.
_MOST_SUMS = 8


class FrameReader:
    """Takes bytes as they come, gives frames; skips to the next magic after bytes that are none.

    Parameters
    ----------
    most_bytes : int
        Longest frame to wait for; it may be changed between calls.

    Attributes
    ----------
    bad : int
        Times that bytes had to be skipped since the start.
    skipped_bytes : int
        Since the last good frame.
    why : str
        What was wrong the last time.

    Examples
    --------
    >>> from drsn_keras.edge.gateway.frame import Frame, Kind
    >>> reader = FrameReader()
    >>> [frame.machine for frame in reader.feed(b"noise" + Frame(Kind.HELLO, "pump").encode())], reader.bad
    (['pump'], 1)
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bad, self.skipped_bytes, self.why = 0, 0, ""
        self._buffer = bytearray()
        self._in_garbage = False
        self._summed = self._fed = 0  # bytes since the last good frame

    @property
    def waiting_bytes(self) -> int:
        """Of a frame that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Frame]:
        """All frames that became whole."""
        return list(self.each(data))

    def each(self, data: bytes) -> Iterator[Frame]:
        """Frames that became whole, one by one: what is done about one (``most_bytes``) holds for the next."""
        self._buffer += data
        self._fed += len(data)
        start = 0
        try:
            while True:
                start = self._skip(start)
                if len(self._buffer) - start < HEADER_BYTES:
                    break
                step, frame = self._take(start)
                if step == 0:
                    break
                start += step
                if frame is not None:
                    yield frame
        finally:
            del self._buffer[:start]

    def _skip(self, start: int) -> int:
        """Where the next magic stands, or may begin to stand."""
        found = self._buffer.find(MAGIC, start)
        if found < 0:
            keep = next((n for n in (3, 2, 1) if self._buffer.endswith(MAGIC[:n])), 0)
            found = max(start, len(self._buffer) - keep)
        if found > start:
            self._note("frame: expected its magic, got other bytes", found - start)
        return found

    def _take(self, start: int) -> tuple[int, Frame | None]:
        """How far to go on (0: wait for more), and the frame if there is one."""
        view = memoryview(self._buffer)
        try:
            header = read_header(view[start : start + HEADER_BYTES])
            n_bytes = header.frame_bytes
            if n_bytes > self.most_bytes:
                raise FrameError(f"frame: expected at most {self.most_bytes} bytes, got {n_bytes}")
            if len(view) - start < n_bytes:
                return 0, None
            self._summed += n_bytes
            frame = decode(view[start : start + n_bytes])
        except FrameError as error:
            step = len(MAGIC)
            # Headers inside each other's payloads could have every byte summed many times: not without an end.
            if self._summed > MOST_BYTES + _MOST_SUMS * self._fed:
                step = len(view) - start
            self._note(str(error), step)
            return step, None
        finally:
            view.release()
        self._in_garbage, self.skipped_bytes, self._summed, self._fed = False, 0, 0, 0
        return n_bytes, frame

    def _note(self, why: str, n_bytes: int) -> None:
        self.skipped_bytes += n_bytes
        if not self._in_garbage:
            self.bad += 1
            self.why = why
        self._in_garbage = True

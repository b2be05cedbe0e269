"""A client's stream of PCM chunks: bytes in, detections out, in the client's own time."""

from __future__ import annotations

import dataclasses

from drsn_keras.errors import DataError, mismatch

from .listener import KeywordListener, Verdict
from .resample import Resampler
from .sample_format import FORMATS, RATES_HZ
from .source import mixed_down

#: By bytes a sample.
_FORMATS = {1: "u8", 2: "s16le", 3: "s24le", 4: "s32le"}
_CHANNELS = 32
#: Beyond it a float does not hold every millisecond.
_LATEST_MS = 2**53


@dataclasses.dataclass(frozen=True)
class Heard:
    """A word in a client's stream; ``timestamp_ms`` is the end of the window that fired, on the client's clock."""

    label: str
    score: float
    timestamp_ms: int


class ChunkStream:
    """Chunks of one stream in a row, each saying its own format, which stays the same.

    Parameters
    ----------
    listener : KeywordListener
        Forgets what it heard before.
    start_ms : int or None
        Time of the first sample (None: 0); what a chunk says of its own goes first from there on.

    Raises
    ------
    DataError
        If the time is no whole number.

    Attributes
    ----------
    n_detections : int
    """

    def __init__(self, listener: KeywordListener, start_ms: int | None = None) -> None:
        self._listener = listener
        self._offset_ms = float(_time(0 if start_ms is None else start_ms))
        self._n_in = 0
        self._format: tuple[int, int, int] | None = None
        self._resampler: Resampler | None = None
        self.n_detections = 0
        listener.reset()

    def push(
        self, audio: bytes, rate_hz: int, width: int, channels: int, timestamp_ms: int | None = None
    ) -> list[Heard]:
        """Take a chunk of whole frames, give what it completed.

        Parameters
        ----------
        audio : bytes
            Interleaved, little endian.
        rate_hz : int
            1000 to 384,000.
        width : int
            Bytes a sample, 1 to 4 (of 1 byte: unsigned).
        channels : int
            1 to 32; averaged.
        timestamp_ms : int or None
            Of the chunk's first sample.

        Raises
        ------
        DataError
            On another format than before, one that is not understood, or half a frame.
        """
        self._expect(rate_hz, width, channels)
        samples = FORMATS[_FORMATS[width]].decode(_whole(audio, width * channels)).reshape(-1, channels)
        if timestamp_ms is not None:
            self._offset_ms = _time(timestamp_ms) - 1000.0 * self._n_in / rate_hz
        self._n_in += len(samples)
        y = mixed_down(samples)
        return self._heard(self._listener.push(y if self._resampler is None else self._resampler.push(y)))

    def stop(self) -> list[Heard]:
        """The stream ends; silence follows, in which the last word is heard."""
        rest = [] if self._resampler is None else self._listener.push(self._resampler.flush())
        return self._heard(rest + self._listener.flush())

    def _expect(self, rate_hz: int, width: int, channels: int) -> None:
        """Hold the chunk's format against that of the first, which is checked."""
        if (rate_hz, width, channels) == self._format:
            return
        got = f"{rate_hz} Hz, {width} bytes, {channels} channels"
        if self._format is not None:
            before = "{} Hz, {} bytes, {} channels".format(*self._format)
            raise DataError(mismatch("audio", f"{before}, as before in the stream", got))
        _checked(rate_hz, "rate", *RATES_HZ)
        _checked(width, "width", min(_FORMATS), max(_FORMATS))
        _checked(channels, "channels", 1, _CHANNELS)
        self._format = (rate_hz, width, channels)
        wanted_hz = self._listener.front_end.sample_rate_hz
        if rate_hz != wanted_hz:
            self._resampler = Resampler(rate_hz, wanted_hz)

    def _heard(self, verdicts: list[Verdict]) -> list[Heard]:
        found = [verdict.detection for verdict in verdicts if verdict.detection]
        self.n_detections += len(found)
        return [Heard(one.label, one.score, round(self._offset_ms + 1000.0 * one.time_s)) for one in found]


def _checked(value: object, what: str, low: int, high: int) -> int:
    """A whole number as JSON may have it."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise DataError(mismatch(what, f"a whole number from {low} to {high}", repr(value)[:40]))
    return value


def _time(milliseconds: object) -> int:
    return _checked(milliseconds, "timestamp", 0, _LATEST_MS)


def _whole(audio: bytes, frame_bytes: int) -> bytes:
    if len(audio) % frame_bytes:
        raise DataError(mismatch("audio", f"whole frames of {frame_bytes} bytes", f"{len(audio)} bytes"))
    return audio

"""The binary framing of samples over TCP, UDP, serial lines and MQTT: one message, with a check sum, any of them.

A frame, little-endian::

    magic "DRSV"  version u8  kind u8  format u8  flags u8  name bytes u8  0 0 0
    epoch u32  count u32  position u64  time_ns i64  sample_rate_hz f64  rpm f32 (0: not measured)
    CRC-32 of all above  |  machine's name (UTF-8)  |  payload  |  CRC-32 of all above

``count`` is the number of samples in the payload (SAMPLES) or its bytes (REFUSED). The first check sum stands after the
fixed part, so that a damaged count is never waited for.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import struct
import zlib

import numpy as np

from drsn_keras.errors import DataError, mismatch

from ..sample_format import FORMATS

MAGIC = b"DRSV"
VERSION = 1
MOST_SAMPLES = 1_000_000
MOST_NAME_BYTES = 64
#: Of a position: what a store's 64-bit integers hold, with room to count on.
MOST_POSITION = 1 << 62
#: Flag of a frame that may have been sent before.
DUPLICATE = 1
_FIXED = struct.Struct("<4sBBBBB3sIIQqdf")
_CRC = struct.Struct("<I")
HEADER_BYTES = _FIXED.size + _CRC.size
#: Longest frame there is.
MOST_BYTES = HEADER_BYTES + MOST_NAME_BYTES + 4 * MOST_SAMPLES + _CRC.size
#: Names of the sample formats, by number.
SAMPLE_FORMATS = ("s16le", "s24le", "s32le", "f32le")


class Kind(enum.IntEnum):
    """What a frame is for."""

    SAMPLES = 0
    #: Client to gateway: who I am, at which rate. Also a sign of life.
    HELLO = 1
    #: Gateway to client: committed up to here, in the client's own epoch and position.
    POSITION = 2
    #: Gateway to client: nothing is known of this machine yet; begin with what you have.
    BEGIN = 3
    #: Gateway to client: why not, as text.
    REFUSED = 4


class FrameError(DataError):
    """Bytes that are no frame."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """One message.

    Parameters
    ----------
    kind : Kind
    machine : str
        At most 64 bytes of UTF-8, printable.
    epoch : int
        Counts how often the sensor began anew (0 to 2^32 - 1).
    position : int
        Of the first sample since the epoch's first; of a POSITION, the first that is wanted.
    time_ns : int
        Unix time of the first sample [ns]; 0 where the sensor has no clock.
    sample_rate_hz : float
    sample_format : {"s16le", "s24le", "s32le", "f32le"}
    payload : bytes
        Samples, or the text of a REFUSED.
    flags : int
    rpm : float or None
        Speed of the shaft over these samples, where the sensor measures it.
    """

    kind: Kind
    machine: str
    epoch: int = 0
    position: int = 0
    time_ns: int = 0
    sample_rate_hz: float = 1.0
    sample_format: str = "f32le"
    payload: bytes = b""
    flags: int = 0
    rpm: float | None = None

    @property
    def n_samples(self) -> int:
        """In the payload of a SAMPLES frame."""
        return len(self.payload) // FORMATS[self.sample_format].n_bytes

    def samples(self) -> np.ndarray:
        """Counts of integer formats, values of floats [shape=(n,), float64].

        Examples
        --------
        >>> Frame(Kind.SAMPLES, "pump", sample_format="s16le", payload=bytes([1, 0, 255, 255])).samples().tolist()
        [1.0, -1.0]
        """
        return FORMATS[self.sample_format].counts(self.payload)

    def encode(self) -> bytes:
        """The frame's bytes.

        Raises
        ------
        FrameError
            If a field is out of its range.
        """
        name = self.machine.encode()
        count = self.n_samples if self.kind == Kind.SAMPLES else len(self.payload)
        _check(self.kind, name, self.sample_rate_hz, count, self.rpm or 0.0, self.position)
        number = SAMPLE_FORMATS.index(self.sample_format)
        try:
            fixed = _FIXED.pack(
                MAGIC,
                VERSION,
                self.kind,
                number,
                self.flags,
                len(name),
                b"\0\0\0",
                self.epoch,
                count,
                self.position,
                self.time_ns,
                self.sample_rate_hz,
                self.rpm or 0.0,
            )
        except (struct.error, OverflowError) as error:
            raise FrameError(f"frame: {error}") from None
        body = fixed + _CRC.pack(zlib.crc32(fixed)) + name + self.payload
        return body + _CRC.pack(zlib.crc32(body))


@dataclasses.dataclass(frozen=True)
class Header:
    """The fixed part, checked: how long the whole is is known."""

    kind: Kind
    sample_format: str
    flags: int
    name_bytes: int
    epoch: int
    position: int
    time_ns: int
    sample_rate_hz: float
    rpm: float | None
    payload_bytes: int

    @property
    def frame_bytes(self) -> int:
        """Of the whole frame."""
        return HEADER_BYTES + self.name_bytes + self.payload_bytes + _CRC.size


def read_header(data: bytes | bytearray | memoryview) -> Header:
    """Check the first ``HEADER_BYTES`` of a frame.

    Raises
    ------
    FrameError
        In one line: what is wrong with them.
    """
    if len(data) < HEADER_BYTES:
        raise FrameError(mismatch("frame", f"at least {HEADER_BYTES} bytes", len(data)))
    magic, version, kind, number, flags, name_bytes, zero, epoch, count, position, time_ns, rate_hz, rpm = (
        _FIXED.unpack(data[: _FIXED.size])
    )
    if magic != MAGIC:
        raise FrameError(mismatch("frame", repr(MAGIC), repr(magic)))
    if _CRC.unpack(data[_FIXED.size : HEADER_BYTES])[0] != zlib.crc32(data[: _FIXED.size]):
        raise FrameError("frame: the header's check sum does not fit")
    if version != VERSION or zero != b"\0\0\0":
        raise FrameError(mismatch("frame, version", VERSION, version))
    if kind not in Kind._value2member_map_:
        raise FrameError(mismatch("frame, kind", f"0 to {len(Kind) - 1}", kind))
    if number >= len(SAMPLE_FORMATS):
        raise FrameError(mismatch("frame, format", f"0 to {len(SAMPLE_FORMATS) - 1}", number))
    name = SAMPLE_FORMATS[number]
    _check(Kind(kind), b" " * name_bytes, rate_hz, count, rpm, position)
    n_bytes = count * (FORMATS[name].n_bytes if kind == Kind.SAMPLES else 1)
    return Header(Kind(kind), name, flags, name_bytes, epoch, position, time_ns, rate_hz, rpm or None, n_bytes)


def decode(data: bytes | bytearray | memoryview) -> Frame:
    """One whole frame, nothing before or after it (a UDP datagram, an MQTT payload).

    Raises
    ------
    FrameError
        In one line: what is wrong.
    """
    header = read_header(data)
    if len(data) != header.frame_bytes:
        raise FrameError(mismatch("frame", f"{header.frame_bytes} bytes", len(data)))
    end = header.frame_bytes - _CRC.size
    if _CRC.unpack(data[end:])[0] != zlib.crc32(data[:end]):
        raise FrameError("frame: the check sum does not fit")
    start = HEADER_BYTES + header.name_bytes
    try:
        machine = bytes(data[HEADER_BYTES:start]).decode()
    except UnicodeDecodeError:
        raise FrameError("frame: the machine's name is no UTF-8") from None
    if not machine.isprintable():
        raise FrameError("frame: the machine's name is not printable")
    return Frame(
        header.kind,
        machine,
        header.epoch,
        header.position,
        header.time_ns,
        header.sample_rate_hz,
        header.sample_format,
        bytes(data[start:end]),
        header.flags,
        header.rpm,
    )


def _check(kind: Kind, name: bytes, rate_hz: float, count: int, rpm: float, position: int) -> None:
    if not 1 <= len(name) <= MOST_NAME_BYTES:
        raise FrameError(mismatch("frame, machine's name", f"1 to {MOST_NAME_BYTES} bytes", len(name)))
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise FrameError(mismatch("frame, sample rate", "a number above 0", rate_hz))
    # The end, too, has to fit: it is what is answered when the samples are committed.
    if position + (count if kind == Kind.SAMPLES else 0) > MOST_POSITION:
        raise FrameError(mismatch("frame, position", "at most 2^62 at its end", position))
    if not 0.0 <= rpm <= 1e6:
        raise FrameError(mismatch("frame, rpm", "0 to 1e6", rpm))
    most = MOST_SAMPLES if kind == Kind.SAMPLES else 1024
    if count > most or (kind == Kind.SAMPLES and count == 0):
        raise FrameError(mismatch("frame, count", f"1 to {most}" if kind == Kind.SAMPLES else f"at most {most}", count))

"""Raw PCM from a binary stream, as it comes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch

from .sample_format import FORMATS, RATES_HZ

_READ_BYTES = 1 << 16


class PcmStream:
    """Samples without a header.

    Parameters
    ----------
    stream : binary file
        Read with ``read1`` where it has that: what is there is taken at once.
    sample_rate_hz, channels : int
    sample_format : str
        A name of :data:`drsn_keras.edge.sample_format.FORMATS`.
    name : str
        For messages and results.

    Attributes
    ----------
    leftover_bytes : int
        Bytes at the end that made no whole sample of all channels; known once :meth:`blocks` is through.
    n_read : int
        Samples of a channel that were given so far.
    arrived_s : float
        Unix time [s] at which the last of them was there.

    Examples
    --------
    >>> import io
    >>> stream = PcmStream(io.BytesIO(bytes([0, 64, 0, 192, 7])), 16000, 1, "s16le")
    >>> [block.tolist() for block in stream.blocks()], stream.leftover_bytes
    ([[[0.5], [-0.5]]], 1)
    """

    n_samples = None
    broken = False

    def __init__(
        self,
        stream: BinaryIO,
        sample_rate_hz: int,
        channels: int = 1,
        sample_format: str = "s16le",
        name: str = "stdin",
    ) -> None:
        if sample_format not in FORMATS:
            raise UsageError(mismatch("format", f"one of {', '.join(FORMATS)}", sample_format))
        if not RATES_HZ[0] <= sample_rate_hz <= RATES_HZ[1]:
            raise UsageError(mismatch("rate", f"{RATES_HZ[0]} to {RATES_HZ[1]} Hz", sample_rate_hz))
        if channels < 1:
            raise UsageError(mismatch("channels", "at least 1", channels))
        self.name = name
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.leftover_bytes = self.n_read = 0
        self.arrived_s = 0.0
        self._format = FORMATS[sample_format]
        self._read = stream.read1 if hasattr(stream, "read1") else stream.read

    def blocks(self) -> Iterator[np.ndarray]:
        """What has arrived, again and again [shape=(n, channels), float32].

        Raises
        ------
        DataError
            If the stream ends without a single sample.
        """
        frame_bytes = self._format.n_bytes * self.channels
        rest, any_samples = b"", False
        while data := self._read(_READ_BYTES):
            rest += data
            whole = len(rest) - len(rest) % frame_bytes
            if whole:
                any_samples = True
                self.arrived_s = time.time()
                self.n_read += whole // frame_bytes
                yield self._format.decode(rest[:whole]).reshape(-1, self.channels)
                rest = rest[whole:]
        self.leftover_bytes = len(rest)
        if not any_samples:
            raise DataError(mismatch(self.name, f"samples of {frame_bytes} bytes", f"{len(rest)} bytes and the end"))

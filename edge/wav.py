"""WAV files: a RIFF reader that keeps its memory small on recordings of any length.

References
----------
Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991 (RIFF, WAVE);
EBU Tech 3306, "RF64: an extended file format for audio", 2009 (files beyond 4 GiB).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .sample_format import FORMATS, RATES_HZ, SampleFormat

_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE
_TAGS = {0x0002: "ADPCM", 0x0006: "A-law", 0x0007: "mu-law", 0x0011: "IMA ADPCM", 0x0055: "MP3"}
_ENCODINGS = {
    (_PCM, 1): "u8",
    (_PCM, 2): "s16le",
    (_PCM, 3): "s24le",
    (_PCM, 4): "s32le",
    (_FLOAT, 4): "f32le",
    (_FLOAT, 8): "f64le",
}
_BLOCK_BYTES = 1 << 17
#: Sizes that ffmpeg and SoX write when they cannot seek back: the data go on to the end of the file.
_SIZES_OF_PIPES = (0xFFFFFFFF, 0x7FFFF000)
_OTHER_KINDS = (
    (0, b"fLaC", "FLAC"),
    (0, b"OggS", "Ogg"),
    (0, b"ID3", "MP3"),
    (0, b"\xff\xfb", "MP3"),
    (0, b"\xff\xf3", "MP3"),
    (0, b"\xff\xf2", "MP3"),
    (0, b"FORM", "AIFF"),
    (0, b"caff", "CAF"),
    (0, b"RIFX", "big-endian WAV"),
    (4, b"ftyp", "MP4"),
    (0, b"\x1aE\xdf\xa3", "Matroska or WebM"),
)


class WavFile:
    """A WAV file of PCM (8, 16, 24, 32 bit) or float (32, 64 bit) samples, any number of channels.

    Parameters
    ----------
    path : path

    Attributes
    ----------
    sample_rate_hz, channels : int
    n_samples : int
        A channel.

    Raises
    ------
    DataError
        If there is no such file, or it is no WAV file, holds no samples or fewer than it says, or is of an
        encoding that needs a decoder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.name = str(path)
        if not self.path.is_file():
            found = "a folder" if self.path.is_dir() else "something else"
            raise DataError(mismatch(self.name, "a WAV file", found if self.path.exists() else "nothing there"))
        with self.path.open("rb") as file:
            self._file_bytes = os.fstat(file.fileno()).st_size
            self._read_header(file)
        self._frame_bytes = self._format.n_bytes * self.channels
        self.n_samples = self._data_bytes // self._frame_bytes
        if self._data_start + self._data_bytes > self._file_bytes:
            there = self._file_bytes - self._data_start
            raise DataError(mismatch(self.name, f"{self._data_bytes} bytes of samples", f"{there} (truncated file)"))
        if self.n_samples == 0:
            raise DataError(mismatch(self.name, "samples", "none"))

    @property
    def is_integer(self) -> bool:
        """Whether samples are shares of a converter's full scale, not numbers of somebody's own."""
        return self._format.full_scale != 1.0

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample of one channel."""
        return self._format.n_bytes

    def blocks(self, n: int | None = None) -> Iterator[np.ndarray]:
        """The samples, ``n`` of each channel at a time [shape=(<= n, channels), float32]; 128 KiB if absent."""
        n = max(1, _BLOCK_BYTES // self._frame_bytes) if n is None else n
        with self.path.open("rb") as file:
            file.seek(self._data_start)
            for start in range(0, self.n_samples, n):
                wanted = min(n, self.n_samples - start) * self._frame_bytes
                data = file.read(wanted)
                if len(data) != wanted:
                    raise DataError(mismatch(self.name, f"{wanted} more bytes of samples", len(data)))
                yield self._format.decode(data).reshape(-1, self.channels)

    def _read_header(self, file: BinaryIO) -> None:
        """Walk the chunks up to the samples."""
        head = file.read(12)
        if not head:
            raise DataError(mismatch(self.name, "a WAV file", "an empty file (0 bytes)"))
        for offset, mark, kind in _OTHER_KINDS:
            if head[offset:].startswith(mark):
                raise DataError(
                    f"{mismatch(self.name, 'a WAV file', kind)}; convert it: ffmpeg -i INPUT -ac 1 -ar 16000 OUTPUT.wav"
                )
        if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64", b"BW64") or head[8:] != b"WAVE":
            raise DataError(mismatch(self.name, "a WAV file (RIFF ... WAVE)", f"one that starts with {head!r}"))
        data_bytes_64, has_format = None, False
        while len(header := file.read(8)) == 8:
            name, size = header[:4], int.from_bytes(header[4:], "little")
            start = file.tell()
            if name == b"ds64":
                data_bytes_64 = int.from_bytes(file.read(16)[8:], "little")
            elif name == b"fmt ":
                self._read_format(file.read(min(size, 40)))
                has_format = True
            elif name == b"data":
                if not has_format:
                    raise DataError(mismatch(self.name, "a fmt chunk before the samples", "none"))
                self._data_start = start
                if data_bytes_64 is not None and size == 0xFFFFFFFF:
                    size = data_bytes_64
                elif size in _SIZES_OF_PIPES:
                    size = min(size, self._file_bytes - start)
                self._data_bytes = size
                return
            file.seek(start + size + size % 2)  # Chunks start at even offsets.
        raise DataError(mismatch(self.name, "a data chunk", "the end of the file (truncated file)"))

    def _read_format(self, fmt: bytes) -> None:
        """The fmt chunk: who wrote these samples, and how."""
        if len(fmt) < 16:
            raise DataError(mismatch(self.name, "a fmt chunk of at least 16 bytes", len(fmt)))
        tag, self.channels, self.sample_rate_hz, _, frame_bytes, bits = struct.unpack("<HHIIHH", fmt[:16])
        if tag == _EXTENSIBLE and len(fmt) >= 26:
            tag = int.from_bytes(fmt[24:26], "little")  # The first bytes of the GUID are the plain tag.
        if self.channels == 0 or frame_bytes == 0 or frame_bytes % self.channels:
            raise DataError(
                mismatch(
                    self.name,
                    "a sample size that its channels divide",
                    f"{frame_bytes} bytes, {self.channels} channels",
                )
            )
        if not RATES_HZ[0] <= self.sample_rate_hz <= RATES_HZ[1]:
            raise DataError(mismatch(self.name, f"{RATES_HZ[0]} to {RATES_HZ[1]} Hz", self.sample_rate_hz))
        # Samples of, say, 20 bits sit at the top of a container of 3 bytes: the container is what counts.
        n_bytes = frame_bytes // self.channels
        encoding = _ENCODINGS.get((tag, n_bytes))
        if encoding is None or bits > 8 * n_bytes:
            kind = {_PCM: "PCM", _FLOAT: "float", **_TAGS}.get(tag, f"format {tag:#06x}")
            expected = "PCM of 8 to 32 bits or float of 32 or 64"
            raise DataError(mismatch(self.name, expected, f"{kind} of {bits} bits in {n_bytes} bytes; convert it"))
        self._format: SampleFormat = FORMATS[encoding]

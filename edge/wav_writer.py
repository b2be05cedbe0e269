"""Writes a WAV file of one channel, block by block; it stands in its place when it is whole."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .sample_format import FORMATS

_PCM, _FLOAT = 0x0001, 0x0003
_HEADER_BYTES = 44
_LARGEST = 2**32 - 1 - _HEADER_BYTES


class WavWriter:
    """To be used as a context; without an error inside it, the file is there afterwards, whole.

    Parameters
    ----------
    path : Path
        May be replaced.
    sample_rate_hz : int
    sample_format : str
        A name of :data:`drsn_keras.edge.sample_format.FORMATS`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with WavWriter(Path(folder, "a.wav"), 16000, "s16le") as wav:
    ...         wav.write(np.zeros(100))
    ...     Path(folder, "a.wav").stat().st_size
    244
    """

    def __init__(self, path: Path, sample_rate_hz: int, sample_format: str) -> None:
        self.path, self._rate_hz, self._name = Path(path), sample_rate_hz, sample_format
        self._format = FORMATS[sample_format]
        self._temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        self._n_bytes = 0

    def write(self, samples: np.ndarray) -> None:
        """Append samples [shape=(n,)]; integers are rounded and clipped.

        Raises
        ------
        DataError
            Where the file would grow beyond 4 GiB.
        """
        data = self._format.encode(samples)
        self._n_bytes += len(data)
        if self._n_bytes > _LARGEST:
            raise DataError(mismatch(self.path, "less than 4 GiB of samples", "more"))
        self._file.write(data)

    def __enter__(self) -> WavWriter:
        try:
            self._file = self._temporary.open("wb")
            self._file.write(bytes(_HEADER_BYTES))
        except OSError as error:
            error.filename = str(self.path)
            raise
        return self

    def __exit__(self, kind: type | None, error: object, trace: object) -> None:
        try:
            if kind is None:
                self._file.write(b"\0" * (self._n_bytes % 2))  # chunks end at even offsets
                self._file.seek(0)
                self._file.write(self._header())
                self._file.flush()
                os.fsync(self._file.fileno())
            self._file.close()
            if kind is None:
                self._temporary.replace(self.path)
        finally:
            self._file.close()
            self._temporary.unlink(missing_ok=True)

    def _header(self) -> bytes:
        width = self._format.n_bytes
        tag = _FLOAT if self._format.full_scale == 1.0 else _PCM
        form = struct.pack("<HHIIHH", tag, 1, self._rate_hz, self._rate_hz * width, width, 8 * width)
        whole = _HEADER_BYTES - 8 + self._n_bytes + self._n_bytes % 2
        head = b"RIFF" + struct.pack("<I", whole) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        return head + b"data" + struct.pack("<I", self._n_bytes)

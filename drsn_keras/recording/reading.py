"""A file of a recording, read by the end of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError, mismatch
from .content import need_content
from .npz import read_npz_signal
from .parquet_table import read_parquet
from .signal_file import SignalFile
from .table import choose_column
from .text_table import read_table
from .time_axis import TIME_COLUMN, rate_of_times

#: What a file must be called to be taken for a recording.
SUFFIXES = (".wav", ".csv", ".tsv", ".txt", ".npz", ".parquet")

#: Reads the channel asked for of a WAV file; training and device each have their own.
WavReader = Callable[[Path, str | None], SignalFile]


def read_signal_file(path: Path, channel: str | None, read_wav: WavReader, facts: Sequence[str] = ()) -> SignalFile:
    """Read a file by the end of its name.

    WAV: by ``read_wav``. CSV, TSV, text, Parquet: one column of numbers, and perhaps ``time_s``, which says the rate.
    NPZ: see :mod:`drsn_keras.recording.npz`.

    Parameters
    ----------
    path : Path
    channel : str or None
        Number of a WAV's channel (from 0), name or number of a column, name of an array.
    read_wav : callable
        Called with path and channel; see :func:`~drsn_keras.recording.table.choose_column`.
    facts : sequence of str
        Names of texts to hand on from an NPZ file.

    Raises
    ------
    DataError
        One line: missing, empty, truncated, of another kind, several channels and no choice.
    """
    need_content(path, "a recording")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(mismatch(path, f"a file named {', '.join(SUFFIXES)}", repr(path.suffix)))
    if suffix == ".wav":
        return read_wav(path, channel)
    if suffix == ".npz":
        return read_npz_signal(path, channel, facts)
    table = read_parquet(path) if suffix == ".parquet" else read_table(path)
    column = choose_column(table.names, channel, path, (TIME_COLUMN,))
    rate_hz = None
    if TIME_COLUMN in table.names:
        times_s = table.columns[:, table.names.index(TIME_COLUMN)]
        rate_hz = rate_of_times(times_s, f"{path}, column {TIME_COLUMN}")
    signal = np.ascontiguousarray(table.columns[:, column])  # lets go of the other columns
    return SignalFile(str(path), signal, rate_hz, channel=table.names[column])

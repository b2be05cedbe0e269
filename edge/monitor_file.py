"""A recording of a machine from a file: as in training, but WAV by the device's own reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drsn_keras.recording import SignalFile, choose_column, read_signal_file

from .wav import WavFile


def read_recording(path: str | Path, channel: str | None = None) -> SignalFile:
    """Read a file by the end of its name: WAV (any PCM or float), CSV, TSV, text, NPZ, Parquet.

    Parameters
    ----------
    path : path
    channel : str, optional
        Number of a WAV's channel (from 0), name or number of a column, name of an array.

    Raises
    ------
    DataError
        One line: missing, empty, truncated, of another kind, several channels and no choice.
    """
    return read_signal_file(Path(path), channel, _read_wav)


def _read_wav(path: Path, channel: str | None) -> SignalFile:
    """One channel, block by block: the others need no memory."""
    wav = WavFile(path)
    names = tuple(str(i) for i in range(wav.channels))
    column = choose_column(names, channel, path)
    signal = np.concatenate([block[:, column] for block in wav.blocks()])
    rate_hz = float(wav.sample_rate_hz)
    return SignalFile(str(path), signal, rate_hz, channel=names[column], is_wav=True, is_share=wav.is_integer)

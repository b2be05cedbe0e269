"""A recording of a machine as a file holds it: samples, and what the file itself says about them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .vibration_file_table import Table, choose_column, read_table
from .wav import WavFile

SUFFIXES = (".wav", ".csv", ".tsv", ".txt", ".npz")
#: A column of this name holds the time of each sample [s].
TIME_COLUMN = "time_s"
#: What an NPZ may call its rate [Hz]; ``drsn-train vibration --task npz`` takes the same.
_RATE_ARRAYS = ("sample_rate_hz", "fs")
#: Arrays by which CWRU's own form is known: it is in g without saying so.
_CWRU_ARRAYS = {"file_number", "load_hp"}


@dataclasses.dataclass(frozen=True, eq=False)
class VibrationFile:
    """What a file says; None where it does not.

    Parameters
    ----------
    name : str
    signal : np.ndarray [shape=(n,), float32 or float64]
        May hold NaN.
    sample_rate_hz, rpm : float or None
    unit : str or None
    is_wav, is_share : bool
        ``is_share``: samples are shares of a converter's full scale (a WAV of integers), not of a unit.
    """

    name: str
    signal: np.ndarray
    sample_rate_hz: float | None = None
    unit: str | None = None
    rpm: float | None = None
    is_wav: bool = False
    is_share: bool = False


def read_vibration_file(path: str | Path, channel: str | None = None) -> VibrationFile:
    """Read a file by the end of its name.

    WAV: any PCM or float. CSV, TSV, text: one column of numbers, and perhaps ``time_s``. NPZ: ``signal``, or ``x``
    times ``scale``; ``sample_rate_hz`` or ``fs``, ``unit`` and ``rpm`` where known. CWRU's own NPZ (``x``, ``scale``,
    ``file_number``, ``load_hp``) without a ``unit`` is in g.

    Parameters
    ----------
    path : path
    channel : str, optional
        Number of a WAV's channel (from 0), name or number of a column, name of an array.

    Raises
    ------
    DataError
        One line: missing, empty, truncated, of another kind, several channels and no choice, or an NPZ that says its
        signal or its rate twice.
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(mismatch(path, "a recording", "a folder" if path.is_dir() else "nothing there"))
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(mismatch(path, f"a file named {', '.join(SUFFIXES)}", repr(path.suffix)))
    if path.stat().st_size == 0:
        raise DataError(mismatch(path, "a recording", "a file of 0 bytes"))
    reader = {".wav": _read_wav, ".npz": _read_npz}.get(suffix, _read_text)
    return reader(path, channel)


def _read_wav(path: Path, channel: str | None) -> VibrationFile:
    wav = WavFile(path)
    names = tuple(str(i) for i in range(wav.channels))
    column = choose_column(names, channel, path)
    signal = np.concatenate([block[:, column] for block in wav.blocks()])
    return VibrationFile(str(path), signal, float(wav.sample_rate_hz), is_wav=True, is_share=wav.is_integer)


def _read_text(path: Path, channel: str | None) -> VibrationFile:
    table: Table = read_table(path)
    column = choose_column(table.names, channel, path, (TIME_COLUMN,))
    rate_hz = None
    if TIME_COLUMN in table.names:
        rate_hz = _rate_of(table.columns[:, table.names.index(TIME_COLUMN)], path)
    return VibrationFile(str(path), np.ascontiguousarray(table.columns[:, column]), rate_hz)


def _read_npz(path: Path, channel: str | None) -> VibrationFile:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except Exception as error:  # a damaged archive surfaces as any of a dozen, tokenize.TokenError among them
        got = f"a damaged or other file ({(str(error).splitlines() or ['no reason given'])[0][:100]})"
        raise DataError(mismatch(path, "an NPZ file of plain arrays", got)) from None
    name = channel or _one_of(arrays, ("signal", "x"), path)
    if name not in arrays:
        raise DataError(mismatch(path, f"an array {name}", ", ".join(arrays) or "no arrays"))
    signal = _signal(arrays[name], f"{path}, {name}")
    if name == "x" and "scale" in arrays:
        signal = signal.astype(np.float64) * _scale(arrays["scale"], path)
    elif channel is None and (name == "x" or "scale" in arrays):
        expected = "a scale (the signal is x * scale)" if name == "x" else "x with the scale, or signal without"
        raise DataError(mismatch(path, expected, ", ".join(arrays)))
    unit = _text(arrays, "unit", path)
    if unit is None and name == "x" and {"scale", *_CWRU_ARRAYS} <= set(arrays):
        unit = "g"
    rate = _one_of(arrays, _RATE_ARRAYS, path) if set(_RATE_ARRAYS) & set(arrays) else None
    rate_hz = None if rate is None else _number(arrays, rate, path)
    return VibrationFile(str(path), signal, rate_hz, unit, _number(arrays, "rpm", path))


def _one_of(arrays: dict[str, np.ndarray], names: tuple[str, ...], path: Path) -> str:
    """The one of these names that is there."""
    there = [name for name in names if name in arrays]
    if len(there) != 1:
        got = " and ".join(there) or ", ".join(arrays) or "no arrays"
        raise DataError(mismatch(path, f"an array {' or '.join(names)}", got))
    return there[0]


def _signal(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind not in "iuf" or array.size != max(array.shape, default=0):
        raise DataError(mismatch(where, "numbers of one channel", f"shape {array.shape}, {array.dtype}"))
    if array.size == 0:
        raise DataError(mismatch(where, "samples", "none"))
    array = array.reshape(-1)
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def _scale(value: np.ndarray, path: Path) -> float:
    """What one step of ``x`` is, in the unit; below 0 where the sensor was mounted the other way round."""
    if value.size != 1 or value.dtype.kind not in "iuf" or not np.isfinite(value).all() or not value.all():
        shown = value.reshape(-1)[0] if value.size == 1 else f"shape {value.shape}"
        raise DataError(mismatch(f"{path}, scale", "a number other than 0", shown))
    return float(value.reshape(-1)[0])


def _text(arrays: dict[str, np.ndarray], name: str, path: Path) -> str | None:
    """A text; None where there is none, or only blanks."""
    if name not in arrays:
        return None
    value = arrays[name]
    if value.size != 1 or value.dtype.kind not in "USiuf":
        raise DataError(mismatch(f"{path}, {name}", "one text", f"shape {value.shape}, {value.dtype}"))
    item = value.reshape(-1)[0]
    return (item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)).strip() or None


def _number(arrays: dict[str, np.ndarray], name: str, path: Path) -> float | None:
    """A positive scalar; None where there is none."""
    if name not in arrays:
        return None
    value = arrays[name]
    good = value.size == 1 and value.dtype.kind in "iuf" and np.isfinite(value).all() and (value > 0).all()
    if not good:
        shown = value.reshape(-1)[0] if value.size == 1 else f"shape {value.shape}"
        raise DataError(mismatch(f"{path}, {name}", "a number above 0", shown))
    return float(value.reshape(-1)[0])


def _rate_of(time_s: np.ndarray, path: Path) -> float:
    """Rate [Hz] of evenly spaced times: a step that is half a step off is a gap, or a sample too many."""
    where = f"{path}, column {TIME_COLUMN}"
    if time_s.size < 2 or not np.isfinite(time_s).all() or time_s[-1] <= time_s[0]:
        raise DataError(mismatch(where, "rising times in s", "other numbers"))
    step_s = (time_s[-1] - time_s[0]) / (time_s.size - 1)
    steps_s = np.diff(time_s)
    off = np.flatnonzero(np.abs(steps_s / step_s - 1.0) > 0.5)
    if off.size:
        raise DataError(mismatch(where, f"steps of {step_s:g} s", f"{steps_s[off[0]]:g} s after sample {off[0]}"))
    if not 1e-12 < step_s < 1e12:
        raise DataError(mismatch(where, "times in s", f"steps of {step_s:g}"))
    rate_hz = 1.0 / step_s
    # Times are written with few digits: 12000.3 Hz is 12000 Hz.
    return float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-4 * rate_hz else rate_hz

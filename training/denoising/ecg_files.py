"""Electrocardiograms in files: NPZ as PhysioNet's records are converted to, or with a signal in mV; CSV."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import TIME_COLUMN, as_number, rate_of_times, read_npz, read_table

from ..vibration.layouts.files import files_below

SUFFIXES = (".npz", ".csv", ".tsv", ".txt")
_SAME = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class Lead:
    """One lead of one record.

    Parameters
    ----------
    path : Path
    name : str
        Of the lead: ``MLII`` ...
    signal_mv : np.ndarray [shape=(n,), float64]
    sample_rate_hz : float
    """

    path: Path
    name: str
    signal_mv: np.ndarray
    sample_rate_hz: float


def read_leads(data: Path, channel: str | None, rate_hz: float | None) -> list[Lead]:
    """Leads of a file, or of all files below a folder.

    NPZ: ``x`` [shape=(leads, n)] in steps of a converter with ``gain`` [steps / mV] and ``baseline`` [steps], or
    ``signal`` [shape=(n,) or (leads, n)] in mV; ``fs`` or ``sample_rate_hz``; perhaps ``channels``, the leads' names.
    CSV: columns in mV; a column ``time_s`` says the rate.

    Parameters
    ----------
    channel : str or None
        Name or number of the lead; all if not given.
    rate_hz : float or None
        Of files that do not say theirs.

    Raises
    ------
    DataError
        One line naming the file: not there, damaged, no such lead, no rate, other than finite samples, a flat line.
    """
    paths = files_below(data, lambda p: p.suffix.lower() in SUFFIXES, "records of ECG (NPZ or CSV)")
    leads = [lead for path in paths for lead in _leads_of(path, channel, rate_hz)]
    first = leads[0]
    for lead in leads:
        if abs(lead.sample_rate_hz - first.sample_rate_hz) > _SAME * first.sample_rate_hz:
            expected = f"{first.sample_rate_hz:g} Hz as in {first.path.name}"
            raise DataError(mismatch(f"{lead.path}, sample rate", expected, f"{lead.sample_rate_hz:g} Hz"))
    return leads


def _leads_of(path: Path, channel: str | None, rate_hz: float | None) -> list[Lead]:
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(mismatch(path, f"a file named {', '.join(SUFFIXES)}", repr(path.suffix)))
    names, signals, own_hz = _from_npz(path) if path.suffix.lower() == ".npz" else _from_table(path)
    if own_hz is None and rate_hz is None:
        raise DataError(mismatch(f"{path}, sample rate", "a rate in the file, or --rate HZ", "none"))
    if own_hz is not None and rate_hz is not None and abs(own_hz - rate_hz) > _SAME * own_hz:
        raise DataError(mismatch(f"{path}, sample rate", f"{own_hz:g} Hz as the file says", f"{rate_hz:g} Hz"))
    rate = own_hz if own_hz is not None else rate_hz
    if not 0 < rate < 1e6:
        raise DataError(mismatch(f"{path}, sample rate", "a rate above 0", f"{rate:g} Hz"))
    chosen = range(len(names)) if channel is None else [_index(names, channel, path)]
    return [Lead(path, names[i], _checked(signals[i], f"{path}, {names[i]}"), rate) for i in chosen]


def _from_npz(path: Path) -> tuple[list[str], np.ndarray, float | None]:
    arrays = read_npz(path)
    name = next((n for n in ("signal", "x") if n in arrays), None)
    if name is None:
        raise DataError(
            mismatch(path, "an array signal [mV], or x with gain and baseline", ", ".join(arrays) or "none")
        )
    y = arrays[name]
    if y.dtype.kind not in "iuf" or y.ndim not in {1, 2}:
        raise DataError(mismatch(f"{path}, {name}", "numbers [shape=(leads, n)]", f"shape {y.shape}, {y.dtype}"))
    y = np.atleast_2d(y).astype(np.float64)
    if name == "x":
        if "gain" not in arrays:
            raise DataError(mismatch(f"{path}, x", "its gain [steps / mV]", "none"))
        gain = as_number(arrays["gain"], f"{path}, gain")
        if not gain > 0:
            raise DataError(mismatch(f"{path}, gain", "a number above 0", gain))
        baseline = as_number(arrays["baseline"], f"{path}, baseline") if "baseline" in arrays else 0.0
        y = (y - baseline) / gain
    rate = next((as_number(arrays[n], f"{path}, {n}") for n in ("sample_rate_hz", "fs") if n in arrays), None)
    names = [str(n) for n in np.atleast_1d(arrays["channels"])] if "channels" in arrays else []
    return names if len(names) == len(y) else [str(i) for i in range(len(y))], y, rate


def _from_table(path: Path) -> tuple[list[str], np.ndarray, float | None]:
    table = read_table(path)
    names, columns, rate = list(table.names), table.columns.T, None
    if TIME_COLUMN in names:
        place = names.index(TIME_COLUMN)
        rate = rate_of_times(columns[place], str(path))
        names, columns = names[:place] + names[place + 1 :], np.delete(columns, place, axis=0)
    if not names:
        raise DataError(mismatch(path, f"a column beside {TIME_COLUMN}", "none"))
    return names, columns, rate


def _index(names: list[str], channel: str, path: Path) -> int:
    if channel in names:
        return names.index(channel)
    if channel.isdigit() and int(channel) < len(names):
        return int(channel)
    raise DataError(mismatch(f"{path}, --channel", f"one of {', '.join(names)}", channel))


def _checked(y: np.ndarray, where: str) -> np.ndarray:
    bad = y.size - np.count_nonzero(np.isfinite(y))
    if bad:
        raise DataError(mismatch(where, "finite samples", f"NaN or infinity in {bad} of {y.size}"))
    if y.size == 0 or y.min() == y.max():
        raise DataError(mismatch(where, "a signal that changes", "none" if y.size == 0 else f"{y.size} equal samples"))
    return y

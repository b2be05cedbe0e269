"""One file of somebody's own: WAV, CSV, NPZ or Parquet, with what it says itself and what the user has to say."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .files import as_number, as_signal, need_content, read_npz
from .options import MILLIVOLTS, NAMED, LayoutOptions
from .parquet_table import read_parquet
from .text_table import Table, choose_column, read_table

#: What a file must be called to be taken for a recording.
SUFFIXES = frozenset({".wav", ".csv", ".tsv", ".txt", ".npz", ".parquet"})
#: A column of this name holds the time of each sample [s].
TIME_COLUMN = "time_s"
#: Unit of samples that are only known as a share of a converter's range.
FULL_SCALE_UNIT = "FS"
#: Two rates, two speeds that differ less than this share are the same.
_SAME = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class SignalFile:
    """What a file says.

    Parameters
    ----------
    signal : np.ndarray [shape=(n,)]
    sample_rate_hz : float or None
    unit : str or None
    channel : str or None
        Name of the column or number of the channel.
    facts : dict
        Those of machine, bearing, load, fault_size and rpm that the file names.
    is_share : bool
        The samples are shares of full scale (an integer WAV).
    """

    signal: np.ndarray
    sample_rate_hz: float | None = None
    unit: str | None = None
    channel: str | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    is_share: bool = False


def read_signal_file(path: Path, channel: str | None) -> SignalFile:
    """Read a file by the end of its name.

    NPZ: array ``signal`` (or the only array with more than one element), and where present the scalars
    ``sample_rate_hz``, ``unit``, ``machine``, ``bearing``, ``load``, ``fault_size``, ``rpm``. CSV and Parquet: columns
    of numbers; a column ``time_s`` says the rate.

    Raises
    ------
    DataError
        One line: missing, empty, truncated, another format, several channels and no choice.
    """
    need_content(path, "a recording")
    readers = {".wav": _read_wav, ".npz": _read_npz}
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(mismatch(path, f"a file named {', '.join(sorted(SUFFIXES))}", repr(path.suffix)))
    if suffix in readers:
        return readers[suffix](path, channel)
    table = read_parquet(path) if suffix == ".parquet" else read_table(path)
    return _from_table(table, path, channel)


def in_units(found: SignalFile, options: LayoutOptions, path: Path) -> tuple[np.ndarray, str, float]:
    """Signal in its unit, the unit and the rate [Hz], from what the file and the user say; they must not disagree.

    Raises
    ------
    DataError
        Rate or unit said by nobody, or differently by both; a sensitivity without the file's unit; an integer WAV
        without the value of its full scale.
    """
    rate_hz = _agreed_rate(found.sample_rate_hz, options.sample_rate_hz, path)
    y = found.signal
    if found.is_share and options.full_scale is None and options.unit != FULL_SCALE_UNIT:
        expected = f"full_scale (what 1.0 stands for), or unit {FULL_SCALE_UNIT}"
        raise DataError(mismatch(f"{path}, a WAV of integers", expected, f"unit {options.unit or '(none)'} alone"))
    if options.full_scale is not None:
        if path.suffix.lower() != ".wav":
            raise DataError(mismatch(f"{path}, full_scale", "a WAV file", path.suffix))
        y = y * options.full_scale
    holds = found.unit or (options.file_unit if options.sensitivity_mv_per_unit else options.unit)
    if options.sensitivity_mv_per_unit is None:
        if holds is None:
            raise DataError(mismatch(f"{path}, unit", "a unit (g, m/s^2, mm/s ...), given or in the file", "none"))
        if options.unit is not None and options.unit != holds:
            raise DataError(mismatch(f"{path}, unit", f"{holds} as the file says", options.unit))
        if options.file_unit is not None:
            raise DataError(mismatch(f"{path}, file_unit", "a sensitivity_mv_per_unit with it", "none"))
        return y, holds, rate_hz
    if holds is None or options.unit is None:
        expected = "unit (of the signal) and file_unit (V or mV, what the file holds)"
        raise DataError(mismatch(f"{path}, sensitivity_mv_per_unit", expected, "only one of them" if holds else "none"))
    if options.file_unit is not None and holds != options.file_unit:
        raise DataError(mismatch(f"{path}, file_unit", f"{holds} as the file says", options.file_unit))
    if holds not in MILLIVOLTS:
        raise DataError(mismatch(f"{path}, with a sensitivity", f"samples in {' or '.join(MILLIVOLTS)}", holds))
    return np.asarray(y, np.float64) * (MILLIVOLTS[holds] / options.sensitivity_mv_per_unit), options.unit, rate_hz


def merge_facts(found: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Machine, bearing, load, fault size and rpm from the file and from elsewhere; they must not disagree."""
    facts = dict(found)
    for name, value in given.items():
        if name in facts and not _same(name, facts[name], value):
            raise DataError(mismatch(f"{path}, {name}", f"{facts[name]} as the file says", value))
        facts.setdefault(name, value)
    return facts


def read_rpm(text: str, where: str) -> float:
    """A speed in text [1/min].

    Raises
    ------
    DataError
        If it is not a number.
    """
    try:
        return float(text)
    except ValueError:
        raise DataError(mismatch(f"{where}, rpm", "a number", repr(text))) from None


def _same(name: str, a: Any, b: Any) -> bool:
    return abs(a - b) <= _SAME * abs(a) if name == "rpm" else a == b


def _agreed_rate(file_hz: float | None, given_hz: float | None, path: Path) -> float:
    if file_hz is None and given_hz is None:
        raise DataError(mismatch(f"{path}, sample_rate_hz", "a rate, given or in the file", "none"))
    if file_hz is not None and given_hz is not None and abs(file_hz - given_hz) > _SAME * file_hz:
        raise DataError(mismatch(f"{path}, sample rate", f"{file_hz:g} Hz as the file says", f"{given_hz:g} Hz"))
    return given_hz if file_hz is None else file_hz


def _read_wav(path: Path, channel: str | None) -> SignalFile:
    import soundfile

    from ...audio import _check_wav_complete, file_frames

    _check_wav_complete(path)
    file_frames(path)  # says in a line what is no audio
    with soundfile.SoundFile(path) as file:
        y, rate_hz, subtype = file.read(dtype="float64", always_2d=True), file.samplerate, file.subtype
    table = Table(tuple(str(i) for i in range(y.shape[1])), y)
    name, column = choose_column(table, channel, path)
    return SignalFile(y[:, column], rate_hz, channel=name, is_share=subtype not in {"FLOAT", "DOUBLE"})


def _read_npz(path: Path, channel: str | None) -> SignalFile:
    arrays = read_npz(path)
    name = channel or "signal"
    if name not in arrays:
        longer = [key for key, value in arrays.items() if value.size > 1]
        if channel is not None or len(longer) != 1:
            raise DataError(mismatch(path, f"an array {name}", ", ".join(arrays) or "no arrays"))
        name = longer[0]
    rate = arrays.get("sample_rate_hz")
    facts = {k: str(arrays[k]) for k in NAMED if k in arrays and k != "rpm"}
    if "rpm" in arrays:
        facts["rpm"] = as_number(arrays["rpm"], f"{path}, rpm")
    return SignalFile(
        as_signal(arrays[name], f"{path}, {name}"),
        None if rate is None else as_number(rate, f"{path}, sample_rate_hz"),
        str(arrays["unit"]) if "unit" in arrays else None,
        name,
        facts,
    )


def _from_table(table: Table, path: Path, channel: str | None) -> SignalFile:
    name, column = choose_column(table, channel, path, (TIME_COLUMN,))
    rate_hz = None
    if TIME_COLUMN in table.names:
        rate_hz = _rate_of(table.columns[:, table.names.index(TIME_COLUMN)], path)
    return SignalFile(table.columns[:, column], rate_hz, channel=name)


def _rate_of(time_s: np.ndarray, path: Path) -> float:
    """Rate of evenly spaced times: a step that is half a step off is a gap or a sample too many."""
    where = f"{path}, column {TIME_COLUMN}"
    if time_s.size < 2 or not np.isfinite(time_s).all() or time_s[-1] <= time_s[0]:
        raise DataError(mismatch(where, "rising times in s", "other numbers"))
    step_s = (time_s[-1] - time_s[0]) / (time_s.size - 1)
    off = np.flatnonzero(np.abs(np.diff(time_s) / step_s - 1) > 0.5)
    if off.size:
        got = f"{np.diff(time_s)[off[0]]:g} s after sample {off[0]}"
        raise DataError(mismatch(where, f"steps of {step_s:g} s", got))
    rate_hz = 1.0 / step_s
    return float(round(rate_hz)) if abs(rate_hz - round(rate_hz)) < 1e-4 * rate_hz else rate_hz

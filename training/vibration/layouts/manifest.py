"""Your own data: a manifest CSV with a row a recording.

Columns ``file`` and ``label``, and where wanted ``machine``, ``bearing``, ``load``, ``fault_size``, ``rpm``, ``unit``,
``sample_rate_hz``, ``sensitivity_mv_per_unit``, ``file_unit`` (V or mV, with a sensitivity), ``full_scale`` (WAV),
``channel`` and ``recording_id``. Other columns are refused: a spelling mistake must not drop what they say.
"""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.recording import need_content

from ...csv_file import open_csv
from ..recording import VibrationRecording
from .options import NAMED, LayoutOptions
from .signal_file import read_recording

OPTIONS = frozenset({"sample_rate_hz", "unit", "channel", "sensitivity_mv_per_unit", "file_unit", "full_scale"})
_NUMBERS = ("sample_rate_hz", "sensitivity_mv_per_unit", "full_scale")
COLUMNS = ("file", "label", "recording_id", *NAMED, "unit", "file_unit", "channel", *_NUMBERS)


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of a manifest; files are relative to its folder. An empty field falls back on the options.

    Raises
    ------
    DataError
        Naming the line: columns, a number that is none, a file that is not there, one listed twice.
    """
    path = Path(path)
    recordings, seen = [], {}
    for line, row in _rows(path):
        where = f"{path} line {line}"
        if not row["file"] or not row["label"]:
            raise DataError(
                mismatch(where, "a file and a label", f"{row['file'] or '(none)'}, {row['label'] or '(none)'}")
            )
        key = (row["file"], row.get("channel", ""))
        if key in seen:
            raise DataError(mismatch(where, "a file (and channel) once", f"{row['file']} also in line {seen[key]}"))
        seen[key] = line
        recordings.append(_read(path.parent / row["file"], row, options, where))
    return recordings


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Numbers and fields of the lines, checked against the header."""
    need_content(path, "a manifest CSV")
    with open_csv(path, "a manifest CSV") as file:
        reader = csv.reader(file, strict=True)
        lines = [(reader.line_num, [f.strip() for f in fields]) for fields in reader if fields]
    columns = lines[0][1] if lines else []
    wrong = [c for c in columns if c not in COLUMNS]
    if wrong or not {"file", "label"} <= set(columns) or len(set(columns)) < len(columns):
        expected = f"file, label and of {', '.join(COLUMNS[2:])}"
        raise DataError(mismatch(f"{path} line 1, columns", expected, ", ".join(wrong or columns) or "nothing"))
    for line, fields in lines[1:]:
        if len(fields) != len(columns):
            raise DataError(mismatch(f"{path} line {line}", f"{len(columns)} fields", len(fields)))
    if len(lines) < 2:
        raise DataError(mismatch(path, "lines below the header", "none"))
    return [(line, dict(zip(columns, fields, strict=True))) for line, fields in lines[1:]]


def _read(path: Path, row: dict[str, str], options: LayoutOptions, where: str) -> VibrationRecording:
    given: dict[str, Any] = {n: row[n] for n in ("unit", "file_unit", "channel") if row.get(n)}
    for name in _NUMBERS:
        if row.get(name):
            try:
                given[name] = float(row[name])
            except ValueError:
                raise DataError(mismatch(f"{where}, {name}", "a number", repr(row[name]))) from None
    try:
        merged = dataclasses.replace(options, **given)
    except UsageError as error:
        raise DataError(f"{where}, {error}") from None
    name = row["file"] if not row.get("channel") else f"{row['file']}:{row['channel']}"
    said = {n: row[n] for n in NAMED if row.get(n)}
    return read_recording(path, row["label"], row.get("recording_id") or name, merged, said, where)

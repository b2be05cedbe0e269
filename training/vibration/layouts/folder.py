"""Your own data: a folder a state, with WAV, CSV, NPZ or Parquet files below it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch

from ..recording import VibrationRecording
from .files import files_below
from .options import LayoutOptions
from .signal_file import SUFFIXES, in_units, merge_facts, read_rpm, read_signal_file

OPTIONS = frozenset(
    {"sample_rate_hz", "unit", "channel", "sensitivity_mv_per_unit", "file_unit", "full_scale", "name_regex"}
)


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of the folders of a folder; each file is a recording of its own.

    Raises
    ------
    DataError
        Not a folder of folders, or a file without rate or unit.
    """
    path = Path(path)
    if not path.is_dir():
        got = "a file" if path.exists() else "nothing there"
        raise DataError(mismatch(path, "a folder with a folder for every state", got))
    files = files_below(path, _is_recording, f"recordings ({', '.join(sorted(SUFFIXES))})")
    loose = [file for file in files if file.parent == path]
    if loose:
        raise DataError(mismatch(loose[0], f"a file in a folder of {path} named like its state", "a file beside them"))
    pattern = options.named()
    return [_read(file, path, options, pattern) for file in files]


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.stem.lower().startswith(("readme", "license"))


def _read(path: Path, data: Path, options: LayoutOptions, pattern: re.Pattern[str] | None) -> VibrationRecording:
    inner = path.relative_to(data)
    found = read_signal_file(path, options.channel)
    signal, unit, rate_hz = in_units(found, options, path)
    facts = merge_facts(found.facts, _named(inner.as_posix(), pattern, path), path)
    return VibrationRecording(
        signal, unit, rate_hz, inner.parts[0], inner.as_posix(), sensor=found.channel, path=path, **facts
    )


def _named(inner: str, pattern: re.Pattern[str] | None, path: Path) -> dict[str, Any]:
    """What the name says by the user's pattern."""
    if pattern is None:
        return {}
    match = pattern.search(inner)
    if not match:
        raise DataError(mismatch(path, f"a name that name_regex {pattern.pattern!r} matches", inner))
    facts: dict[str, Any] = {name: text for name, text in match.groupdict().items() if text}
    if "rpm" in facts:
        facts["rpm"] = read_rpm(facts["rpm"], str(path))
    return facts

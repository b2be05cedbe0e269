"""Your own data: a folder a state, with WAV, CSV, NPZ or Parquet files below it."""

from __future__ import annotations

import re
from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import SUFFIXES

from ..recording import VibrationRecording
from .files import files_below
from .options import LayoutOptions
from .signal_file import read_recording

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
    files = files_below(path, _is_recording, f"recordings ({', '.join(SUFFIXES)})")
    loose = [file for file in files if file.parent == path]
    if loose:
        raise DataError(mismatch(loose[0], f"a file in a folder of {path} named like its state", "a file beside them"))
    pattern = options.named()
    return [_read(file, path, options, pattern) for file in files]


def _is_recording(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.stem.lower().startswith(("readme", "license"))


def _read(path: Path, data: Path, options: LayoutOptions, pattern: re.Pattern[str] | None) -> VibrationRecording:
    inner = path.relative_to(data)
    name = inner.as_posix()
    return read_recording(path, inner.parts[0], name, options, _named(name, pattern, path), str(path))


def _named(inner: str, pattern: re.Pattern[str] | None, path: Path) -> dict[str, str]:
    """What the name says by the user's pattern."""
    if pattern is None:
        return {}
    match = pattern.search(inner)
    if not match:
        raise DataError(mismatch(path, f"a name that name_regex {pattern.pattern!r} matches", inner))
    return {name: text for name, text in match.groupdict().items() if text}

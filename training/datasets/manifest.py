"""A manifest CSV: one row a file, with its label, its group and its split."""

from __future__ import annotations

import os
import re
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from ..audio import AUDIO_SUFFIXES
from ..recordings import UNASSIGNED, Recording
from ..splits import FOLDER_FRACTIONS, assign_groups
from .background import split_noise
from .files import compile_group_regex, group_of
from .folder import speaker_disjoint
from .rows import Row, read_rows, read_split
from .task import Found


def find(data: Path, manifest: Path, seed: int, group_regex: str | None, resplit: bool) -> Found:
    """Recordings of a manifest that lie under ``data``; other rows are somebody else's and only counted.

    Files are relative to the manifest's folder or to ``data``, whichever finds more of them. Of the rows under
    ``data``: ``noise:*`` labels are background; what is no audio file by its name, and splits that are a remark in
    several words ("smoke test"), are left out and counted. Without a split column, or with ``resplit``, the
    split is made by group.

    Raises
    ------
    DataError
        Naming the line: no label, an unknown split, a file that is not there, a file listed twice.
    """
    manifest, rows = Path(manifest), read_rows(manifest)
    audio = [row for row in rows if Path(row.file).suffix.lower() in AUDIO_SUFFIXES]
    base = _base(data, manifest, audio)
    inside = [(row, path) for row in audio if (path := _join(base, row)).is_relative_to(data)]
    _check_files(manifest, inside)
    pattern = compile_group_regex(group_regex)
    by_group = resplit or not any(row.split for row, _ in inside)
    recordings, background, known, remarks = [], [], 0, 0
    for row, path in inside:
        where = f"{manifest} line {row.line}"
        if row.is_noise:
            noise = Recording(path, row.noise_name, UNASSIGNED, row.group or f"bg:{row.file}")
            background += split_noise(noise, row, manifest)
            continue
        split = UNASSIGNED if by_group else read_split(row.split, where)
        if split is None:
            remarks += 1
            continue
        if not isinstance(split, str):
            raise DataError(mismatch(f"{where}, split", "train, val or test for a clip of a word", repr(row.split)))
        group, is_known = _group(row, path, data, pattern)
        known += is_known
        recordings.append(Recording(path, row.label, split, group))
    if not recordings:
        raise DataError(mismatch(manifest, f"clips of words in train, val or test under {data}", "none"))
    left_out = {
        f"rows outside {data.name} ignored": len(audio) - len(inside),
        "rows that are not audio files ignored": len(rows) - len(audio),
        "rows in none of train, val, test ignored": remarks,
    }
    return Found(
        assign_groups(recordings, FOLDER_FRACTIONS, seed) if by_group else recordings,
        background,
        {
            "layout": "manifest",
            "manifest": manifest.name,
            "split_rule": "by group, 80/10/10 of every class" if by_group else "the manifest's splits",
            "speaker_disjoint": speaker_disjoint(known, len(recordings)),
            "notes": [f"{n} {what}" for what, n in left_out.items() if n],
        },
    )


def _base(data: Path, manifest: Path, rows: list[Row]) -> Path:
    """The folder that the manifest's files are relative to (a row with an absolute path is not affected)."""
    own = manifest.parent.resolve()
    found = {
        base: sum(1 for row in rows if (path := _join(base, row)).is_relative_to(data) and path.is_file())
        for base in (own, data)
    }
    base = max(found, key=lambda b: found[b])
    if not found[base]:
        raise DataError(mismatch(manifest, f"audio files under {data}", f"none (looked from {own} and from there)"))
    return base


def _join(base: Path, row: Row) -> Path:
    """Where a row's file lies; ``..`` is resolved by name, so that it cannot step out of a folder unseen."""
    return Path(os.path.normpath(base / row.file))


def _check_files(manifest: Path, inside: list[tuple[Row, Path]]) -> None:
    """Every row under the data folder has a label and a file of its own."""
    line_of: dict[Path, int] = {}
    for row, path in inside:
        where = f"{manifest} line {row.line}"
        if not row.label:
            raise DataError(mismatch(where, f"a label for {row.file}", "an empty field"))
        if not path.is_file():
            raise DataError(mismatch(where, "a file that is there", f"nothing at {path}"))
        if path in line_of:
            raise DataError(mismatch(where, "each file once", f"{row.file} again (first on line {line_of[path]})"))
        line_of[path] = row.line


def _group(row: Row, path: Path, data: Path, pattern: re.Pattern[str] | None) -> tuple[str, bool]:
    """The manifest's group; a pattern given by the user goes first."""
    if pattern is None and row.group:
        return row.group, True
    return group_of(path, data, pattern)

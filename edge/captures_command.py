"""``drsn-edge captures``: what a listener kept, and what a person found in it. Needs no numpy."""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import write_atomically

from .capture import KINDS
from .capture_list import read_captures, review
from .listen_lines import iso_utc

_SPEAKER = "household"


def captures(arguments: argparse.Namespace) -> None:
    """Handle the sub-command."""
    folder: Path = arguments.folder
    rows = [row for row in read_captures(folder) if _path(folder, row["file"]).is_file()]
    if not arguments.file:
        _list(folder, rows, arguments)
        return
    files = _chosen(folder, rows, arguments.file)
    found = {"label": arguments.label, "time": iso_utc(datetime.datetime.now(datetime.timezone.utc).timestamp())}
    if arguments.label is not None:
        _copy(folder, files, arguments.into / arguments.label, arguments.speaker or _SPEAKER)
    review(folder, files, found)
    what = "discarded" if arguments.label is None else f"copied to {arguments.into / arguments.label}"
    log(f"{folder}: {len(files)} {what}")


def _list(folder: Path, rows: list[dict[str, Any]], arguments: argparse.Namespace) -> None:
    """A line a capture, oldest first."""
    for row in rows:
        found = row.get("reviewed")
        if arguments.unreviewed and found:
            continue
        if arguments.json:
            print(json.dumps(row))
            continue
        said = (found.get("label") or "discarded") if isinstance(found, dict) else "-"
        columns = [_path(folder, row["file"]), row.get("kind"), row.get("word"), row.get("score"), said]
        print("  ".join(map(str, columns)))
    unheard = sum(not row.get("reviewed") for row in rows)
    log(f"{folder}: {len(rows)} captures, {unheard} that nobody has listened to")


def _chosen(folder: Path, rows: list[dict[str, Any]], files: list[Path]) -> list[str]:
    """The files as the list names them; each must be one of the folder's captures."""
    known = {_path(folder, row["file"]).resolve(): row["file"] for row in rows}
    for file in files:
        if file.resolve() not in known:
            raise DataError(mismatch(file, f"a capture of {folder}", "none that its list has"))
    return list(dict.fromkeys(known[file.resolve()] for file in files))


def _path(folder: Path, file: str) -> Path:
    """Where a capture lies; a list that names a file elsewhere names none."""
    parts = Path(file).parts
    inside = len(parts) == 3 and parts[0] in KINDS.values() and ".." not in parts
    return folder.joinpath(*parts) if inside else folder / "nowhere" / "nothing"


def _copy(folder: Path, files: list[str], target: Path, speaker: str) -> None:
    """Into a word's folder, by names that tell ``drsn-train`` who speaks; the same clip twice is there once."""
    target.mkdir(parents=True, exist_ok=True)
    for file in files:
        source = _path(folder, file)
        content = source.read_bytes()
        copy = target / f"{speaker}_nohash_{hashlib.sha256(content).hexdigest()[:12]}.wav"
        write_atomically(copy, content)
        shutil.copystat(source, copy)

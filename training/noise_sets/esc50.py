"""ESC-50: ``audio/FOLD-CLIP-TAKE-TARGET.wav`` and ``meta/esc50.csv``; ESC-10: a folder a category, the same names.

References
----------
K. J. Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015, doi:10.1145/2733373.2806390.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from ..csv_file import open_csv, require_columns
from ..recordings import Recording
from .claim import Claim

TABLE = Path("meta", "esc50.csv")
_NAME = re.compile(r"(?P<fold>[1-5])-(?P<source>\d+)-[A-Z](-(?P<target>\d+))?")
#: The five official folds.
_SPLITS = {1: "train", 2: "train", 3: "train", 4: "val", 5: "test"}
_COLUMNS = ("filename", "fold", "target", "category", "src_file")


def claim(folder: Path, prefix: str, files: Sequence[Path]) -> Claim | None:
    """Every category is a noise of its own; folds 1 to 3 are train, 4 val, 5 test.

    The folds keep clips that were cut from one source together.
    """
    by_place: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        by_place[path.parent].append(path)
    recordings: list[Recording] = []
    for place, own in sorted(by_place.items()):
        names = [_NAME.fullmatch(path.stem) for path in own]
        if not all(names):
            continue
        table = place.parent / TABLE
        if table.is_file():
            recordings += _listed(table, place, own, prefix)
            continue
        if (place == folder or place.name == "audio") and len({name["target"] for name in names if name}) > 1:
            raise DataError(mismatch(place, f"{TABLE} beside the folder", "nothing there"))
        category = place.relative_to(folder).parts[0] if place != folder else ""
        label = f"{prefix}/{category}" if category else prefix
        recordings += [
            Recording(path, label, _SPLITS[int(name["fold"])], _group(name["source"]))
            for path, name in zip(own, names, strict=True)
            if name
        ]
    if not recordings:
        return None
    kinds = len({r.label for r in recordings})
    return Claim(
        recordings,
        frozenset(r.path for r in recordings),
        f"{prefix}: ESC, {len(recordings)} recordings of {kinds} kinds, folds 1 to 3 in train, 4 in val, 5 in test",
    )


def _group(source: str) -> str:
    return f"ESC {source}"


def _listed(table: Path, place: Path, files: Sequence[Path], prefix: str) -> list[Recording]:
    """Recordings as the table has them; a file of its folder and a line each."""
    lines = _lines(table)
    path_of = {path.name: path for path in files}
    for name, (line, _) in lines.items():
        if not (place / name).is_file():
            raise DataError(mismatch(f"{table} line {line}", "a file that is there", f"nothing at {place / name}"))
    found = []
    for name, path in sorted(path_of.items()):
        if name not in lines:
            raise DataError(mismatch(path, f"a line of {table}", "none"))
        _, values = lines[name]
        found.append(
            Recording(path, f"{prefix}/{values['category']}", _SPLITS[int(values["fold"])], _group(values["src_file"]))
        )
    return found


def _lines(table: Path) -> dict[str, tuple[int, dict[str, str]]]:
    """The table by file name: line number and values."""
    lines: dict[str, tuple[int, dict[str, str]]] = {}
    with open_csv(table) as file:
        reader = csv.DictReader(file, strict=True)
        columns = list(reader.fieldnames or [])
        require_columns(table, _COLUMNS, columns)
        for values in reader:
            where = f"{table} line {reader.line_num}"
            if None in values or None in values.values():
                raise DataError(mismatch(where, f"{len(columns)} fields", "another number"))
            if values["fold"] not in set(map(str, _SPLITS)):
                raise DataError(mismatch(f"{where}, fold", "1 to 5", repr(values["fold"])))
            for name in ("filename", "category", "src_file"):
                if not values[name].strip():
                    raise DataError(mismatch(f"{where}, {name}", "a value", "an empty field"))
            if values["filename"] in lines:
                raise DataError(mismatch(where, "each file once", f"{values['filename']} again"))
            lines[values["filename"]] = reader.line_num, values
    return lines

"""Rows of a manifest CSV, checked one by one; an error names the line. Standard library only."""

from __future__ import annotations

import csv
import dataclasses
import difflib
import re
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from ..csv_file import open_csv
from ..recordings import SPLITS

#: Labels of noise recordings start with this; they are never classes.
NOISE_PREFIX = "noise:"
_SPLIT_COLUMNS = ("suggested_split", "split")
_GROUP_COLUMNS = ("recording_id", "group", "speaker")
#: Names of the splits in the wild.
SPLIT_ALIASES = {
    **{s: s for s in SPLITS},
    **{"training": "train", "validation": "val", "valid": "val", "dev": "val", "testing": "test"},
}
_BY_POSITION = re.compile(r"train: first (\d+) ?%.*?val (\d+)-(\d+) ?%.*?test last (\d+) ?%")


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of a manifest. ``split`` and ``group`` are empty where the manifest does not say."""

    line: int
    file: str
    label: str
    group: str
    split: str

    @property
    def is_noise(self) -> bool:
        """Whether it is a recording of noise, not of a class."""
        return self.label.startswith(NOISE_PREFIX)

    @property
    def noise_name(self) -> str:
        """The label without ``noise:``."""
        return self.label.removeprefix(NOISE_PREFIX)


def read_rows(manifest: Path) -> list[Row]:
    """Read a manifest: columns ``file`` and ``label``, and where present ``suggested_split`` (or ``split``)
    and ``recording_id`` (or ``group``, ``speaker``). UTF-8, comma separated, a header line.

    Raises
    ------
    DataError
        Missing file or columns, a line without file, the wrong number of fields, no lines at all.
    """
    manifest = Path(manifest)
    if not manifest.is_file():
        raise DataError(mismatch(manifest, "a manifest CSV", "a folder" if manifest.is_dir() else "nothing there"))
    with open_csv(manifest, "a manifest CSV") as file:
        return _parse(manifest, csv.DictReader(file, strict=True))


def _parse(manifest: Path, reader: csv.DictReader) -> list[Row]:
    columns = [c.strip() for c in reader.fieldnames or []]
    reader.fieldnames = columns
    missing = [c for c in ("file", "label") if c not in columns]
    if missing:
        got = ", ".join(columns) or "an empty file"
        raise DataError(mismatch(f"{manifest} line 1", f"columns file and label (missing: {', '.join(missing)})", got))
    split_column = next((c for c in _SPLIT_COLUMNS if c in columns), None)
    group_column = next((c for c in _GROUP_COLUMNS if c in columns), None)
    rows = []
    for values in reader:
        line = reader.line_num
        if None in values or None in values.values():
            got = sum(v is not None for k, v in values.items() if k is not None) + len(values.get(None) or ())
            raise DataError(mismatch(f"{manifest} line {line}", f"{len(columns)} fields", got))
        if not values["file"].strip():
            raise DataError(mismatch(f"{manifest} line {line}", "a file name", "an empty field"))
        rows.append(
            Row(
                line,
                values["file"].strip(),
                values["label"].strip(),
                values[group_column].strip() if group_column else "",
                values[split_column].strip() if split_column else "",
            )
        )
    if not rows:
        raise DataError(mismatch(manifest, "lines below the header", "none"))
    return rows


def read_split(text: str, where: str) -> str | tuple[float, float, float] | None:
    """Understand the split field of a row.

    Parameters
    ----------
    text : str
        ``train``, ``val``, ``test`` (or training, validation, valid, dev, testing), or for long recordings
        ``train: first 60 % of the file, val 60-70 %, test last 30 %``.
    where : str
        File and line, for errors.

    Returns
    -------
    str, (float, float, float) or None
        The split; the shares of the file in train, val and test; or None for a remark in several words
        (``smoke test``, ``by load (hp 0)``), which says that the row belongs to none of the three.

    Raises
    ------
    DataError
        For one unknown word (a spelling mistake must not drop a recording in silence) and for an empty field.

    Examples
    --------
    >>> read_split("validation", "m.csv line 2"), read_split("smoke test", "m.csv line 3")
    ('val', None)
    >>> read_split("train: first 60 % of the file, val 60-70 %, test last 30 %", "m.csv line 4")
    (0.6, 0.1, 0.3)
    """
    if text.lower() in SPLIT_ALIASES:
        return SPLIT_ALIASES[text.lower()]
    if found := _BY_POSITION.match(text):
        first, low, high, last = map(int, found.groups())
        if first == low < high == 100 - last:
            return first / 100, (high - low) / 100, last / 100
        raise DataError(mismatch(f"{where}, split", "parts that add up to 100 %", repr(text)))
    if len(text.split()) > 1:
        return None
    close = difflib.get_close_matches(text.lower(), SPLIT_ALIASES, n=1)
    hint = f" (did you mean {SPLIT_ALIASES[close[0]]}?)" if close else ""
    raise DataError(mismatch(f"{where}, split", f"{', '.join(SPLITS)}{hint}", repr(text) if text else "an empty field"))

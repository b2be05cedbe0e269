"""splits.csv: who was in which part when a run was trained, so that nobody tests on what was trained on."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.errors import SplitError, mismatch
from drsn_keras.files import resolved, write_atomically

from .recordings import Recording, plain_name
from .run_folder import SPLIT_LIST

if TYPE_CHECKING:
    from .clips import Clips
    from .corpus import Corpus

_COLUMNS = ("split", "label", "group", "file", "content")


def list_files(recordings: Sequence[Recording], data: Path) -> list[tuple[str, ...]]:
    """Rows of recordings on disk; the content of a file is known by its size and the part of it."""
    root = resolved(data)
    rows = []
    for r in recordings:
        path = resolved(r.path)
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        part = "" if r.start == 0 and r.stop is None else f" {r.start}-{r.stop}"
        rows.append(
            (r.split, r.label, r.group, plain_name(name), f"{path.stat().st_size if path.exists() else 0} bytes{part}")
        )
    return rows


def list_clips(parts: Sequence[Clips]) -> list[tuple[str, ...]]:
    """Rows of clips that were made, not recorded; their content is known by a hash."""
    return [
        (r.split, r.label, r.group, r.path.as_posix(), hashlib.sha256(x.tobytes()).hexdigest()[:16])
        for clips in parts
        for r, x in zip(clips.recordings, clips.x, strict=True)
    ]


def write_split_list(run: Path, corpus: Corpus) -> None:
    """Write a run's splits.csv."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(corpus.listing())
    write_atomically(run / SPLIT_LIST, text.getvalue())


def require_same_split(run: Path, corpus: Corpus) -> None:
    """Refuse data that is no longer what the run was trained on; a run without the list has not begun to train.

    Raises
    ------
    SplitError
        Naming the first file that differs.
    """
    path = run / SPLIT_LIST
    if not path.is_file():
        return
    with path.open(encoding="utf-8", newline="") as file:
        trained = {tuple(plain_name(cell) for cell in row) for row in list(csv.reader(file))[1:]}
    now = set(corpus.listing())
    if now == trained:
        return
    split, label, _, name, _ = min(now ^ trained)
    what = "gone, changed or in another part" if any(row[3] == name for row in trained) else "new"
    raise SplitError(mismatch(path, "the data that the run was trained on", f"{name} ({split}, {label}), {what}"))

"""Recordings and datasets: what every data layout is turned into. Standard library only."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch

SPLITS = ("train", "val", "test")
#: Labels that are not keywords: no speech at all; speech that is none of the keywords.
SILENCE = "_silence_"
UNKNOWN = "_unknown_"
#: Split of a recording that no rule has looked at yet (see :func:`drsn_keras.training.splits.assign_groups`).
UNASSIGNED = ""


def plain_name(name: str) -> str:
    r"""A name from a file system as text that is the same everywhere.

    Accents are composed (NFC): macOS hands out ``e`` and an accent where others have one letter. Bytes that are not
    UTF-8 are written with a backslash.

    >>> plain_name("cafe\u0301"), plain_name("caf\udce9")
    ('café', 'caf\\xe9')
    """
    if name.isascii():
        return name
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"))


@dataclasses.dataclass(frozen=True)
class Recording:
    """One clip: a whole file or a part of one.

    Parameters
    ----------
    path : Path
    label : str
        The word, ``"_silence_"``, ``"_unknown_"``, or the name of a noise; kept as :func:`plain_name`.
    split : {"train", "val", "test", ""}
        Empty only before a split rule has been applied.
    group : str
        Who or what was recorded (speaker, machine, recording); kept as :func:`plain_name`. A group must never be in
        two splits.
    start, stop : int, int or None
        Part of the file in samples at the file's own rate, ``stop`` excluded; None is the end of the file.
    """

    path: Path
    label: str
    split: str
    group: str
    start: int = 0
    stop: int | None = None

    def __post_init__(self) -> None:
        for name in ("label", "group"):
            if not getattr(self, name).isascii():
                object.__setattr__(self, name, plain_name(getattr(self, name)))
        if self.split not in (*SPLITS, UNASSIGNED):
            raise DataError(mismatch(f"{self.path}, split", ", ".join(SPLITS), repr(self.split)))
        if self.start < 0 or (self.stop is not None and self.stop <= self.start):
            raise DataError(mismatch(f"{self.path}, part", "0 <= start < stop", f"{self.start} to {self.stop}"))


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Recordings of one task, with what a model card has to say about them.

    Parameters
    ----------
    recordings : tuple of Recording
        Every one has a split and one of ``labels``.
    labels : tuple of str
        Keywords in sorted or given order, then ``"_silence_"`` and ``"_unknown_"`` where there are
        recordings of them. A dataset with neither silence nor background noise has no ``"_silence_"``:
        whoever trains adds the label and makes such clips from generated noise.
    protocol : dict
        JSON-able: layout, split rule, counts, groups a split, words mapped to ``_unknown_``, notes.
    background : tuple of Recording
        Noise found with the dataset (``_background_noise_``, ``noise:*`` rows), already divided into splits.
    """

    recordings: tuple[Recording, ...]
    labels: tuple[str, ...]
    protocol: dict[str, Any]
    background: tuple[Recording, ...] = ()

    def part(self, split: str) -> list[Recording]:
        """Recordings of one split, in a fixed order."""
        return of_split(self.recordings, split)

    def noise(self, split: str) -> list[Recording]:
        """Background noise of one split, in a fixed order."""
        return of_split(self.background, split)


def of_split(recordings: Iterable[Recording], split: str) -> list[Recording]:
    """The recordings of one split."""
    if split not in SPLITS:
        raise DataError(mismatch("split", ", ".join(SPLITS), repr(split)))
    return [r for r in recordings if r.split == split]


def count_labels(recordings: Iterable[Recording]) -> dict[str, dict[str, int]]:
    """Number of recordings as ``{split: {label: n}}``, labels sorted."""
    counts = Counter((r.split, r.label) for r in recordings)
    return {s: {label: n for (split, label), n in sorted(counts.items()) if split == s} for s in SPLITS}


def count_groups(recordings: Iterable[Recording]) -> dict[str, int]:
    """Number of different groups in each split."""
    groups: dict[str, set[str]] = {s: set() for s in SPLITS}
    for r in recordings:
        groups[r.split].add(r.group)
    return {s: len(found) for s, found in groups.items()}

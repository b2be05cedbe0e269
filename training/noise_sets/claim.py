"""What a collection makes of files that are its own, and rules for whole recordings."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from ..datasets.background import split_noise
from ..recordings import SPLITS, Recording
from ..splits import POSITION_FRACTIONS, assign_groups, hash_split


@dataclasses.dataclass(frozen=True)
class Claim:
    """Recordings with their splits, all files that they come from (also those left out), and a note."""

    recordings: list[Recording]
    files: frozenset[Path]
    note: str


def divide_whole(recordings: Sequence[Recording]) -> tuple[list[Recording], str]:
    """Whole recordings into splits, 60/10/30, and the rule in words; fewer than three are divided by time."""
    if len({r.group for r in recordings}) < len(SPLITS):
        return [part for r in recordings for part in split_noise(r)], "each divided by time"
    # As one label: shares of labels with a single recording each would put all of them into train.
    alike = assign_groups([dataclasses.replace(r, label="noise") for r in recordings], POSITION_FRACTIONS)
    divided = [dataclasses.replace(r, split=a.split) for r, a in zip(recordings, alike, strict=True)]
    return divided, _count(divided)


def divide_by_name(recordings: Sequence[Recording]) -> tuple[list[Recording], str]:
    """As :func:`divide_whole`, by a hash of the group: a subset is divided as the whole collection, where that fills
    every split."""
    val, test = (100 * share for share in POSITION_FRACTIONS[1:])
    hashed = [dataclasses.replace(r, split=hash_split(r.group, val, test)) for r in recordings]
    if {r.split for r in hashed} == set(SPLITS):
        return hashed, _count(hashed)
    return divide_whole(recordings)


def _count(recordings: Sequence[Recording]) -> str:
    n = "/".join(str(len({r.group for r in recordings if r.split == s})) for s in SPLITS)
    return f"{n} of them in train/val/test"

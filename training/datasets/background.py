"""Background noise of a dataset: whose part it is, and cuts of it for the class ``_silence_``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..audio import file_frames, file_rate_hz
from ..recordings import SILENCE, Recording, of_split
from ..splits import POSITION_FRACTIONS, position_parts
from .rows import Row, read_split


def split_noise(recording: Recording, row: Row | None = None, manifest: Path | None = None) -> list[Recording]:
    """One file of noise as its manifest row says: whole in a split, or (also without a row) its parts by time.

    Returns
    -------
    list of Recording
        Parts by time carry their split in the name of their group, so that groups stay disjoint.
    """
    rule = read_split(row.split, f"{manifest} line {row.line}") if row and row.split else None
    group = row.group if row and row.group else recording.group
    if isinstance(rule, str):
        return [Recording(recording.path, recording.label, rule, group)]
    parts = position_parts(file_frames(recording.path), rule or POSITION_FRACTIONS)
    return [
        Recording(recording.path, recording.label, s, f"{group} ({s} part)", start, stop)
        for s, (start, stop) in parts.items()
        if stop > start
    ]


def silence_cuts(
    background: Sequence[Recording], wanted: Mapping[str, int], duration_s: float, seed: int
) -> list[Recording]:
    """Random cuts of the background, ``wanted[split]`` of each split, from that split's part of each file.

    Long recordings give more cuts. A part shorter than ``duration_s`` is used whole; two cuts of one
    split may overlap, cuts of two splits cannot.
    """
    rng = np.random.default_rng([seed, 0x51])
    cuts = []
    for split, n in wanted.items():
        parts = of_split(background, split)
        if not parts or n == 0:
            continue
        stops = [file_frames(r.path) if r.stop is None else r.stop for r in parts]
        lengths = np.array([stop - r.start for r, stop in zip(parts, stops, strict=True)], np.float64)
        for i in rng.choice(len(parts), size=n, p=lengths / lengths.sum()):
            part = parts[i]
            length = min(round(duration_s * file_rate_hz(part.path)), stops[i] - part.start)
            start = int(rng.integers(part.start, stops[i] - length + 1))
            cuts.append(Recording(part.path, SILENCE, split, part.group, start, start + length))
    return cuts

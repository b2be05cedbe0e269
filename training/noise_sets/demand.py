"""DEMAND: a folder a scene, ``ch01.wav`` to ``ch16.wav`` in it: sixteen microphones of one recording.

References
----------
J. Thiemann, N. Ito, E. Vincent, "The Diverse Environments Multi-channel Acoustic Noise Database (DEMAND)", ICA 2013,
doi:10.5281/zenodo.1227121.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..recordings import UNASSIGNED, Recording
from .claim import Claim, divide_whole

_CHANNEL = re.compile(r"ch\d{2}", re.IGNORECASE)


def claim(folder: Path, prefix: str, files: Sequence[Path]) -> Claim | None:
    """Scenes are noises of their own, each a single recording and whole in one split; one channel of each is used.

    The microphones stand centimetres apart: another channel is the same noise again, and their mean is the noise
    behind a comb filter.
    """
    by_place: dict[Path, list[Path]] = defaultdict(list)
    for path in files:
        by_place[path.parent].append(path)
    places = {p: sorted(fs) for p, fs in by_place.items() if len(fs) > 1 and all(map(_is_channel, fs))}
    if not places:
        return None
    # The same scene may lie there at 16 and at 48 kHz: it is one recording all the same.
    first: dict[str, Path] = {}
    for place in sorted(places):
        first.setdefault(place.name.upper(), place)
    scenes = [
        Recording(
            places[place][0], prefix if place == folder else f"{prefix}/{place.name}", UNASSIGNED, f"DEMAND {scene}"
        )
        for scene, place in first.items()
    ]
    recordings, rule = divide_whole(scenes)
    taken = frozenset(path for fs in places.values() for path in fs)
    return Claim(
        recordings,
        taken,
        f"{prefix}: DEMAND, {len(scenes)} scenes of one recording each, {rule}; of {len(taken)} files the "
        f"{len(taken) - len(scenes)} further channels left out",
    )


def _is_channel(path: Path) -> bool:
    return _CHANNEL.fullmatch(path.stem) is not None

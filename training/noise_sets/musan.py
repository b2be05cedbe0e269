"""MUSAN: ``noise/free-sound/noise-free-sound-0000.wav``, likewise ``speech`` and ``music``.

References
----------
D. Snyder, G. Chen, D. Povey, "MUSAN: A Music, Speech, and Noise Corpus", 2015, arXiv:1510.08484.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..recordings import UNASSIGNED, Recording
from .claim import Claim, divide_by_name

_NAME = re.compile(r"(?P<kind>noise|speech|music)-(?P<source>.+)-\d{4}")


def claim(folder: Path, prefix: str, files: Sequence[Path]) -> Claim | None:
    """The three kinds are a noise each; every file is a recording, whole in one split."""
    by_kind: dict[str, list[Recording]] = defaultdict(list)
    for path in files:
        found = _NAME.fullmatch(path.stem)
        if found and path.parent.name == found["source"]:
            kind = found["kind"]
            label = prefix if prefix.rsplit("/", 1)[-1] == kind else f"{prefix}/{kind}"
            by_kind[kind].append(Recording(path, label, UNASSIGNED, f"MUSAN {path.stem}"))
    if not by_kind:
        return None
    recordings, rules = [], []
    for kind, own in sorted(by_kind.items()):
        divided, rule = divide_by_name(own)
        recordings += divided
        rules.append(f"{kind}: {len(own)} recordings, {rule}")
    taken = frozenset(r.path for own in by_kind.values() for r in own)
    return Claim(recordings, taken, f"{prefix}: MUSAN, {'; '.join(rules)}")

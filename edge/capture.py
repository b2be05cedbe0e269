"""One capture: what a model heard when a word fired, or nearly did."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from .listen_lines import iso_utc

if TYPE_CHECKING:
    import numpy as np

#: Folder of each kind.
KINDS = {"trigger": "triggers", "near-miss": "near-misses"}
_WAV_HEADER_BYTES = 44
_LONGEST_NAME = 48


@dataclasses.dataclass(frozen=True, eq=False)
class Capture:
    """What a model heard when a word fired, or nearly did.

    Parameters
    ----------
    kind : str
        A key of :data:`KINDS`.
    word : str
    score, threshold : float
        Smoothed probability, and what it had to reach.
    samples : np.ndarray [shape=(n,), -1 to 1]
        One window of the model, at ``sample_rate_hz``.
    clock_s : float
        Unix time at its end.
    source : str
    time_s : float
        Stream time at its end.
    noise_level_db : float or None
    bundle : str
        SHA-256 of the model.
    """

    kind: str
    word: str
    score: float
    threshold: float
    samples: np.ndarray
    sample_rate_hz: int
    clock_s: float
    source: str
    time_s: float
    noise_level_db: float | None
    bundle: str

    @property
    def name(self) -> str:
        """Its file in a folder of captures, without the suffix; names sort by time."""
        stamp = iso_utc(self.clock_s).replace("-", "").replace(":", "")
        return f"{KINDS[self.kind]}/{safe_name(self.word)}/{stamp}"

    @property
    def n_bytes(self) -> int:
        """Size of the WAV file."""
        return _WAV_HEADER_BYTES + 2 * len(self.samples)

    def to_dict(self, file: str) -> dict[str, Any]:
        """Its line in the list."""
        return {
            "file": file,
            "time": iso_utc(self.clock_s),
            "kind": self.kind,
            "word": self.word,
            "score": round(self.score, 4),
            "threshold": round(self.threshold, 4),
            "source": self.source,
            "time_s": round(self.time_s, 4),
            "noise_level_db": None if self.noise_level_db is None else round(self.noise_level_db, 1),
            "bundle": self.bundle,
            "reviewed": None,
        }


def safe_name(word: str) -> str:
    """A word as the name of a folder.

    >>> safe_name("yes"), safe_name("../go"), safe_name("да")
    ('yes', '_._go', 'да')
    """
    name = "".join("_" if c in "/\\\0\n\r" else c for c in word)[:_LONGEST_NAME]
    return f"_{name[1:]}" if name.startswith(".") else name or "_"

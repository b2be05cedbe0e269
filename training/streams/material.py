"""What streams of one part of the data are composed from: clips of words by label, recorded noise."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.model_card import BACKGROUND_LABELS
from drsn_keras.noise import NoiseSource

from ..clips import Clips
from ..corpus import Corpus
from ..recordings import UNKNOWN


@dataclasses.dataclass(frozen=True)
class Material:
    """Clips and noise of one split.

    Parameters
    ----------
    split : str
    clips : Clips
    keywords, others : np.ndarray of int
        Rows of the clips that hold a keyword, and other speech.
    noises : dict
        Recorded noise by name.
    """

    split: str
    clips: Clips
    keywords: np.ndarray
    others: np.ndarray
    noises: dict[str, NoiseSource]

    @property
    def sample_rate_hz(self) -> int:
        """Of everything."""
        return self.clips.sample_rate_hz

    def describe(self) -> dict[str, int]:
        """Counts of what there is, before any of it is heard twice."""
        speakers = {self.clips.recordings[row].group for row in (*self.keywords, *self.others)}
        return {
            "keyword_clips": len(self.keywords),
            "other_speech_clips": len(self.others),
            "speakers": len(speakers),
            "noises": len(self.noises),
        }


def material_of(corpus: Corpus, split: str) -> Material:
    """Gather a split's material.

    Raises
    ------
    DataError
        If there is no other speech, or no recorded noise.
    """
    if UNKNOWN not in corpus.labels:
        expected = f"a class {UNKNOWN} (words that are none of the keywords)"
        raise DataError(mismatch("data", expected, f"the classes {', '.join(corpus.labels)}"))
    clips = corpus.clips(split)
    spoken = np.any(clips.x, axis=1)
    label = np.array(clips.labels)[clips.y]
    keywords = np.flatnonzero(spoken & ~np.isin(label, BACKGROUND_LABELS))
    others = np.flatnonzero(spoken & (label == UNKNOWN))
    for what, rows in (("keywords", keywords), (f"other speech ({UNKNOWN})", others)):
        if not len(rows):
            raise DataError(mismatch(f"{split} part", f"clips of {what}", "none"))
    names = sorted(corpus.recorded(split))
    if not names:
        raise DataError(mismatch(f"{split} part", "recorded noise (--noise DIR)", "none"))
    return Material(split, clips, keywords, others, {name: corpus.source(name, split) for name in names})

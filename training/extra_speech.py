"""Synthetic speech added to the recordings that training hears; validation and test stay recordings."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from .recordings import SILENCE, UNKNOWN, Recording
from .synthesis import plan_extra_speech
from .synthesis.script import ORIGIN

if TYPE_CHECKING:
    from .clips import Clips
    from .corpus import Corpus


def is_made(recording: Recording) -> bool:
    """Whether a synthesiser spoke it."""
    return recording.path.parts[0] == ORIGIN


def add_extra_speech(corpus: Corpus, n: int, seed: int) -> None:
    """Give the training part ``n`` synthetic utterances of each keyword, and of other words if it has that class.

    What is said by whom depends on the seed and the keywords alone and stands in the split list, so that a resumed
    training hears the same; the speech is made when the training part is read. ``protocol["synthetic_training"]``
    says how much it is.

    Raises
    ------
    UsageError, DrsnError
        As :func:`drsn_keras.training.synthesis.plan_extra_speech`.
    """
    words = [label for label in corpus.labels if label not in {SILENCE, UNKNOWN}]
    spoken = {word: " ".join(word.replace("_", " ").split()) for word in words}
    extra = plan_extra_speech(spoken, n, seed, unknown=UNKNOWN in corpus.labels)
    read_recorded, list_recorded = corpus.read, corpus.listing

    def read(split: str) -> Clips:
        clips = read_recorded(split)
        if split != "train":
            return clips
        made = extra.speak(clips.labels, clips.x.shape[1], clips.sample_rate_hz)
        return dataclasses.replace(
            clips,
            x=np.concatenate([clips.x, made.x]),
            y=np.concatenate([clips.y, made.y]),
            recordings=(*clips.recordings, *made.recordings),
            notes=[*clips.notes, *made.notes],
        )

    counts = corpus.protocol["counts"]["train"]
    real = sum(count for label, count in counts.items() if label != SILENCE)
    percent = 100 * len(extra.lines) / (real + len(extra.lines))
    corpus.read = read
    corpus.listing = lambda: [*list_recorded(), *extra.listing()]
    corpus.protocol["synthetic_training"] = {
        "share": f"{percent:.1f} % of the speech in training is synthetic ({len(extra.lines):,} of "
        f"{real + len(extra.lines):,} clips); validation and test are recordings",
        "percent": round(percent, 2),
        "clips": len(extra.lines),
        "of_each_keyword": n,
        "of_other_words": n if UNKNOWN in corpus.labels else 0,
        "synthesiser": extra.synthesiser,
    }

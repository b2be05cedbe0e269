"""Ranges of the noise level that have words and time enough for a threshold of their own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from drsn_keras.model_card import DetectorSpec
from drsn_keras.noise_thresholds import thresholds_of

from .hear import Heard
from .matching import ANSWER_S, NONE
from .sweep import Steps, Tally


@dataclasses.dataclass(frozen=True)
class Enough:
    """What a range must have, and how many there are at most.

    Parameters
    ----------
    words : int
    hours : float
    bins : int
    """

    words: int = 60
    hours: float = 0.1
    bins: int = 3


def edges_of(heard: Heard, spec: DetectorSpec, enough: Enough) -> tuple[float, ...]:
    """Upper ends of all ranges but the last [dB, whole tenths], rising; none where there is enough for one only.

    They divide the words into equal parts by the level at which each is heard; a range with too few words or too
    little time is joined to that neighbour which has fewer words.
    """
    levels = levels_of_words(Tally(heard, spec))
    if not len(levels):
        return ()
    cuts = np.quantile(levels, np.arange(1, enough.bins) / enough.bins, method="lower")
    edges = sorted({round(float(cut), 1) for cut in cuts} - {round(float(levels.max()), 1)})
    while edges:
        words = _per_bin(levels, edges)
        hours = _per_bin(heard.noise_db, edges) * heard.hop_s / 3600.0
        short = np.flatnonzero((words < enough.words) | (hours < enough.hours))
        if not len(short):
            break
        smallest = short[np.argmin(words[short])]
        beside = [i for i in (smallest - 1, smallest + 1) if 0 <= i <= len(edges)]
        edges.pop(min(smallest, min(beside, key=lambda i: words[i])))
    return tuple(edges)


def levels_of_words(tally: Tally) -> np.ndarray:
    """The noise level where each word's own probability is highest [shape=(n_words,), dB], while it may be answered."""
    heard = tally.heard
    starts_s, stops_s = heard.spans_s
    first = np.searchsorted(heard.times_s, starts_s)
    last = np.searchsorted(heard.times_s, stops_s + ANSWER_S, side="right")
    levels = np.empty(len(first))
    for i, word in enumerate(heard.words):
        rows = slice(min(first[i], len(heard.times_s) - 1), max(last[i], first[i] + 1))
        scores = tally.replay.smoothed[rows, heard.labels.index(word.label)]
        levels[i] = heard.noise_db[rows][np.argmax(scores)]
    return levels


def by_bin(tally: Tally, detector: DetectorSpec, steps: Steps, edges: Sequence[float]) -> list[dict[str, Any]]:
    """A row a range: ``up_to_db`` (None of the last), its threshold, hours, words, missed, false accepts.

    A word counts where :func:`levels_of_words` says, a false accept where it fired.
    """
    heard = tally.heard
    levels = levels_of_words(tally)
    rows, answered = tally.fired(detector, steps)
    heard_words = np.zeros(len(levels), bool)
    heard_words[answered[answered != NONE]] = True
    counts = {
        "hours": np.round(_per_bin(heard.noise_db, edges) * heard.hop_s / 3600.0, 4),
        "words": _per_bin(levels, edges),
        "missed": _per_bin(levels[~heard_words], edges),
        "false_accepts": _per_bin(heard.noise_db[rows[answered == NONE]], edges),
    }
    ends = [most_db for most_db, _ in steps]
    values = thresholds_of(steps, detector.threshold)
    thresholds = [values[int(np.searchsorted(ends, edge))] for edge in edges] + [detector.threshold]
    return [
        {
            "up_to_db": edges[i] if i < len(edges) else None,
            "threshold": threshold,
            **{name: found[i].item() for name, found in counts.items()},
        }
        for i, threshold in enumerate(thresholds)
    ]


def _per_bin(levels: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    return np.bincount(np.searchsorted(edges, levels), minlength=len(edges) + 1)

"""Choose thresholds that follow the noise level, on the validation stream alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from drsn_keras.model_card import DetectorSpec
from drsn_keras.noise_thresholds import thresholds_of

from .hear import Heard
from .matching import NONE
from .noise_bins import Enough, edges_of
from .operating_point import CLEARLY, Chosen
from .sweep import THRESHOLDS, Point, Steps, Tally, at_threshold

#: Combinations that are replayed as a whole, those first that promise most.
_REPLAYED = 200


@dataclasses.dataclass(frozen=True)
class NoiseChoice:
    """The best thresholds by noise level, if any were tried, and whether they are worth having.

    Parameters
    ----------
    edges : tuple of float
        Upper ends of the ranges of the noise level [dB] that were told apart.
    point : Point or None
        The best, where it is not one threshold for all.
    kept : bool
        It saves enough of the misses of one threshold.
    reason : str
        Why, for people.
    """

    edges: tuple[float, ...]
    point: Point | None
    kept: bool
    reason: str


def choose_by_noise(heard: Heard, one: Chosen, max_per_hour: float, enough: Enough | None = None) -> NoiseChoice:
    """The fewest misses at no more than so many false accepts an hour in all, a threshold a range of the noise level.

    Thresholds fall with the noise level or rise with it. Which combinations are promising is counted range by range,
    as though each were alone; these are replayed as a whole, and only that counts. Of equals the one with fewer false
    accepts, then the one whose thresholds are closest to each other; where a threshold may lie anywhere in a range of
    equals it lies in their middle. To be kept they have to save a miss in a hundred words over one threshold.

    Parameters
    ----------
    heard : Heard
        The validation stream, with the noise level.
    one : Chosen
        The operating point with one threshold; its other constants stay.
    max_per_hour : float
    enough : Enough
    """
    enough = Enough() if enough is None else enough
    if not one.reached:
        return NoiseChoice((), None, False, f"no threshold keeps {max_per_hour:g} false accepts an hour")
    edges = edges_of(heard, one.point.detector, enough)
    if not edges:
        least = f"{enough.words} words and {enough.hours:g} h"
        return NoiseChoice((), None, False, f"no two ranges of the noise level have {least} each")
    tally = Tally(heard, one.point.detector)
    points = [
        tally.point(*_detector(one.point.detector, edges, thresholds))
        for thresholds in _promising(tally, one.point.detector, edges, max_per_hour)
    ]
    points = [p for p in points if p.false_accepts_per_hour <= max_per_hour]
    best = min(points, key=lambda p: (p.missed, p.false_accepts, _spread(p)), default=one.point)
    if not best.noise_thresholds:
        return NoiseChoice(edges, None, False, "none that fall or rise with the noise level miss fewer words")
    # The hop was rounded to frames for the stream; the card keeps its own.
    detector = dataclasses.replace(best.detector, hop_s=one.point.detector.hop_s)
    best = dataclasses.replace(best, detector=detector)
    kept = best.misses_percent <= one.point.misses_percent - CLEARLY
    misses = f"{best.missed} of {best.words} words are missed on validation, {one.point.missed} with one threshold"
    return NoiseChoice(edges, best, kept, misses if kept else f"{misses}: not {CLEARLY:g} in a hundred fewer")


def _promising(
    tally: Tally, spec: DetectorSpec, edges: Sequence[float], max_per_hour: float
) -> list[tuple[float, ...]]:
    """Combinations of thresholds, a threshold a range: by words heard, false accepts, and how close they are."""
    most = max_per_hour * tally.heard.duration_s / 3600.0
    ranges = [_options(*counts, most) for counts in _counts(tally, spec, edges)]
    found: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    for first in ranges[0]:
        # One of the first range with all of the others at a time: a table of all of them may be large.
        at = np.indices([1, *(len(one) for one in ranges[1:])]).reshape(len(ranges), -1)
        rows = np.stack([one[i] for one, i in zip([first[None], *ranges[1:]], at, strict=True)])
        heard_words, false = rows[:, :, 3].sum(axis=0), rows[:, :, 4].sum(axis=0)
        for order in (1, -1):
            values, possible = _falling(*(rows[::order, :, i] for i in range(3)))
            values, kept = values[::order], np.flatnonzero(possible & (false <= most))
            key = np.stack([-heard_words[kept], false[kept], np.ptp(values[:, kept], axis=0)])
            best = np.lexsort(key[::-1])[:_REPLAYED]
            found += zip(map(tuple, key[:, best].T.tolist()), map(tuple, values[:, kept[best]].T.tolist()), strict=True)
    return list(dict.fromkeys(thresholds for _, thresholds in sorted(found)))[:_REPLAYED]


def _falling(low: np.ndarray, middle: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds between ``low`` and ``high`` that do not rise from range to range, and whether there are such.

    All [shape=(n_ranges, n)]; they are as near to ``middle`` as those before let them be.
    """
    low, high = np.maximum.accumulate(low[::-1])[::-1], np.minimum.accumulate(high)
    values = np.minimum(np.maximum(middle, low), high)
    for i in range(1, len(values)):
        values[i] = np.minimum(values[i], values[i - 1])
    return values, np.all(low <= high, axis=0)


def _counts(tally: Tally, spec: DetectorSpec, edges: Sequence[float]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of every range: words heard in it and false accepts, by the thresholds of :data:`.sweep.THRESHOLDS`."""
    of_row = np.searchsorted(edges, tally.heard.noise_db)
    n = len(edges) + 1
    table = np.zeros((2, n, len(THRESHOLDS)), int)
    for i, threshold in enumerate(THRESHOLDS):
        rows, answered = tally.fired(at_threshold(spec, threshold))
        for kind, which in enumerate((answered != NONE, answered == NONE)):
            table[kind, :, i] = np.bincount(of_row[rows[which]], minlength=n)
    return list(zip(*table, strict=True))


def _options(heard_words: np.ndarray, false: np.ndarray, most: float) -> np.ndarray:
    """Runs of thresholds that do the same: lowest, middle, highest, words heard, false accepts [shape=(n, 5)].

    None that costs more false accepts alone than all may cost.
    """
    both = np.stack([heard_words, false], axis=1)
    starts = np.flatnonzero(np.any(np.diff(both, axis=0, prepend=-1), axis=1))
    ends = np.append(starts[1:], len(both)) - 1
    levels = np.array(THRESHOLDS)
    columns = levels[starts], levels[(starts + ends) // 2], levels[ends], heard_words[starts], false[starts]
    return np.stack(columns, axis=1)[false[starts] <= most]


def _detector(spec: DetectorSpec, edges: Sequence[float], thresholds: Sequence[float]) -> tuple[DetectorSpec, Steps]:
    """The detector above all levels, and the steps below, neighbours with the same threshold joined."""
    below, beyond = thresholds[:-1], thresholds[1:]
    steps = tuple((edge, t) for edge, t, above in zip(edges, below, beyond, strict=True) if t != above)
    release = at_threshold(spec, min(thresholds)).release
    return dataclasses.replace(spec, threshold=thresholds[-1], release=release), steps


def _spread(point: Point) -> float:
    values = thresholds_of(point.noise_thresholds, point.detector.threshold)
    return max(values) - min(values)

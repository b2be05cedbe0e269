"""Misses and false accepts over the detector's threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from drsn_keras.model_card import DetectorSpec

from .hear import Heard
from .matching import NONE, match
from .replay import Replay

#: Thresholds that are tried, closer to each other where few false accepts are.
THRESHOLDS = (
    *(round(0.1 + 0.01 * i, 2) for i in range(70)),
    *(round(0.8 + 0.0025 * i, 4) for i in range(80)),
    *(0.999, 0.9995, 0.9999, 1.0),
)


@dataclasses.dataclass(frozen=True)
class Point:
    """What a detector does on a stream.

    Parameters
    ----------
    detector : DetectorSpec
    missed, words : int
    false_accepts : int
    hours : float
    """

    detector: DetectorSpec
    missed: int
    words: int
    false_accepts: int
    hours: float

    @property
    def misses_percent(self) -> float:
        """Share of the words that were missed."""
        return 100.0 * self.missed / self.words

    @property
    def false_accepts_per_hour(self) -> float:
        """Rate of false accepts."""
        return self.false_accepts / self.hours


def sweep(heard: Heard, spec: DetectorSpec, thresholds: Sequence[float] = THRESHOLDS) -> list[Point]:
    """A point for every threshold (see :func:`at_threshold`)."""
    spec = dataclasses.replace(spec, hop_s=heard.hop_s)
    replay = Replay(heard.labels, heard.probabilities, spec)
    words = heard.words
    labels = [word.label for word in words]
    starts_s, stops_s = heard.spans_s
    points = []
    for threshold in thresholds:
        detector = at_threshold(spec, threshold)
        rows, fired = replay.events(detector)
        answered = match(heard.times_s[rows], [heard.labels[i] for i in fired], labels, starts_s, stops_s)
        false = int(np.sum(answered == NONE))
        missed = len(words) - (len(rows) - false)
        points.append(Point(detector, missed, len(words), false, heard.duration_s / 3600.0))
    return points


def at_threshold(spec: DetectorSpec, threshold: float) -> DetectorSpec:
    """The same detector at another threshold; it re-arms at half of it at the latest."""
    return dataclasses.replace(spec, threshold=threshold, release=min(spec.release, round(threshold / 2, 4)))


def det_curve(points: Iterable[Point]) -> list[Point]:
    """Points that no other is better than: fewest misses at each number of false accepts, these ascending.

    Misses over the threshold are not quite monotone (a firing is held back for a while after another); along this
    curve fewer misses always cost more false accepts.
    """
    curve: list[Point] = []
    for point in sorted(points, key=lambda p: (p.false_accepts, p.missed, -p.detector.threshold)):
        if not curve or point.missed < curve[-1].missed:
            curve.append(point)
    return curve

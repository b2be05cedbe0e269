"""Misses and false accepts over the detector's threshold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from drsn_keras.model_card import DetectorSpec
from drsn_keras.noise_thresholds import thresholds_of

from .hear import Heard
from .matching import NONE, match
from .replay import Replay

#: Thresholds that are tried, closer to each other where few false accepts are.
THRESHOLDS = (
    *(round(0.1 + 0.01 * i, 2) for i in range(70)),
    *(round(0.8 + 0.0025 * i, 4) for i in range(80)),
    *(0.999, 0.9995, 0.9999, 1.0),
)
#: Pairs of a noise level [dB] and a threshold up to there (:mod:`drsn_keras.noise_thresholds`).
Steps = tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Point:
    """What a detector does on a stream.

    Parameters
    ----------
    detector : DetectorSpec
    missed, words : int
    false_accepts : int
    hours : float
    noise_thresholds : tuple of (noise_level_db, threshold)
        As a card has them; nothing where one threshold is for all noise.
    """

    detector: DetectorSpec
    missed: int
    words: int
    false_accepts: int
    hours: float
    noise_thresholds: Steps = ()

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
    tally = Tally(heard, spec)
    return [tally.point(at_threshold(tally.spec, threshold)) for threshold in thresholds]


class Tally:
    """Counts what detectors of one length of the moving average do on a stream.

    Parameters
    ----------
    heard : Heard
    spec : DetectorSpec
        Its ``smoothing_s`` counts.
    """

    def __init__(self, heard: Heard, spec: DetectorSpec) -> None:
        self.heard = heard
        self.spec = dataclasses.replace(spec, hop_s=heard.hop_s)
        self.replay = Replay(heard.labels, heard.probabilities, self.spec)
        self._labels = [word.label for word in heard.words]
        self._spans_s = heard.spans_s

    def fired(self, detector: DetectorSpec, noise_thresholds: Steps = ()) -> tuple[np.ndarray, np.ndarray]:
        """Evaluations that fire, and the word that each answers, or ``NONE`` [shape=(k,), int]."""
        heard = self.heard
        wanted = None
        if noise_thresholds:
            values = np.array(thresholds_of(noise_thresholds, detector.threshold))
            # As threshold_at does: a level belongs to the first step that it does not exceed.
            wanted = values[np.searchsorted([most_db for most_db, _ in noise_thresholds], heard.noise_db)]
        rows, fired = self.replay.events(detector, wanted)
        return rows, match(heard.times_s[rows], [heard.labels[i] for i in fired], self._labels, *self._spans_s)

    def point(self, detector: DetectorSpec, noise_thresholds: Steps = ()) -> Point:
        """Misses and false accepts."""
        _, answered = self.fired(detector, noise_thresholds)
        false, words = int(np.sum(answered == NONE)), len(self._labels)
        missed = words - (len(answered) - false)
        return Point(detector, missed, words, false, self.heard.duration_s / 3600.0, noise_thresholds)


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

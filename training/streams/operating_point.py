"""Choose where the detector stands, on the validation stream alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from drsn_keras.model_card import DetectorSpec

from .hear import Heard
from .sweep import Point, sweep

#: Lengths of the moving average that are tried beside the card's [s].
SMOOTHINGS_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)
#: Another than the card's has to save this many misses in a hundred words: chance alone saves a few.
CLEARLY = 1.0


@dataclasses.dataclass(frozen=True)
class Chosen:
    """The point, whether it keeps the limit, and the sweep of thresholds it was chosen from."""

    point: Point
    reached: bool
    points: tuple[Point, ...]


def choose(
    heard: Heard, card: DetectorSpec, max_per_hour: float, smoothings_s: Sequence[float] = SMOOTHINGS_S
) -> Chosen:
    """The fewest misses at no more than so many false accepts an hour.

    Every length of the moving average is tried at every threshold; refractory time and hop stay the card's, which
    cost nothing to keep. Of equals the one with fewer false accepts, then the threshold in their
    middle. Where no threshold keeps the limit the highest is given, and ``reached`` is False.

    Parameters
    ----------
    heard : Heard
        The validation stream.
    card : DetectorSpec
        Of the bundle.
    max_per_hour : float
    """
    choices = [_best(sweep(heard, dataclasses.replace(card, smoothing_s=s)), max_per_hour) for s in smoothings_s]
    own = _best(sweep(heard, card), max_per_hour)
    for other in choices:
        better = other.reached and not own.reached
        if better or (other.reached and other.point.misses_percent <= own.point.misses_percent - CLEARLY):
            own = other
    # The hop was rounded to frames for the stream; the card keeps its own.
    detector = dataclasses.replace(own.point.detector, hop_s=card.hop_s)
    return dataclasses.replace(own, point=dataclasses.replace(own.point, detector=detector))


def _best(points: Sequence[Point], max_per_hour: float) -> Chosen:
    kept = [point for point in points if point.false_accepts_per_hour <= max_per_hour]
    if kept:
        least = min((p.missed, p.false_accepts) for p in kept)
        equals = sorted((p for p in kept if (p.missed, p.false_accepts) == least), key=lambda p: p.detector.threshold)
        best = equals[len(equals) // 2]
    else:
        best = max(points, key=lambda p: p.detector.threshold)
    return Chosen(best, bool(kept), tuple(points))

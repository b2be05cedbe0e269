"""The health index: one number from what is known, by a formula that fits on a page."""

from __future__ import annotations

from collections.abc import Sequence

#: Health at the borders A/B, B/C and C/D; 0 is at twice the last one.
_AT_BORDERS = (75.0, 50.0, 25.0)


def zone_health(velocity_mm_s: float, limits_mm_s: Sequence[float]) -> float:
    """100 % at rest, 75 / 50 / 25 % at the borders A/B, B/C, C/D, 0 from twice the last one on; straight between.

    >>> [zone_health(v, (2.0, 4.0, 7.0)) for v in (0.0, 1.0, 4.0, 7.0, 20.0)]
    [100.0, 87.5, 50.0, 25.0, 0.0]
    """
    low, above = 0.0, 100.0
    for border, health in zip((*limits_mm_s, 2.0 * limits_mm_s[-1]), (*_AT_BORDERS, 0.0), strict=True):
        if velocity_mm_s < border:
            return above - (above - health) * (velocity_mm_s - low) / (border - low)
        low, above = border, health
    return 0.0


def normal_health(distance: float, limit: float) -> float:
    """100 % up to half the limit, 50 % at the limit, 0 from three times the limit on; straight between.

    >>> [normal_health(d, 4.0) for d in (1.0, 2.0, 4.0, 8.0, 30.0)]
    [100.0, 100.0, 50.0, 25.0, 0.0]
    """
    share = distance / limit
    if share <= 0.5:
        return 100.0
    return 150.0 - 100.0 * share if share <= 1.0 else max(0.0, 75.0 - 25.0 * share)


def health_percent(
    zone: float | None = None, normal: float | None = None, healthy_probability: float | None = None
) -> float | None:
    """The least of what is known: health by zone [%], health by normal [%], the network's probability of being sound.

    >>> health_percent(90.0, 100.0, 0.7), health_percent(None, None, None)
    (70.0, None)
    """
    network = None if healthy_probability is None else 100.0 * healthy_probability
    known = [value for value in (zone, normal, network) if value is not None]
    return round(min(known), 1) if known else None

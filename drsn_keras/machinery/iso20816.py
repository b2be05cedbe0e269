"""Zones of vibration severity after ISO 20816-3."""

from __future__ import annotations

import math
from typing import Any

from ..errors import UsageError, mismatch

ZONES = ("A", "B", "C", "D")
#: What the standard says of a machine in each zone, shortened.
ZONE_MEANING = {
    "A": "as newly commissioned",
    "B": "acceptable for unrestricted long-term operation",
    "C": "unsatisfactory for long-term continuous operation: plan a remedy",
    "D": "severe enough to cause damage",
}
FOUNDATIONS = ("rigid", "flexible")
#: RMS velocity [mm/s] at the borders A/B, B/C, C/D by (group, foundation).
ZONE_LIMITS_MM_S: dict[tuple[int, str], tuple[float, float, float]] = {
    (1, "rigid"): (2.3, 4.5, 7.1),
    (1, "flexible"): (3.5, 7.1, 11.0),
    (2, "rigid"): (1.4, 2.8, 4.5),
    (2, "flexible"): (2.3, 4.5, 7.1),
}


def zone_limits_mm_s(group: int, foundation: str) -> tuple[float, float, float]:
    """RMS velocity [mm/s] at the borders A/B, B/C and C/D.

    Parameters
    ----------
    group : {1, 2}
        1: large machines, above 300 kW (electrical machines of shaft height from 315 mm); 2: medium-sized, above
        15 kW up to 300 kW (shaft height 160 mm to below 315 mm).
    foundation : {"rigid", "flexible"}
        Flexible if the lowest natural frequency of machine and support in the direction measured is less than 25 %
        above the main excitation (mostly the shaft's).

    Raises
    ------
    UsageError
        If either is missing or another: neither can be guessed from a signal.

    References
    ----------
    ISO 20816-3:2022, Mechanical vibration, part 3: industrial machinery with a power rating above 15 kW.
    """
    if isinstance(group, bool) or group not in (1, 2):
        raise UsageError(mismatch("machine group", "1 (above 300 kW) or 2 (15 to 300 kW)", repr(group)))
    if foundation not in FOUNDATIONS:
        raise UsageError(mismatch("foundation", "rigid or flexible", repr(foundation)))
    return ZONE_LIMITS_MM_S[int(group), foundation]


def iso_zone(velocity_rms_mm_s: float, group: int, foundation: str) -> str:
    """The zone of an RMS velocity.

    Parameters
    ----------
    velocity_rms_mm_s : float, >= 0
        10 to 1000 Hz, from :func:`~drsn_keras.machinery.velocity_rms_mm_s`.
    group, foundation
        See :func:`zone_limits_mm_s`.

    Returns
    -------
    {"A", "B", "C", "D"}
        A velocity on a border belongs to the worse zone.

    Raises
    ------
    UsageError
        If group or foundation is missing, or the velocity is no number from 0 on.

    Examples
    --------
    >>> iso_zone(2.0, 2, "rigid"), iso_zone(2.0, 1, "rigid"), iso_zone(12.0, 1, "flexible")
    ('B', 'A', 'D')
    """
    value: Any = velocity_rms_mm_s
    try:
        good = math.isfinite(value) and value >= 0.0
    except TypeError:
        good = False
    if not good:
        raise UsageError(mismatch("RMS velocity [mm/s]", "a number from 0 on", repr(value)))
    limits = zone_limits_mm_s(group, foundation)
    return ZONES[sum(value >= limit for limit in limits)]

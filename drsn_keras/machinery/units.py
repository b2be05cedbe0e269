"""Units of acceleration: named by whoever has the sensor's data sheet, never guessed."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError, mismatch

#: Standard acceleration of free fall [m/s^2] (ISO 80000-3).
STANDARD_GRAVITY_M_S2 = 9.80665
#: m/s^2 in one of a unit.
ACCELERATION_UNITS = {"g": STANDARD_GRAVITY_M_S2, "m/s^2": 1.0}


def to_m_s2(acceleration: np.ndarray, unit: str) -> np.ndarray:
    """Acceleration in m/s^2.

    Parameters
    ----------
    acceleration : np.ndarray [any shape]
    unit : {"g", "m/s^2"}

    Raises
    ------
    UsageError
        If the unit is missing or another.

    Examples
    --------
    >>> to_m_s2(np.array([2.0]), "g").tolist()
    [19.6133]
    """
    if not isinstance(unit, str) or unit not in ACCELERATION_UNITS:
        raise UsageError(mismatch("unit of acceleration", "g or m/s^2", repr(unit)))
    return np.asarray(acceleration, np.float64) * ACCELERATION_UNITS[unit]

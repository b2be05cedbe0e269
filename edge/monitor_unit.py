"""From a measurement's unit to the model's."""

from __future__ import annotations

from drsn_keras.errors import DataError, mismatch
from drsn_keras.machinery import ACCELERATION_UNITS


def unit_factor(name: str, unit: str, wanted: str) -> float:
    """What to multiply samples in ``unit`` by to have them in ``wanted``.

    Parameters
    ----------
    name : str
        Of the file, named in errors.
    unit, wanted : str

    Raises
    ------
    DataError
        If they differ and are not both units of acceleration.

    Examples
    --------
    >>> unit_factor("a.csv", "g", "m/s^2"), unit_factor("a.csv", "V", "V")
    (9.80665, 1.0)
    """
    if unit == wanted:
        return 1.0
    if unit in ACCELERATION_UNITS and wanted in ACCELERATION_UNITS:
        return ACCELERATION_UNITS[unit] / ACCELERATION_UNITS[wanted]
    others = [other for other in ACCELERATION_UNITS if other != wanted]
    also = f" or {' or '.join(others)}" if wanted in ACCELERATION_UNITS else ""
    raise DataError(mismatch(f"{name}, unit", f"{wanted} (the model's){also}", unit))

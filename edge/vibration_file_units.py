"""From what a file says and what the user says to samples in a unit at a rate. Nothing is guessed."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.machinery import ACCELERATION_UNITS

from .vibration_file import VibrationFile

#: Units of a sensor's voltage, in mV.
MILLIVOLTS = {"V": 1000.0, "mV": 1.0}
#: Samples that are only known as a share of a converter's range.
FULL_SCALE_UNIT = "FS"
#: Two rates, two speeds that differ by less than this share are the same.
_SAME = 1e-3


@dataclasses.dataclass(frozen=True)
class SignalFacts:
    """What the user says of recordings; None is not said.

    Parameters
    ----------
    rate_hz, rpm : float or None
    unit : str or None
        Of the vibration.
    full_scale : float or None
        What a WAV's 1.0 stands for, in ``unit``.
    sensitivity_mv_per_unit : float or None
        Of the sensor, for files that hold its voltage.
    file_unit : str or None
        That voltage's unit, "V" or "mV".
    """

    rate_hz: float | None = None
    unit: str | None = None
    full_scale: float | None = None
    sensitivity_mv_per_unit: float | None = None
    file_unit: str | None = None
    rpm: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
    """Samples of which everything needed is known.

    Parameters
    ----------
    name : str
    signal : np.ndarray [shape=(n,), float64]
        In ``unit``; may hold NaN.
    unit : str
    sample_rate_hz : float
    rpm : float or None
    """

    name: str
    signal: np.ndarray
    unit: str
    sample_rate_hz: float
    rpm: float | None = None


def measurement(found: VibrationFile, facts: SignalFacts) -> Measurement:
    """Put together what the file and the user say.

    Raises
    ------
    DataError
        Rate or unit said by nobody; rate, unit or speed said differently by both; an integer WAV without its full
        scale; a sensitivity without the unit of the voltage.

    Examples
    --------
    >>> found = VibrationFile("a.wav", np.array([0.5, -0.5]), 12000.0, is_wav=True, is_share=True)
    >>> measurement(found, SignalFacts(unit="g", full_scale=16.0)).signal.tolist()
    [8.0, -8.0]
    """
    name = found.name
    rate_hz = _agreed(f"{name}, sample rate", "Hz", found.sample_rate_hz, facts.rate_hz)
    if rate_hz is None:
        raise DataError(mismatch(f"{name}, sample rate", "--rate HZ (the file does not say it)", "none"))
    rpm = _agreed(f"{name}, rpm", "rpm", found.rpm, facts.rpm)
    factor, unit = _scale(found, facts)
    with np.errstate(over="ignore", invalid="ignore"):  # becomes infinity, which is flagged
        signal = found.signal.astype(np.float64) * factor
    return Measurement(name, signal, unit, rate_hz, rpm)


def unit_factor(name: str, unit: str, wanted: str) -> float:
    """What to multiply samples in ``unit`` by to have them in ``wanted``.

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


def _scale(found: VibrationFile, facts: SignalFacts) -> tuple[float, str]:
    """Factor that brings the file's numbers into a unit, and that unit."""
    name, factor = found.name, 1.0
    if facts.full_scale is not None:
        if not found.is_wav:
            raise DataError(mismatch(f"{name}, --full-scale", "a WAV file", "one that holds real values"))
        factor = facts.full_scale
    elif found.is_share and facts.unit != FULL_SCALE_UNIT:
        expected = "--full-scale VALUE (what 1.0 stands for, in the unit)"
        raise DataError(mismatch(f"{name}, a WAV of integers", expected, "none"))
    sensitivity = facts.sensitivity_mv_per_unit
    holds = found.unit or (facts.unit if sensitivity is None else facts.file_unit)
    if sensitivity is None:
        if facts.file_unit is not None:
            raise DataError(mismatch(f"{name}, --file-unit", "--sensitivity-mv-per-unit with it", "none"))
        if holds is None:
            raise DataError(mismatch(f"{name}, unit", "--unit (the file does not say it)", "none"))
        if facts.unit not in (None, holds):
            raise DataError(mismatch(f"{name}, unit", f"{holds} as the file says", facts.unit))
        return factor, holds
    if holds is None or facts.unit is None:
        expected = "--unit (of the vibration) and --file-unit (V or mV, what the file holds)"
        got = "no --unit" if facts.unit is None else "no --file-unit"
        raise DataError(mismatch(f"{name}, --sensitivity-mv-per-unit", expected, got))
    if facts.file_unit not in (None, holds):
        raise DataError(mismatch(f"{name}, --file-unit", f"{holds} as the file says", facts.file_unit))
    if holds not in MILLIVOLTS:
        raise DataError(mismatch(f"{name}, with a sensitivity", f"samples in {' or '.join(MILLIVOLTS)}", holds))
    return factor * MILLIVOLTS[holds] / sensitivity, facts.unit


def _agreed(what: str, unit: str, said: float | None, given: float | None) -> float | None:
    """The file's number, or the user's where it has none; they must not disagree."""
    if said is None or given is None:
        return given if said is None else said
    if abs(said - given) > _SAME * said:
        raise DataError(mismatch(what, f"{said:g} {unit} as the file says", f"{given:g} {unit}"))
    return said

"""From a file's numbers to a unit: full scale, sensitivity, and what file and user say. Nothing is guessed."""

from __future__ import annotations

import dataclasses
import math

from ..errors import DataError, UsageError, mismatch
from .signal_file import SignalFile

#: Units in which a file may hold the voltage of a sensor, and how many mV they are.
MILLIVOLTS = {"V": 1000.0, "mV": 1.0}
#: Unit of samples that are only known as a share of a converter's range.
FULL_SCALE_UNIT = "FS"
_POSITIVE = ("sample_rate_hz", "sensitivity_mv_per_unit", "full_scale")


@dataclasses.dataclass(frozen=True)
class SignalFacts:
    """What the user says of the samples of recordings; None is not said.

    Parameters
    ----------
    sample_rate_hz : float or None, > 0
        Of files that do not say theirs.
    unit : str or None
        Of the vibration, as it is handed on ("g", "m/s^2", "mm/s" ...).
    full_scale : float or None, > 0
        What 1.0 of a WAV file (its full scale) stands for, in ``unit``, or in ``file_unit`` where that is given.
    sensitivity_mv_per_unit : float or None, > 0
        Of the sensor [mV per ``unit``], for files that hold its voltage; with it goes ``file_unit``.
    file_unit : {"V", "mV"} or None
        That voltage's unit.

    Raises
    ------
    UsageError
        A number that is not above 0, another unit of voltage.
    """

    sample_rate_hz: float | None = None
    unit: str | None = None
    full_scale: float | None = None
    sensitivity_mv_per_unit: float | None = None
    file_unit: str | None = None

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(mismatch(name, "a positive number", value))
        if self.file_unit is not None and self.file_unit not in MILLIVOLTS:
            raise UsageError(mismatch("file_unit", " or ".join(MILLIVOLTS), repr(self.file_unit)))


def factor_and_unit(found: SignalFile, facts: SignalFacts) -> tuple[float, str]:
    """What to multiply a file's numbers by, and the unit in which they then are.

    Raises
    ------
    DataError
        Unit said by nobody, or differently by file and user; an integer WAV without its full scale; a full scale of
        another file; a sensitivity without the unit of the voltage.

    Examples
    --------
    A converter of +-10 V and a sensor of 100 mV/g: full scale is 100 g.

    >>> import numpy as np
    >>> wav = SignalFile("a.wav", np.zeros(9), 12000.0, is_wav=True, is_share=True)
    >>> factor_and_unit(wav, SignalFacts(unit="g", full_scale=10.0, sensitivity_mv_per_unit=100.0, file_unit="V"))
    (100.0, 'g')
    """
    factor = _full_scale(found, facts)
    name, sensitivity = found.name, facts.sensitivity_mv_per_unit
    if sensitivity is None:
        if facts.file_unit is not None:
            raise DataError(mismatch(f"{name}, file unit", "--sensitivity-mv-per-unit with it", "none"))
        if found.unit is None and facts.unit is None:
            expected = "--unit (g, m/s^2, mm/s ...; the file does not say it)"
            raise DataError(mismatch(f"{name}, unit", expected, "none"))
        if None not in (found.unit, facts.unit) and found.unit != facts.unit:
            raise DataError(mismatch(f"{name}, unit", f"{found.unit} as the file says", facts.unit))
        return factor, found.unit or facts.unit
    holds = found.unit or facts.file_unit
    if holds is None or facts.unit is None:
        expected = "--unit (of the vibration) and --file-unit (V or mV, what the file holds)"
        got = "no --unit" if facts.unit is None else "no --file-unit"
        raise DataError(mismatch(f"{name}, sensitivity", expected, got))
    if facts.file_unit not in (None, holds):
        raise DataError(mismatch(f"{name}, file unit", f"{holds} as the file says", facts.file_unit))
    if holds not in MILLIVOLTS:
        raise DataError(mismatch(f"{name}, with a sensitivity", f"samples in {' or '.join(MILLIVOLTS)}", holds))
    return factor * MILLIVOLTS[holds] / sensitivity, facts.unit


def _full_scale(found: SignalFile, facts: SignalFacts) -> float:
    """What 1.0 in the file stands for."""
    if facts.full_scale is not None:
        if not found.is_wav:
            raise DataError(mismatch(f"{found.name}, full scale", "a WAV file", "one that holds real values"))
        return facts.full_scale
    if found.is_share and facts.unit != FULL_SCALE_UNIT:
        expected = f"--full-scale VALUE (what 1.0 stands for, in the unit), or --unit {FULL_SCALE_UNIT}"
        raise DataError(mismatch(f"{found.name}, a WAV of integers", expected, f"unit {facts.unit or '(none)'} alone"))
    return 1.0

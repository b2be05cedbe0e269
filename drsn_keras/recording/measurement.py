"""From what a file says and what the user says to samples in a unit at a rate. They must not disagree."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..errors import DataError, mismatch
from .signal_file import SignalFile
from .units import SignalFacts, factor_and_unit

#: Two rates, two speeds that differ by less than this share are the same.
_SAME = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
    """Samples of which everything needed is known.

    Parameters
    ----------
    name : str
        Of the file, named in errors.
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


def measurement(found: SignalFile, facts: SignalFacts, rpm: float | None = None) -> Measurement:
    """Put together what the file and the user say.

    Parameters
    ----------
    found : SignalFile
    facts : SignalFacts
    rpm : float or None
        Speed of the shaft that the user says [1/min].

    Raises
    ------
    DataError
        Rate or unit said by nobody; rate, unit or speed said differently by both; an integer WAV without its full
        scale; a sensitivity without the unit of the voltage.

    Examples
    --------
    >>> found = SignalFile("a.wav", np.array([0.5, -0.5]), 12000.0, is_wav=True, is_share=True)
    >>> measurement(found, SignalFacts(unit="g", full_scale=16.0)).signal.tolist()
    [8.0, -8.0]
    """
    name = found.name
    rate_hz = _agreed(f"{name}, sample rate", "Hz", found.sample_rate_hz, facts.sample_rate_hz)
    if rate_hz is None:
        raise DataError(mismatch(f"{name}, sample rate", "--rate HZ (the file does not say it)", "none"))
    rpm = _agreed(f"{name}, rpm", "rpm", found.rpm, rpm)
    factor, unit = factor_and_unit(found, facts)
    with np.errstate(over="ignore", invalid="ignore"):  # becomes infinity, which is flagged
        signal = found.signal.astype(np.float64) * factor
    return Measurement(name, signal, unit, rate_hz, rpm)


def _agreed(what: str, unit: str, said: float | None, given: float | None) -> float | None:
    """The file's number, or the user's where it has none; they must not disagree."""
    if said is None or given is None:
        return given if said is None else said
    if not abs(said - given) <= _SAME * said:  # nor is NaN the same
        raise DataError(mismatch(what, f"{said:g} {unit} as the file says", f"{given:g} {unit}"))
    return said

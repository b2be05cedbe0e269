"""What a measurement says without any model: velocity and its zone, lines of a bearing. Each is given or refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, DrsnError, UsageError, mismatch
from drsn_keras.machinery import (
    ACCELERATION_UNITS,
    KNOWN_BEARINGS,
    BearingGeometry,
    bearing_lines,
    envelope_spectrum,
    iso_zone,
    velocity_rms_mm_s,
)
from drsn_keras.recording import Measurement

from .monitor_quality import CLIPPED_SHARE, clipped_samples
from .vibration_evidence import HARMONICS, choose_envelope_band, line_evidence, velocity_band_hz


@dataclasses.dataclass(frozen=True)
class Machine:
    """What the user says of the machine; None is not said.

    Parameters
    ----------
    bearing : BearingGeometry or None
    iso_group : {1, 2} or None
    foundation : {"rigid", "flexible"} or None
    """

    bearing: BearingGeometry | None = None
    iso_group: int | None = None
    foundation: str | None = None


def parse_bearing(text: str) -> BearingGeometry:
    """A known bearing, or ``elements,element_mm,pitch_mm[,angle_deg]``.

    Raises
    ------
    UsageError
        If it is neither, or the numbers make no bearing.

    Examples
    --------
    >>> parse_bearing("8,6.75,28.55") == parse_bearing("6203")
    True
    """
    if text in KNOWN_BEARINGS:
        return KNOWN_BEARINGS[text]
    fields = text.split(",")
    expected = f"one of {', '.join(KNOWN_BEARINGS)}, or ELEMENTS,ELEMENT_MM,PITCH_MM[,ANGLE_DEG]"
    try:
        if not 3 <= len(fields) <= 4:
            raise ValueError
        numbers = int(fields[0]), *map(float, fields[1:])
    except ValueError:
        raise UsageError(mismatch("--bearing", expected, repr(text))) from None
    return BearingGeometry(*numbers)


def evidence(measured: Measurement, machine: Machine) -> dict[str, Any]:
    """Velocity, zone and bearing lines of a whole measurement, at its own rate.

    Returns
    -------
    dict
        ``clipped_percent``; ``velocity_rms_mm_s`` with ``velocity_band_hz``, or ``velocity_reason`` why there is
        none; ``iso`` (zone, group, foundation) where asked for and there is a velocity; ``bearing`` or
        ``bearing_reason`` where asked for.

    Raises
    ------
    DataError
        If a bearing is given and the speed of the shaft is not known.
    """
    if machine.bearing is not None and measured.rpm is None:
        expected = "--rpm (the shaft's speed: a bearing's lines move with it)"
        raise DataError(mismatch(f"{measured.name}, rpm", expected, "none"))
    clipped = float(np.mean(clipped_samples(measured.signal)))
    found: dict[str, Any] = {"clipped_percent": round(100.0 * clipped, 2)}
    fault = f"the sensor is clipped in {100.0 * clipped:.1f} % of the samples" if clipped > CLIPPED_SHARE else None
    velocity, reason = _try(_velocity, measured, fault)
    found |= {"velocity_reason": reason} if velocity is None else velocity
    if velocity is not None and machine.iso_group is not None:
        zone = iso_zone(velocity["velocity_rms_mm_s"], machine.iso_group, machine.foundation)
        found["iso"] = {"zone": zone, "group": machine.iso_group, "foundation": machine.foundation}
    if machine.bearing is not None:
        lines, reason = _try(lambda m: _bearing(m, machine.bearing), measured, fault)
        found |= {"bearing_reason": reason} if lines is None else {"bearing": lines}
    return found


def _try(
    measure: Callable[[Measurement], dict[str, Any]], measured: Measurement, fault: str | None
) -> tuple[dict[str, Any] | None, str | None]:
    """A result, or why there is none."""
    if fault:
        return None, fault
    try:
        return measure(measured), None
    except DrsnError as error:
        return None, str(error)


def _velocity(measured: Measurement) -> dict[str, Any]:
    if measured.unit not in ACCELERATION_UNITS:
        raise DataError(mismatch("unit", " or ".join(ACCELERATION_UNITS), measured.unit))
    band = velocity_band_hz(measured.rpm)
    with np.errstate(over="ignore", invalid="ignore"):
        velocity = velocity_rms_mm_s(measured.signal, measured.sample_rate_hz, measured.unit, band)
    if not math.isfinite(velocity):
        raise DataError(mismatch("velocity", "a finite number", f"{velocity:g}"))
    return {"velocity_rms_mm_s": round(velocity, 4), "velocity_band_hz": list(band)}


def _bearing(measured: Measurement, bearing: BearingGeometry) -> dict[str, Any]:
    rate_hz, rpm = measured.sample_rate_hz, measured.rpm
    band = choose_envelope_band(measured.signal, rate_hz, bearing, rpm)
    frequency_hz, amplitude = envelope_spectrum(measured.signal, rate_hz, band.edges_hz)
    lines = bearing_lines(frequency_hz, amplitude, bearing, rpm, n_harmonics=HARMONICS)
    return {
        **line_evidence(lines, len(measured.signal) / rate_hz),
        "band_hz": [round(edge, 1) for edge in band.edges_hz],
        "band_kurtosis": round(band.kurtosis, 2),
        "rpm": rpm,
    }

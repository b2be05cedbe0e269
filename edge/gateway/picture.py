"""What the page draws of the latest record: spectrum, envelope and lines, thinned without losing a peak."""

from __future__ import annotations

from typing import Any

import numpy as np

from drsn_keras.machinery import ACCELERATION_UNITS

from ..vibration_evidence import velocity_band_hz
from .features import Measured
from .machine_config import MachineConfig

MOST_POINTS = 600
_POINTS = 400
_DIGITS = 4
#: The envelope is shown from 0 Hz to so many times the highest line looked for.
_ENVELOPE_ROOM = 1.1


def picture(measured: Measured, machine: MachineConfig, rpm: float | None) -> dict[str, Any]:
    """Curves and lines of a record.

    Returns
    -------
    dict
        ``spectrum``: ``hz`` with ``mm_s`` (velocity amplitude, in the band of the zone) where there is a velocity,
        else with the machine's unit as the name; ``envelope``: ``hz`` with the unit, and ``band_hz``; ``lines``: names
        of defects to their expected frequencies [Hz], with ``shaft``. At most 600 points each; a part that is not
        known is missing.
    """
    drawn: dict[str, Any] = {}
    unit = machine.unit or "unit"
    if measured.spectrum is not None:
        frequency_hz, amplitude = measured.spectrum
        if "velocity_rms_mm_s" in measured.features:
            low_hz, high_hz = velocity_band_hz(rpm)
            inside = (frequency_hz >= low_hz) & (frequency_hz <= high_hz)
            frequency_hz = frequency_hz[inside]
            factor = 1000.0 * ACCELERATION_UNITS[machine.unit] / (2.0 * np.pi)
            drawn["spectrum"] = thinned(frequency_hz, factor * amplitude[inside] / frequency_hz, "mm_s")
        else:
            drawn["spectrum"] = thinned(frequency_hz, amplitude, unit)
    if measured.envelope is not None:
        frequency_hz, amplitude = measured.envelope
        if measured.lines:
            shown = frequency_hz <= _ENVELOPE_ROOM * max(line.frequency_hz for line in measured.lines)
            frequency_hz, amplitude = frequency_hz[shown], amplitude[shown]
        band_hz = [round(edge, 1) for edge in measured.band.edges_hz]
        drawn["envelope"] = {**thinned(frequency_hz, amplitude, unit), "band_hz": band_hz}
    drawn["lines"] = _lines(measured, rpm)
    return drawn


def _lines(measured: Measured, rpm: float | None) -> dict[str, list[float]]:
    lines: dict[str, list[float]] = {} if rpm is None else {"shaft": [round(rpm / 60.0, 2)]}
    for line in measured.lines:
        lines.setdefault("2xBSF" if line.defect == "BSF" else line.defect, []).append(round(line.frequency_hz, 2))
    return lines


def thinned(frequency_hz: np.ndarray, amplitude: np.ndarray, name: str, n_points: int = _POINTS) -> dict[str, Any]:
    """At most ``n_points`` points of a curve: of each stretch its peak, where it stands.

    Parameters
    ----------
    frequency_hz, amplitude : np.ndarray [shape=(n,)]
    name : str
        Of the amplitudes in the result.
    n_points : int

    Examples
    --------
    >>> thinned(np.arange(6.0), np.array([0.0, 1.0, 5.0, 1.0, 0.0, 2.0]), "g", 2)
    {'hz': [2.0, 5.0], 'g': [5.0, 2.0]}
    """
    n = len(amplitude)
    if n > n_points:
        width = -(-n // n_points)
        padded = np.full(width * -(-n // width), -np.inf)
        padded[:n] = amplitude
        stretches = padded.reshape(-1, width)
        best = np.arange(len(stretches)) * width + stretches.argmax(axis=1)
        frequency_hz, amplitude = frequency_hz[best], amplitude[best]
    return {
        "hz": [round(float(value), 2) for value in frequency_hz],
        name: [float(f"{value:.{_DIGITS}g}") for value in amplitude],
    }

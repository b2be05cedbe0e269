"""What monitor and gateway measure alike: the band of velocity, the band of the envelope, what counts as a line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from drsn_keras.machinery import (
    ISO_BAND_HZ,
    BearingGeometry,
    FoundLine,
    KurtogramBand,
    choose_band,
    count_found,
    strongest_defect,
)

#: Harmonics of each defect that are looked for.
HARMONICS = 3
#: Shafts slower than this have their unbalance below 10 Hz: ISO 20816-3 then begins at 2 Hz.
_SLOW_RPM = 600.0
_SLOW_BAND_HZ = (2.0, 1000.0)
_LEAST_BANDWIDTH_HZ = 500.0
#: What a line has to stand out by in 10 s; less in shorter signals, 10 dB a decade.
_CONTRAST_DB, _CONTRAST_S, _LEAST_CONTRAST_DB = 30.0, 10.0, 15.0


def velocity_band_hz(rpm: float | None) -> tuple[float, float]:
    """Band of the RMS velocity of ISO 20816-3, by the speed of the shaft.

    >>> velocity_band_hz(1500.0), velocity_band_hz(300.0), velocity_band_hz(None)
    ((10.0, 1000.0), (2.0, 1000.0), (10.0, 1000.0))
    """
    return _SLOW_BAND_HZ if rpm is not None and rpm < _SLOW_RPM else ISO_BAND_HZ


def highest_line_hz(bearing: BearingGeometry, rpm: float) -> float:
    """The fastest modulation that is looked for [Hz]; a rolling element's defect strikes both races in a turn."""
    base_hz = bearing.frequencies_hz(rpm)
    return HARMONICS * max(base_hz["BPFO"], base_hz["BPFI"], 2.0 * base_hz["BSF"])


def choose_envelope_band(
    y: np.ndarray, sample_rate_hz: float, bearing: BearingGeometry | None = None, rpm: float | None = None
) -> KurtogramBand:
    """The most impulsive band that is wide enough for a bearing's lines, where bearing and speed are known.

    Raises
    ------
    DataError
        If the signal is too short, constant or not finite, or no band is wide enough.
    """
    width_hz = _LEAST_BANDWIDTH_HZ
    if bearing is not None and rpm is not None:
        width_hz = max(width_hz, highest_line_hz(bearing, rpm))
    return choose_band(y, sample_rate_hz, min_bandwidth_hz=width_hz)


def least_contrast_db(duration_s: float) -> float:
    """What a line has to stand out by to be named, in a signal of this length.

    >>> least_contrast_db(10.0), least_contrast_db(1.0), least_contrast_db(0.01)
    (30.0, 20.0, 15.0)
    """
    return max(_LEAST_CONTRAST_DB, _CONTRAST_DB + 10.0 * math.log10(min(_CONTRAST_S, duration_s) / _CONTRAST_S))


def line_evidence(lines: Sequence[FoundLine], duration_s: float) -> dict[str, Any]:
    """What bearing lines say: the strongest defect, or None where none stands out enough.

    Returns
    -------
    dict
        ``strongest``, ``contrast_db`` (of it), ``least_contrast_db``, ``found`` (``{defect: [found, looked for]}``),
        ``expected_hz`` (of the first harmonics).
    """
    least_db = least_contrast_db(duration_s)
    first = {line.defect: line for line in lines if line.harmonic == 1}
    strongest = strongest_defect(lines, least_db)
    return {
        "strongest": strongest,
        "contrast_db": None if strongest is None else round(first[strongest].contrast_db, 1),
        "least_contrast_db": round(least_db, 1),
        "found": {defect: list(counts) for defect, counts in count_found(lines).items()},
        "expected_hz": {defect: round(line.frequency_hz, 2) for defect, line in first.items()},
    }

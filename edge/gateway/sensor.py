"""Is the sensor fit to be believed? Before anything is measured."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from ..monitor_quality import CLIPPED, CLIPPED_SHARE, CONSTANT, NAN, clipped_samples, fits_float32, is_constant

#: A stretch without any change of this share of a record is a sensor that was dead for so long.
_FLAT_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class SensorState:
    """What is wrong with the samples of a record, if anything is.

    Parameters
    ----------
    fault : {"nan", "constant", "clipped"} or None
    text : str
        Of the fault, for a person; empty without one.
    clipped_percent, flat_percent : float
        Samples at the sensor's limits; the longest stretch without any change.
    """

    fault: str | None
    text: str
    clipped_percent: float
    flat_percent: float

    def to_dict(self) -> dict[str, Any]:
        """As a record's state has it."""
        return dataclasses.asdict(self)


def sensor_state(samples: np.ndarray) -> SensorState:
    """Look at the samples of a record: np.ndarray [shape=(n,), float64], which may hold NaN."""
    n = len(samples)
    if not fits_float32(samples):
        bad = n - int(np.isfinite(samples).sum())
        said = f"{bad} of {n} samples are no finite numbers" if bad else "samples are too large for 32 bits"
        return SensorState(NAN, said, 0.0, 0.0)
    clipped, flat = float(np.mean(clipped_samples(samples))), _longest_run(samples) / n
    shares = round(100.0 * clipped, 3), round(100.0 * flat, 3)
    if is_constant(samples) or flat > _FLAT_SHARE:
        said = "the signal is constant" if is_constant(samples) else f"the signal stands still for {flat:.0%} of it"
        return SensorState(CONSTANT, said, *shares)
    if clipped > CLIPPED_SHARE:
        return SensorState(CLIPPED, f"the sensor is clipped in {100.0 * clipped:.1f} % of the samples", *shares)
    return SensorState(None, "", *shares)


def _longest_run(samples: np.ndarray) -> int:
    """Samples in the longest run of equal ones; 0 where none equals its neighbour."""
    changes = np.flatnonzero(samples[1:] != samples[:-1])
    bounds = np.concatenate([[-1], changes, [len(samples) - 1]])
    longest = int(np.diff(bounds).max())
    return longest if longest > 1 else 0

"""The real value that is 1.0 to a network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: RMS values of the training signals that make one unit: networks learn best from values of about that size.
_RMS_VALUES = 3.0


def scale_of(signals: Sequence[np.ndarray]) -> float:
    """Power of two nearest to three times the RMS of all samples together.

    Peaks may lie beyond 1.0: that is no limit.

    Parameters
    ----------
    signals : sequence of np.ndarray [shape=(n,)], not all silent
        Clean ones of the training part, in real units.

    Examples
    --------
    >>> scale_of([np.array([0.3, -0.3]), np.full(4, 0.3)])
    1.0
    """
    power = sum(float(np.sum(np.square(y, dtype=np.float64))) for y in signals)
    rms = math.sqrt(power / max(1, sum(len(y) for y in signals)))
    return 2.0 ** round(math.log2(_RMS_VALUES * rms)) if rms > 0 else 1.0

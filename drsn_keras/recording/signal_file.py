"""What a file of a recording says itself: samples, and perhaps rate, unit, speed and more."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class SignalFile:
    """What a file says; None where it does not.

    Parameters
    ----------
    name : str
        Of the file, named in errors.
    signal : np.ndarray [shape=(n,), any real type]
        May hold NaN.
    sample_rate_hz, rpm : float or None
    unit : str or None
    channel : str or None
        Name of the column or array, number of the channel.
    facts : mapping of str to str
        Who was recorded (machine, bearing, load ...), of what was asked for.
    is_wav, is_share : bool
        ``is_share``: samples are shares of a converter's full scale (a WAV of integers), not of a unit.
    """

    name: str
    signal: np.ndarray
    sample_rate_hz: float | None = None
    unit: str | None = None
    rpm: float | None = None
    channel: str | None = None
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)
    is_wav: bool = False
    is_share: bool = False

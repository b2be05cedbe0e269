"""Recorded noise, from arrays that somebody else has read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, mismatch
from .base import NoiseSource
from .loop import checked_signals, cut, loop_period

_TRIES = 16


class RecordedNoise(NoiseSource):
    """Cuts from recordings of one kind of noise.

    A recording shorter than the signal asked for is looped with a short cross-fade.

    Parameters
    ----------
    name : str
        Name of the noise in a mix.
    signals : sequence of np.ndarray [shape=(n,)]
        One channel each, at any level.
    sample_rate_hz : int
        Of all recordings; rendering at another rate is refused.

    Raises
    ------
    DataError
        If there is no recording, or one is empty, silent, not finite or not one channel.

    Examples
    --------
    >>> cafe = RecordedNoise("cafe", [np.sin(np.arange(500.0))], 8000)
    >>> cafe(np.random.default_rng(0), 2000, 8000).shape
    (2000,)
    """

    def __init__(self, name: str, signals: Sequence[np.ndarray], sample_rate_hz: int) -> None:
        self.name = name
        self.sample_rate_hz = sample_rate_hz
        self.signals = checked_signals(f"{name} noise", signals, sample_rate_hz)

    def _check(self, n_samples: int, sample_rate_hz: int) -> None:
        super()._check(n_samples, sample_rate_hz)
        if sample_rate_hz != self.sample_rate_hz:
            raise DataError(mismatch(f"{self.name} noise", f"{self.sample_rate_hz} Hz", f"{sample_rate_hz} Hz"))

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        # A recording may have silent stretches: look for a cut with something in it.
        for _ in range(_TRIES):
            index = int(rng.integers(len(self.signals)))
            signal = self.signals[index]
            room = len(signal) - n_samples
            offset = int(rng.integers(room + 1 if room >= 0 else loop_period(len(signal), sample_rate_hz)))
            if np.ptp(cut(signal, offset, n_samples, sample_rate_hz)) > 0.0:
                return {"recording": index, "offset": offset}
        # None found by chance: put the cut around a moment at which the signal changes.
        moments = np.flatnonzero(np.diff(signal))
        moment = int(moments[rng.integers(len(moments))])
        offset = moment - int(rng.integers(max(1, n_samples - 1)))
        return {"recording": index, "offset": min(max(offset, 0), max(room, 0))}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        del rng
        index, offset = parameters["recording"], parameters["offset"]
        if not 0 <= index < len(self.signals):
            raise DataError(mismatch(f"{self.name} noise", f"a recording below {len(self.signals)}", index))
        return cut(self.signals[index], offset, n_samples, sample_rate_hz)

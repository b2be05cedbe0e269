"""Babble: many people speaking at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .base import NoiseSource
from .loop import checked_signals, cut, loop_period
from .values import db_to_gain, uniform

_LEVEL_SPREAD_DB = 4.0
_TRIES = 16


class BabbleNoise(NoiseSource):
    """A sum of talkers, each a looped cut of the given speech at a level of his own.

    Give speech of the training part only, or the words to be recognised leak into the noise.

    Parameters
    ----------
    speech : sequence of np.ndarray [shape=(n,)]
        One channel each, at any level.
    sample_rate_hz : int
        Of all speech; rendering at another rate is refused.
    talkers : (int, int)
        Least and most talkers at once. Few are understood, above about eight merge.

    Raises
    ------
    DataError
        If there is no speech, or a signal is empty, silent, not finite or not one channel.
    UsageError
        If the numbers of talkers are not 1 <= least <= most.

    References
    ----------
    N. Krishnamurthy, J. H. L. Hansen, "Babble noise: modeling, analysis, and applications", IEEE Transactions on
    Audio, Speech, and Language Processing 17:1394, 2009, doi:10.1109/TASL.2009.2015084.
    """

    name = "babble"

    def __init__(self, speech: Sequence[np.ndarray], sample_rate_hz: int, talkers: tuple[int, int] = (4, 12)) -> None:
        if not 1 <= talkers[0] <= talkers[1]:
            raise UsageError(mismatch("babble noise, talkers", "1 <= least <= most", repr(talkers)))
        self.sample_rate_hz = sample_rate_hz
        self.talkers = talkers
        self.speech = checked_signals("babble noise", speech, sample_rate_hz)
        self._gains = [1.0 / float(np.std(signal, dtype=np.float64)) for signal in self.speech]

    def _check(self, n_samples: int, sample_rate_hz: int) -> None:
        super()._check(n_samples, sample_rate_hz)
        if sample_rate_hz != self.sample_rate_hz:
            raise DataError(mismatch("babble noise", f"{self.sample_rate_hz} Hz", f"{sample_rate_hz} Hz"))

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        # A short cut may meet nothing but pauses: listen before settling, and let render complain if all is silence.
        for _ in range(_TRIES):
            talkers = self._draw_talkers(rng, sample_rate_hz)
            if np.ptp(self._sum(talkers, n_samples, sample_rate_hz)) > 0.0:
                break
        return {"talkers": talkers}

    def _draw_talkers(self, rng: np.random.Generator, sample_rate_hz: int) -> list[dict[str, Any]]:
        count = int(rng.integers(self.talkers[0], self.talkers[1] + 1))
        # Nobody speaks twice at once as long as there is speech enough.
        who = rng.choice(len(self.speech), count, replace=count > len(self.speech))
        return [
            {
                "speech": int(index),
                "offset": int(rng.integers(loop_period(len(self.speech[index]), sample_rate_hz))),
                "level_db": uniform(rng, -_LEVEL_SPREAD_DB, _LEVEL_SPREAD_DB),
            }
            for index in who
        ]

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        del rng
        return self._sum(parameters["talkers"], n_samples, sample_rate_hz)

    def _sum(self, talkers: Sequence[Mapping[str, Any]], n_samples: int, sample_rate_hz: int) -> np.ndarray:
        total = np.zeros(n_samples)
        for talker in talkers:
            index = talker["speech"]
            if not 0 <= index < len(self.speech):
                raise DataError(mismatch("babble noise", f"a speech signal below {len(self.speech)}", index))
            gain = self._gains[index] * db_to_gain(talker["level_db"])
            total += gain * cut(self.speech[index], talker["offset"], n_samples, sample_rate_hz)
        return total

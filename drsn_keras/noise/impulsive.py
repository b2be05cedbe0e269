"""Impulsive noise: rare, short and strong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .base import NoiseSource
from .values import db_to_gain, log_uniform, uniform

_SPREAD_DB = 5.0
_DECAYS = 12


class ImpulsiveNoise(NoiseSource):
    """Clicks at random moments over a faint Gaussian floor.

    The moments are a Poisson process (with at least one click in a signal), the clicks decay exponentially from
    either sign, and their peaks spread log-normally. At a low rate a click is one sample.

    Notes
    -----
    Parameters drawn: ``clicks_per_s`` (3 to 40), ``peak_to_floor_db`` (25 to 40), ``decay_s`` (30 us to 0.5 ms).

    References
    ----------
    D. Middleton, "Statistical-physical models of electromagnetic interference", IEEE Transactions on Electromagnetic
    Compatibility 19:106, 1977, doi:10.1109/TEMC.1977.303527 (class A: Poisson arrivals over a Gaussian floor).
    """

    name = "impulsive"

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        del n_samples, sample_rate_hz
        return {
            "clicks_per_s": log_uniform(rng, 3.0, 40.0),
            "peak_to_floor_db": uniform(rng, 25.0, 40.0),
            "decay_s": log_uniform(rng, 30e-6, 0.5e-3),
        }

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        count = max(1, int(rng.poisson(parameters["clicks_per_s"] * n_samples / sample_rate_hz)))
        decay = parameters["decay_s"] * sample_rate_hz
        shape = np.exp(-np.arange(int(_DECAYS * decay) + 1) / decay)
        peaks = db_to_gain(parameters["peak_to_floor_db"]) * 10.0 ** (rng.normal(0.0, _SPREAD_DB, count) / 20.0)
        peaks *= rng.choice([-1.0, 1.0], count)
        starts = rng.integers(n_samples, size=count)
        signal = np.zeros(n_samples + len(shape))
        np.add.at(signal, starts[:, None] + np.arange(len(shape)), peaks[:, None] * shape)
        return signal[:n_samples] + rng.standard_normal(n_samples)

"""Mains hum: transformers, chokes and lamps at multiples of the mains frequency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .tones import harmonics, random_phases, wander
from .values import uniform

_HARMONICS = 24
#: A grid keeps its frequency within some tens of millihertz.
_DRIFT_HZ = 0.02


def draw_hum(rng: np.random.Generator, mains_hz: float) -> dict[str, Any]:
    """Parameters of hum at 50 or 60 Hz: fall of the harmonics and level of the odd ones against the even.

    The core of a transformer changes its length twice a cycle (magnetostriction): even harmonics lead.
    """
    return {
        "kind": "hum",
        "level_db": uniform(rng, -16.0, -4.0),
        "mains_hz": float(mains_hz),
        "fall_db_per_octave": uniform(rng, 4.0, 9.0),
        "odd_db": uniform(rng, -12.0, -3.0),
    }


def render_hum(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """Hum with a power of 1.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    B. Weiser, H. Pfuetzner, J. Anger, "Relevance of magnetostriction and forces for the generation of audible noise
    of transformer cores", IEEE Transactions on Magnetics 36:3759, 2000, doi:10.1109/20.908346.
    """
    order = np.arange(1, _HARMONICS + 1)
    level_db = -part["fall_db_per_octave"] * np.log2(np.maximum(order / 2.0, 1.0)) + rng.normal(0.0, 3.0, _HARMONICS)
    level_db += np.where(order % 2 == 0, 0.0, part["odd_db"])
    frequency_hz = part["mains_hz"] + _DRIFT_HZ * wander(rng, n_samples, sample_rate_hz, 0.2)
    return harmonics(frequency_hz, n_samples, sample_rate_hz, 10.0 ** (level_db / 20.0), random_phases(rng, _HARMONICS))

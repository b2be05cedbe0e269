"""A piston engine: the orders of its cycle, strongest at the firing frequency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .doppler import Heard
from .tones import harmonics, random_phases, wander
from .values import log_uniform, pick, uniform

_CYLINDERS = {"car": (3, 4, 4, 6), "van": (4, 4, 6), "lorry": (6, 6, 8), "motorcycle": (1, 2, 4)}
_RPM = {"car": (1200.0, 3200.0), "van": (1300.0, 2800.0), "lorry": (900.0, 1900.0), "motorcycle": (2500.0, 6500.0)}
_FIRINGS = 24
_MOST_ORDERS = 96
#: The exhaust and the bodywork take away what is above this firing harmonic.
_BRIGHT_FIRINGS = 6.0
_DULL_DB_PER_OCTAVE = 12.0
_JITTER_HZ = 12.0


def draw_engine(rng: np.random.Generator, vehicle: str) -> dict[str, Any]:
    """Parameters of the engine of a car, van, lorry or motorcycle.

    Returns
    -------
    dict
        Cylinders, speed [rpm], slope of the firing harmonics, level of the orders between them (cylinders are never
        alike), slow wander of the speed (a share of it) and combustion noise.
    """
    return {
        "cylinders": pick(rng, _CYLINDERS[vehicle]),
        "speed_rpm": log_uniform(rng, *_RPM[vehicle]),
        "fall_db_per_octave": uniform(rng, 3.0, 7.0),
        "between_db": uniform(rng, -26.0, -12.0),
        "wander": log_uniform(rng, 0.001, 0.008),
        "roughness": uniform(rng, 0.1, 0.4),
    }


def render_engine(
    engine: Mapping[str, Any], rng: np.random.Generator, heard: Heard, sample_rate_hz: float
) -> np.ndarray:
    """The engine as it reaches the listener, with power about 1 and no attenuation by distance.

    A four-stroke engine of z cylinders completes a cycle every second turn: the orders are multiples of rpm / 120,
    and every z-th of them is a firing harmonic.

    Parameters
    ----------
    engine : dict
        From :func:`draw_engine`.
    rng : np.random.Generator
    heard : Heard
    sample_rate_hz : float

    Returns
    -------
    np.ndarray [shape=(n,), float64]

    References
    ----------
    F. Alt, "Engine noise", in M. J. Crocker (ed.), "Handbook of Noise and Vibration Control", Wiley, 2007.
    """
    n_samples = len(heard.pitch)
    cylinders = engine["cylinders"]
    order = np.arange(1, min(_FIRINGS * cylinders, _MOST_ORDERS) + 1)
    level_db = -engine["fall_db_per_octave"] * np.log2(np.maximum(order / cylinders, 1.0))
    level_db -= _DULL_DB_PER_OCTAVE * np.log2(np.maximum(order / (cylinders * _BRIGHT_FIRINGS), 1.0))
    level_db += np.where(order % cylinders == 0, 0.0, engine["between_db"]) + rng.normal(0.0, 4.0, len(order))
    speed = 1.0 + engine["wander"] * wander(rng, n_samples, sample_rate_hz, 3.0)
    speed += 0.3 * engine["wander"] * wander(rng, n_samples, sample_rate_hz, _JITTER_HZ)
    sound = harmonics(
        engine["speed_rpm"] / 120.0 * np.maximum(speed, 0.5) * heard.pitch,
        n_samples,
        sample_rate_hz,
        10.0 ** (level_db / 20.0),
        random_phases(rng, len(order)),
    )
    return sound * np.maximum(1.0 + engine["roughness"] * wander(rng, n_samples, sample_rate_hz, _JITTER_HZ), 0.0)

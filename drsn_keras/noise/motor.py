"""Induction motors: rotor speed, slots, fan, and the slow beat of the slip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import low_pass, shaped_noise
from .tones import lines, random_phases
from .values import db_to_gain, pick, uniform

_ROTOR_LINES = 4


def draw_motor(rng: np.random.Generator, mains_hz: float) -> dict[str, Any]:
    """Parameters of a motor: poles, slip, rotor bars, fan blades, and levels of its sources.

    Returns
    -------
    dict
        Levels are relative to the whole motor: rotor, slot and fan tones, and the fan's rush.
    """
    return {
        "kind": "motor",
        "level_db": uniform(rng, -12.0, 0.0),
        "mains_hz": float(mains_hz),
        "poles": pick(rng, (2, 4, 4, 6)),
        "slip": uniform(rng, 0.01, 0.05),
        "rotor_bars": pick(rng, (22, 26, 28, 34, 38, 44)),
        "fan_blades": pick(rng, (5, 6, 7, 9, 11)),
        "rotor_db": uniform(rng, -10.0, 0.0),
        "slot_db": uniform(rng, -12.0, 0.0),
        "fan_db": uniform(rng, -14.0, -4.0),
        "rush_db": uniform(rng, -12.0, -3.0),
        "rush_corner_hz": uniform(rng, 400.0, 1600.0),
        "beat_depth": uniform(rng, 0.1, 0.6),
    }


def rotor_frequency(part: Mapping[str, Any]) -> float:
    """Turns per second of a motor.

    >>> rotor_frequency({"mains_hz": 50.0, "poles": 4, "slip": 0.04})
    24.0
    """
    return 2.0 * part["mains_hz"] / part["poles"] * (1.0 - part["slip"])


def render_motor(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """A running motor with power near 1.

    The magnetic tones lie at the rotor bars' passing frequency and twice the mains frequency to either side of it,
    and beat at twice the slip times the mains frequency (the pole-pass frequency).

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    P. Vijayraghavan, R. Krishnan, "Noise in electric machines: a review", IEEE Transactions on Industry Applications
    35:1007, 1999, doi:10.1109/28.793360.
    """
    turn_hz, mains_hz = rotor_frequency(part), part["mains_hz"]
    slot_hz, fan_hz = part["rotor_bars"] * turn_hz, part["fan_blades"] * turn_hz
    groups = (
        ("rotor_db", turn_hz * np.arange(1, _ROTOR_LINES + 1), np.array([1.0, 0.7, 0.4, 0.25])),
        ("slot_db", slot_hz + 2.0 * mains_hz * np.array([-1.0, 0.0, 1.0, 2.0]), np.array([0.7, 1.0, 0.7, 0.3])),
        ("fan_db", fan_hz * np.array([1.0, 2.0]), np.array([1.0, 0.4])),
    )
    sounds = {
        name: db_to_gain(part[name])
        * lines(frequencies, n_samples, sample_rate_hz, amplitudes, random_phases(rng, len(frequencies)))
        for name, frequencies, amplitudes in groups
    }
    pole_pass = 2.0 * np.pi * part["slip"] * mains_hz * 2.0 * np.arange(n_samples) / sample_rate_hz
    sounds["slot_db"] *= 1.0 + part["beat_depth"] * np.sin(pole_pass + rng.uniform(0.0, 2.0 * np.pi))
    rush = shaped_noise(rng, n_samples, sample_rate_hz, low_pass(part["rush_corner_hz"], 6.0))
    return sum(sounds.values()) + db_to_gain(part["rush_db"]) * rush

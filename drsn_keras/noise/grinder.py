"""An angle grinder or grindstone at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import hump, shaped_noise
from .tones import harmonics, intermittent, random_phases, wander
from .values import chance, db_to_gain, log_uniform, pick, uniform

_RAMP_S = 0.08
_HARMONICS = 10
#: The disc slows under load by this share.
_DROOP = 0.06


def draw_grinder(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of a grinder: disc speed [turns per second], gear, spectrum of the grinding, and its strokes [s]."""
    return {
        "kind": "grinder",
        "level_db": uniform(rng, -6.0, 3.0),
        "disc_hz": uniform(rng, 90.0, 180.0),
        "gear_teeth": pick(rng, (9, 11, 13)),
        "whine_db": uniform(rng, -16.0, -6.0),
        "idle_db": uniform(rng, -18.0, -10.0),
        "peak_hz": log_uniform(rng, 1800.0, 5000.0),
        "rise_db_per_octave": uniform(rng, 5.0, 10.0),
        "fall_db_per_octave": uniform(rng, 5.0, 10.0),
        "depth": uniform(rng, 0.2, 0.7),
        "on_s": log_uniform(rng, 0.6, 4.0),
        "off_s": log_uniform(rng, 0.3, 2.0),
        "starts_on": chance(rng, 0.7),
    }


def render_grinder(
    part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """Grinding noise modulated by the disc, and the whine of its gear, which droops under load; power near 1.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]
    """
    t = np.arange(n_samples) / sample_rate_hz
    contact = intermittent(rng, t, part["on_s"], part["off_s"], _RAMP_S, part["starts_on"])
    pressure = contact * np.maximum(1.0 + 0.25 * wander(rng, n_samples, sample_rate_hz, 6.0), 0.1)
    disc_hz = part["disc_hz"] * (1.0 - _DROOP * pressure)
    disc_hz *= 1.0 + 0.003 * wander(rng, n_samples, sample_rate_hz, 3.0)
    turn = np.cumsum(disc_hz) * (2.0 * np.pi / sample_rate_hz)
    grinding = shaped_noise(
        rng,
        n_samples,
        sample_rate_hz,
        hump(part["peak_hz"], part["rise_db_per_octave"], part["fall_db_per_octave"]),
    )
    # Sparks and chatter come with the unevenness of the disc, once a turn and twice.
    grinding *= pressure * (1.0 + part["depth"] * (0.7 * np.sin(turn) + 0.3 * np.sin(2.0 * turn + 1.0)))
    fall = 1.0 / np.arange(1, _HARMONICS + 1)
    whine = harmonics(
        disc_hz * part["gear_teeth"], n_samples, sample_rate_hz, fall**1.5, random_phases(rng, _HARMONICS)
    )
    idle = harmonics(disc_hz, n_samples, sample_rate_hz, fall, random_phases(rng, _HARMONICS))
    return grinding + db_to_gain(part["whine_db"]) * whine + db_to_gain(part["idle_db"]) * idle

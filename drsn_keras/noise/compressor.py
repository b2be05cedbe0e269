"""A reciprocating compressor that switches on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import hump, shaped_noise
from .tones import harmonics, intermittent, random_phases, wander
from .values import chance, db_to_gain, log_uniform, pick, uniform

_HARMONICS = 40
_RAMP_S = 0.4


def draw_compressor(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of a compressor: shaft speed [turns per second], cylinders, valve hiss and the on-off cycle [s]."""
    on_s, off_s = log_uniform(rng, 4.0, 30.0), log_uniform(rng, 2.0, 15.0)
    return {
        "kind": "compressor",
        "level_db": uniform(rng, -8.0, 2.0),
        "shaft_hz": uniform(rng, 8.0, 24.0),
        "cylinders": pick(rng, (1, 2, 2, 3)),
        "fall_db_per_octave": uniform(rng, 3.0, 6.0),
        "hiss_db": uniform(rng, -14.0, -4.0),
        "hiss_peak_hz": log_uniform(rng, 1200.0, 4000.0),
        "hiss_depth": uniform(rng, 0.5, 0.95),
        "on_s": on_s,
        "off_s": off_s,
        "starts_on": chance(rng, on_s / (on_s + off_s)),
    }


def render_compressor(
    part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """Gas pulsation at the strokes and hiss that the valves let through with them; power near 1 while it is on.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    W. Soedel, "Sound and Vibrations of Positive Displacement Compressors", CRC Press, 2006.
    """
    t = np.arange(n_samples) / sample_rate_hz
    on = intermittent(rng, t, part["on_s"], part["off_s"], _RAMP_S, part["starts_on"])
    if not on.any():
        return on
    # The shaft slows while the motor runs down.
    shaft_hz = part["shaft_hz"] * (0.5 + 0.5 * on) * (1.0 + 0.003 * wander(rng, n_samples, sample_rate_hz, 1.0))
    order = np.arange(1, _HARMONICS + 1)
    cylinders = part["cylinders"]
    level_db = -part["fall_db_per_octave"] * np.log2(np.maximum(order / cylinders, 1.0)) + rng.normal(0, 3, _HARMONICS)
    level_db -= 9.0 * np.log2(np.maximum(order / 12.0, 1.0))
    level_db += np.where(order % cylinders == 0, 0.0, -14.0)
    beat = harmonics(shaft_hz, n_samples, sample_rate_hz, 10.0 ** (level_db / 20.0), random_phases(rng, _HARMONICS))
    stroke = np.cos(np.cumsum(shaft_hz) * (2.0 * np.pi * cylinders / sample_rate_hz))
    hiss = shaped_noise(rng, n_samples, sample_rate_hz, hump(part["hiss_peak_hz"], 6.0, 6.0))
    hiss *= 1.0 + part["hiss_depth"] * stroke
    return on * (beat + db_to_gain(part["hiss_db"]) * hiss)

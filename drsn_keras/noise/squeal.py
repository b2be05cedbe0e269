"""A conveyor that squeals: dry rollers in stick and slip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .tones import harmonics, intermittent, random_phases, wander
from .values import chance, log_uniform, uniform

_HARMONICS = 4


def draw_squeal(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of squeal: pitch [Hz], vibrato (per second, share of the pitch), drift, and how long it lasts [s]."""
    return {
        "kind": "squeal",
        "level_db": uniform(rng, -8.0, 2.0),
        "pitch_hz": log_uniform(rng, 900.0, 4000.0),
        "vibrato_hz": uniform(rng, 3.0, 9.0),
        "vibrato_depth": log_uniform(rng, 0.004, 0.03),
        "drift": log_uniform(rng, 0.005, 0.04),
        "fall_db_per_octave": uniform(rng, 8.0, 16.0),
        "flutter": uniform(rng, 0.1, 0.5),
        "on_s": log_uniform(rng, 0.2, 1.0),
        "off_s": log_uniform(rng, 0.2, 1.2),
        "starts_on": chance(rng, 0.6),
    }


def render_squeal(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """A narrow tone that comes and goes, with power near 1 while it sounds.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    A. Akay, "Acoustics of friction", JASA 111:1525, 2002, doi:10.1121/1.1456514 (squeal: one mode in stick and slip,
    with harmonics).
    """
    t = np.arange(n_samples) / sample_rate_hz
    on = intermittent(rng, t, part["on_s"], part["off_s"], 0.04, part["starts_on"])
    if not on.any():
        return on
    sway = part["vibrato_depth"] * np.sin(2.0 * np.pi * part["vibrato_hz"] * t + rng.uniform(0.0, 2.0 * np.pi))
    drift = np.clip(part["drift"] * wander(rng, n_samples, sample_rate_hz, 4.0), -0.3, 0.3)
    amplitudes = 10.0 ** (-part["fall_db_per_octave"] / 20.0 * np.log2(np.arange(1, _HARMONICS + 1)))
    tone = harmonics(
        part["pitch_hz"] * (1.0 + sway + drift),
        n_samples,
        sample_rate_hz,
        amplitudes,
        random_phases(rng, _HARMONICS),
    )
    return on * tone * np.maximum(1.0 + part["flutter"] * wander(rng, n_samples, sample_rate_hz, 25.0), 0.0)

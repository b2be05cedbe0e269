"""Wind over a microphone, and the hum of traffic far away: low noise that comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import low_pass, shaped_noise
from .tones import wander
from .values import log_uniform, uniform


def draw_wind(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of wind: corner of the spectrum (30 to 150 Hz), its fall, and gusts (per second, depth in dB)."""
    return {
        "kind": "wind",
        "level_db": uniform(rng, -16.0, -4.0),
        "corner_hz": log_uniform(rng, 30.0, 150.0),
        "fall_db_per_octave": uniform(rng, 7.0, 11.0),
        "gusts_per_s": log_uniform(rng, 0.3, 2.0),
        "gust_db": uniform(rng, 2.0, 6.0),
    }


def draw_distant_traffic(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of distant traffic: the high part is lost on the way, and it hardly changes."""
    return {
        "kind": "distant_traffic",
        "level_db": uniform(rng, -24.0, -14.0),
        "corner_hz": log_uniform(rng, 400.0, 1200.0),
        "fall_db_per_octave": uniform(rng, 7.0, 12.0),
        "gusts_per_s": log_uniform(rng, 0.1, 0.4),
        "gust_db": uniform(rng, 0.5, 2.0),
    }


def render_wind(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """Low-passed noise whose level wanders, with power about 1.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    M. Strasberg, "Dimensional analysis of windscreen noise", JASA 83:544, 1988, doi:10.1121/1.396148: flat at low
    frequencies, then about -20 to -30 dB per decade and more, with a corner that rises with the wind.
    """
    noise = shaped_noise(rng, n_samples, sample_rate_hz, low_pass(part["corner_hz"], part["fall_db_per_octave"]))
    return noise * 10.0 ** (part["gust_db"] / 20.0 * wander(rng, n_samples, sample_rate_hz, part["gusts_per_s"]))

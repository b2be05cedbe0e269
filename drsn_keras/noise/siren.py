"""Sirens of emergency vehicles: wail, yelp and two-tone, from a vehicle that passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .doppler import Passage, draw_passage
from .tones import harmonics, random_phases, smooth_step
from .values import log_uniform, pick, uniform

_REFERENCE_M = 7.5
_HARMONICS = 12
#: Cycles per second: a wail takes seconds, a yelp a third of one, a two-tone changes about once a second.
_RATE_HZ = {"wail": (0.15, 0.3), "yelp": (2.5, 4.2), "hi_lo": (0.4, 1.0)}


def draw_siren(rng: np.random.Generator, passing_s: float) -> dict[str, Any]:
    """Parameters of a siren whose vehicle passes at this moment [s].

    Returns
    -------
    dict
        The pattern and how often it repeats, its lowest and highest tone [Hz], the fall of the harmonics, and the
        passage. A siren is on all the time.
    """
    pattern = pick(rng, ("wail", "yelp", "hi_lo"))
    if pattern == "hi_lo":
        low_hz = uniform(rng, 400.0, 480.0)
        high_hz = low_hz * uniform(rng, 1.15, 1.4)
    else:
        low_hz, high_hz = uniform(rng, 500.0, 750.0), uniform(rng, 1200.0, 1700.0)
    return {
        "kind": "siren",
        "level_db": uniform(rng, 0.0, 10.0),
        "pattern": pattern,
        "rate_hz": log_uniform(rng, *_RATE_HZ[pattern]),
        "start_cycle": uniform(rng, 0.0, 1.0),
        "low_hz": low_hz,
        "high_hz": high_hz,
        "fall_db_per_octave": uniform(rng, 5.0, 10.0),
        **draw_passage(rng, passing_s, (8.0, 28.0), (4.0, 25.0)),
    }


def siren_frequency(pattern: str, cycle: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """The siren's own frequency.

    Parameters
    ----------
    pattern : {"wail", "yelp", "hi_lo"}
        Wail and yelp rise fast and fall slowly, evenly in pitch; hi_lo switches.
    cycle : np.ndarray [shape=(n,)]
        Time, counted in repeats of the pattern.
    low_hz, high_hz : float

    Returns
    -------
    np.ndarray [shape=(n,), Hz]
    """
    place = cycle % 1.0
    if pattern == "hi_lo":
        edge = 0.01
        height = smooth_step(place / edge) - smooth_step((place - 0.5) / edge)
    else:
        height = smooth_step(np.where(place < 0.4, place / 0.4, (1.0 - place) / 0.6))
    return low_hz * (high_hz / low_hz) ** height


def render_siren(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """The siren at the roadside; its power is 1 at 7.5 m.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    SAE J1849, "Emergency Vehicle Sirens" (wail 10 to 18, yelp 150 to 250 cycles a minute, 650 to 2000 Hz);
    DIN 14610 (two-tone, 360 to 630 Hz).
    """
    heard = Passage.of(part).heard(np.arange(n_samples) / sample_rate_hz)
    cycle = heard.emitted_s * part["rate_hz"] + part["start_cycle"]
    frequency_hz = siren_frequency(part["pattern"], cycle, part["low_hz"], part["high_hz"]) * heard.pitch
    order = np.arange(1, _HARMONICS + 1)
    amplitudes = 10.0 ** (-part["fall_db_per_octave"] / 20.0 * np.log2(order))
    tone = harmonics(frequency_hz, n_samples, sample_rate_hz, amplitudes, random_phases(rng, _HARMONICS))
    return tone * (_REFERENCE_M / heard.range_m)

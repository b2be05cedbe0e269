"""A vehicle that passes: its tyres and its engine, heard from the roadside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .doppler import Passage, draw_passage, passing_noise
from .engine import draw_engine, render_engine
from .spectrum import hump
from .tones import burst
from .values import db_to_gain, pick, uniform

#: Vehicles are rated at this distance (ISO 362, the pass-by test).
_REFERENCE_M = 7.5
_REFERENCE_SPEED_M_S = 50.0 / 3.6
#: Tyre noise rises by this times log10 of the speed.
_TYRE_DB_PER_DECADE = 35.0
_TYPES = ("car", "car", "car", "van", "lorry", "motorcycle")
_SPEED_M_S = {"car": (8.0, 33.0), "van": (8.0, 30.0), "lorry": (7.0, 24.0), "motorcycle": (9.0, 36.0)}
_TYRE_DB = {"car": 0.0, "van": 2.0, "lorry": 6.0, "motorcycle": -7.0}
_ENGINE_DB = {"car": -2.0, "van": 1.0, "lorry": 7.0, "motorcycle": 7.0}
#: Beyond this many closest distances (-40 dB) a vehicle is not rendered; it fades out over the last three fifths.
_HORIZON = 100.0
_FADE = 0.6


def draw_vehicle(rng: np.random.Generator, passing_s: float) -> dict[str, Any]:
    """Parameters of one vehicle that passes at this moment [s].

    Returns
    -------
    dict
        The passage, the engine, and for the tyres the peak of the spectrum at 50 km/h (700 to 1100 Hz) and its
        slopes. Levels are relative to the tyres of a car at 50 km/h and 7.5 m.
    """
    vehicle = pick(rng, _TYPES)
    return {
        "kind": "vehicle",
        "level_db": 0.0,
        "vehicle": vehicle,
        **draw_passage(rng, passing_s, _SPEED_M_S[vehicle], (2.0, 14.0)),
        "tyre_db": _TYRE_DB[vehicle] + uniform(rng, -2.0, 2.0),
        "tyre_peak_hz": uniform(rng, 700.0, 1100.0),
        "tyre_rise_db_per_octave": uniform(rng, 4.0, 7.0),
        "tyre_fall_db_per_octave": uniform(rng, 6.0, 9.0),
        "engine_db": _ENGINE_DB[vehicle] + uniform(rng, -4.0, 4.0),
        "engine": draw_engine(rng, vehicle),
    }


def render_vehicle(
    part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """The pass-by of :func:`draw_vehicle`; 1 is the level of a car's tyres at 50 km/h and 7.5 m.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    U. Sandberg, J. A. Ejsmont, "Tyre/Road Noise Reference Book", Informex, 2002: a broad peak near 1 kHz, a level
    that rises with 30 to 40 log10(speed), and a peak that moves up slowly with the speed.
    """
    passage = Passage.of(part)
    sound = np.zeros(n_samples)
    horizon_s = _HORIZON * passage.distance_m / max(passage.speed_m_s, 0.1)
    first = max(0, math.floor((passage.passing_s - horizon_s) * sample_rate_hz))
    last = min(n_samples, math.ceil((passage.passing_s + horizon_s) * sample_rate_hz))
    if last <= first:
        return sound
    t = np.arange(first, last) / sample_rate_hz
    heard = passage.heard(t)
    speed = max(passage.speed_m_s, 0.1) / _REFERENCE_SPEED_M_S
    tyre_db = part["tyre_db"] + _TYRE_DB_PER_DECADE * math.log10(speed)
    tread = hump(part["tyre_peak_hz"] * speed**0.2, part["tyre_rise_db_per_octave"], part["tyre_fall_db_per_octave"])
    loudness = _REFERENCE_M / heard.range_m
    loudness *= burst(t, passage.passing_s - horizon_s, passage.passing_s + horizon_s, _FADE * horizon_s)
    both = db_to_gain(tyre_db) * passing_noise(rng, heard, sample_rate_hz, tread)
    both += db_to_gain(part["engine_db"]) * render_engine(part["engine"], rng, heard, sample_rate_hz)
    sound[first:last] = loudness * both
    return sound

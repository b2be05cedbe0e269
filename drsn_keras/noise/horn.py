"""Car horns: two reeds, rich in harmonics, from a car that stands or passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .doppler import Passage, draw_passage
from .tones import burst, harmonics, random_phases
from .values import chance, log_uniform, pick, uniform

_REFERENCE_M = 7.5
_RAMP_S = 0.015
_HARMONICS = 24


def draw_horn(rng: np.random.Generator, start_s: float) -> dict[str, Any]:
    """Parameters of a horn that is pressed at this moment [s], one to three times.

    Returns
    -------
    dict
        One or two tones [Hz] a third to a fifth apart, the brightness of their harmonics, when the horn sounds
        (``presses``, [start, stop] in seconds of the car's time), and the passage of the car.
    """
    low_hz = uniform(rng, 320.0, 440.0)
    tones_hz = [low_hz] if chance(rng, 0.25) else [low_hz, low_hz * pick(rng, (6 / 5, 5 / 4, 4 / 3, 3 / 2))]
    presses, now = [], float(start_s)
    for _ in range(pick(rng, (1, 1, 2, 3))):
        length = log_uniform(rng, 0.12, 1.5)
        presses.append([now, now + length])
        now += length + uniform(rng, 0.08, 0.3)
    return {
        "kind": "horn",
        "level_db": uniform(rng, -2.0, 8.0),
        "tones_hz": tones_hz,
        "peak_harmonic": uniform(rng, 3.0, 6.0),
        "presses_s": presses,
        **draw_passage(rng, start_s + uniform(rng, -2.0, 2.0), (0.5, 20.0), (4.0, 20.0)),
    }


def render_horn(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """The horn at the roadside; while it sounds its power is 1 at 7.5 m.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    G. Lemaitre, P. Susini, S. Winsberg, S. McAdams, B. Letinturier, "The sound quality of car horns: a psychoacoustical
    study of timbre", Acta Acustica united with Acustica 93:457, 2007 (pitches near 400 Hz, energy near 2 to 4 kHz).
    """
    heard = Passage.of(part).heard(np.arange(n_samples) / sample_rate_hz)
    envelope = np.zeros(n_samples)
    for start_s, stop_s in part["presses_s"]:
        envelope += burst(heard.emitted_s, start_s, stop_s, _RAMP_S)
    if not envelope.any():
        return envelope
    order = np.arange(1, _HARMONICS + 1)
    # A harmonic series with a broad formant: the plate and the trumpet resonate at a few times the pitch.
    amplitudes = 1.0 / ((part["peak_harmonic"] / order) ** 0.5 + (order / part["peak_harmonic"]) ** 2.0)
    tones = sum(
        harmonics(tone_hz * heard.pitch, n_samples, sample_rate_hz, amplitudes, random_phases(rng, _HARMONICS))
        for tone_hz in part["tones_hz"]
    )
    return tones * envelope * (_REFERENCE_M / np.sqrt(len(part["tones_hz"])) / heard.range_m)

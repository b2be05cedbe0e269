"""Hammering and presses: blows that make a body ring, in a hall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import fast_length
from .tones import NYQUIST_SHARE, exponential, random_phases
from .values import log_uniform, uniform

#: A blow is rated by its energy, as that of a signal of power 1 that lasts this long.
_REFERENCE_S = 0.05
#: Decay to -60 dB in time constants.
_DECAYS = 6.9
#: Share of noise in the force of a contact.
_ROUGHNESS = 0.3
_MODES = {"hammer": 9, "press": 7}
_LOWEST_HZ = {"hammer": (250.0, 900.0), "press": (45.0, 140.0)}
_HIGHEST_HZ = {"hammer": (4000.0, 9000.0), "press": (1200.0, 4000.0)}
_DECAY_S = {"hammer": (0.02, 0.12), "press": (0.03, 0.1)}
_CONTACT_S = {"hammer": (0.1e-3, 0.6e-3), "press": (0.5e-3, 3e-3)}
_INTERVAL_S = {"hammer": (0.22, 0.7), "press": (0.6, 1.8)}
_JITTER = {"hammer": (0.05, 0.35), "press": (0.0, 0.03)}


def draw_impacts(rng: np.random.Generator, duration_s: float, body: str) -> dict[str, Any]:
    """Parameters of blows of a ``hammer`` (a hand, irregular) or a ``press`` (heavy, regular).

    Returns
    -------
    dict
        The body's modes (frequencies [Hz], decay times [s] to 1 / e, amplitudes), the duration of a contact, when
        the first blow falls (inside the signal), the mean interval and its jitter (a share of it), and the hall.
    """
    count = _MODES[body]
    lowest_hz, highest_hz = log_uniform(rng, *_LOWEST_HZ[body]), log_uniform(rng, *_HIGHEST_HZ[body])
    modes_hz = [lowest_hz, *sorted(log_uniform(rng, 1.2 * lowest_hz, highest_hz) for _ in range(count - 1))]
    decay_s = log_uniform(rng, *_DECAY_S[body])
    interval_s = log_uniform(rng, *_INTERVAL_S[body])
    return {
        "kind": "impacts",
        "level_db": uniform(rng, 2.0, 11.0),
        "body": body,
        "modes_hz": modes_hz,
        # Damping rises with the frequency, slower than it.
        "decays_s": [decay_s * (lowest_hz / f) ** 0.4 * log_uniform(rng, 0.6, 1.6) for f in modes_hz],
        "amplitudes": [log_uniform(rng, 0.2, 1.0) for _ in modes_hz],
        "contact_s": log_uniform(rng, *_CONTACT_S[body]),
        "first_s": uniform(rng, 0.0, min(interval_s, 0.8 * duration_s)),
        "interval_s": interval_s,
        "jitter": uniform(rng, *_JITTER[body]),
        "spread_db": uniform(rng, 0.5, 3.0),
        "hall_s": uniform(rng, 0.05, 0.15),
        "hall_db": uniform(rng, -14.0, -5.0),
    }


def render_impacts(
    part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """Blows through the resonances of the body; a blow has the energy of 50 ms at power 1.

    A blow is a half-sine of force that is rough with noise, so that no two are alike, and is filtered by the body's
    response (decaying sinusoids, one a mode below half the rate) and a hall (diffuse exponential decay).

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    References
    ----------
    K. van den Doel, D. K. Pai, "The sounds of physical shapes", Presence 7:382, 1998, doi:10.1162/105474698565794
    (modal synthesis of impacts).
    """
    width = max(1, round(part["contact_s"] * sample_rate_hz))
    response = _response(part, rng, sample_rate_hz)
    moments = _moments(part, rng, n_samples / sample_rate_hz, len(response) / sample_rate_hz)
    if len(moments) == 0:
        return np.zeros(n_samples)
    lead = max(0, -int(np.floor(moments[0] * sample_rate_hz)))
    starts = np.floor(moments * sample_rate_hz).astype(np.intp) + lead
    # A contact only pushes, never pulls; its momentum is 1 times a strength.
    blows = np.abs(1.0 + _ROUGHNESS * rng.standard_normal((len(starts), width)))
    blows *= np.sin(np.pi * (np.arange(width) + 0.5) / width)
    blows /= blows.sum(axis=1, keepdims=True)
    strengths = 10.0 ** (rng.normal(0.0, part["spread_db"], len(starts)) / 20.0)
    force = np.zeros(lead + n_samples + width)
    np.add.at(force, starts[:, None] + np.arange(width), strengths[:, None] * blows)
    length = fast_length(len(force) + len(response))
    transfer = np.fft.rfft(response, length)
    # The energy of one blow after the body, by Parseval, sets the level.
    energy = 2.0 * np.sum(np.square(np.abs(np.fft.rfft(blows[0], length) * transfer))) / length
    if energy == 0.0:
        return np.zeros(n_samples)
    scale = np.sqrt(_REFERENCE_S * sample_rate_hz / energy)
    return scale * np.fft.irfft(np.fft.rfft(force, length) * transfer, length)[lead : lead + n_samples]


def _moments(part: Mapping[str, Any], rng: np.random.Generator, duration_s: float, ring_s: float) -> np.ndarray:
    """When the blows fall [s], sorted; those before 0 still ring at 0."""
    before = int(ring_s / part["interval_s"])
    after = max(0, int((duration_s - part["first_s"]) / part["interval_s"]))
    count = before + after + 1
    shifts = part["jitter"] * part["interval_s"] * rng.uniform(-0.5, 0.5, count)
    shifts[before] = 0.0
    moments = part["first_s"] + part["interval_s"] * np.arange(-before, after + 1) + shifts
    return moments[moments < duration_s]


def _response(part: Mapping[str, Any], rng: np.random.Generator, sample_rate_hz: int) -> np.ndarray:
    """Impulse response of the body in the hall."""
    slowest_s = max(part["hall_s"], *part["decays_s"])
    n_samples = max(2, int(_DECAYS * slowest_s * sample_rate_hz))
    body = np.zeros(n_samples)
    phases = random_phases(rng, len(part["modes_hz"])) * 0.1
    for frequency, decay, amplitude, phase in zip(
        part["modes_hz"], part["decays_s"], part["amplitudes"], phases, strict=True
    ):
        if frequency < NYQUIST_SHARE * sample_rate_hz:
            rate = (-1.0 / decay + 2.0j * np.pi * frequency) / sample_rate_hz
            count = min(n_samples, max(2, int(_DECAYS * decay * sample_rate_hz)))
            body[:count] += amplitude * exponential(rate, count, phase).imag
    if not body.any():
        return body
    hall = rng.standard_normal(n_samples) * np.exp(np.arange(n_samples) * (-1.0 / (part["hall_s"] * sample_rate_hz)))
    hall *= 10.0 ** (part["hall_db"] / 20.0) / np.sqrt(np.sum(np.square(hall)))
    # The hall answers to what the body radiates.
    length = fast_length(2 * n_samples)
    radiated = np.fft.rfft(body, length)
    return np.fft.irfft(radiated * (1.0 + np.fft.rfft(hall, length)), length)[:n_samples]

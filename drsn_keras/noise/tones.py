"""Tones and slow curves that machines and horns are made of; nothing ever sounds above half the rate."""

from __future__ import annotations

import numpy as np

#: Tones stop a little below half the rate, so that the skirts of a modulated tone do not fold back.
NYQUIST_SHARE = 0.48

#: Harmonics are summed in blocks of samples that fit into a processor's cache.
_BLOCK = 4096


def harmonics(
    frequency_hz: np.ndarray | float, n_samples: int, sample_rate_hz: float, amplitudes: np.ndarray, phases: np.ndarray
) -> np.ndarray:
    """A sum of harmonics of one gliding fundamental.

    Parameters
    ----------
    frequency_hz : np.ndarray [shape=(n_samples,)] or float
        Instantaneous fundamental frequency.
    n_samples : int
    sample_rate_hz : float
    amplitudes : np.ndarray [shape=(k,)]
        Of harmonics 1 to k. They are scaled to a power of 1 before those above half the rate are left out.
    phases : np.ndarray [shape=(k,)]
        In radians.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]

    Notes
    -----
    The sum is a polynomial in exp(i phase) and is evaluated by Horner's rule: one exponential for all harmonics.
    """
    frequency_hz = np.broadcast_to(np.asarray(frequency_hz, dtype=np.float64), (n_samples,))
    amplitudes = np.asarray(amplitudes, dtype=np.float64)
    coefficients = amplitudes / np.sqrt(0.5 * np.sum(np.square(amplitudes))) * np.exp(1j * np.asarray(phases))
    highest = float(frequency_hz.max())
    count = min(len(coefficients), int(NYQUIST_SHARE * sample_rate_hz / highest))
    if count == 0:
        return np.zeros(n_samples)
    phase = np.cumsum(frequency_hz * (2.0 * np.pi / sample_rate_hz))
    sound = np.empty(n_samples)
    for start in range(0, n_samples, _BLOCK):
        rotation = np.exp(1j * phase[start : start + _BLOCK])
        total = coefficients[count - 1] * rotation
        for coefficient in coefficients[: count - 1][::-1]:
            total += coefficient
            total *= rotation
        sound[start : start + _BLOCK] = total.imag
    return sound


def lines(
    frequencies_hz: np.ndarray, n_samples: int, sample_rate_hz: float, amplitudes: np.ndarray, phases: np.ndarray
) -> np.ndarray:
    """A sum of steady tones at any frequencies; those above half the rate are left out.

    Parameters
    ----------
    frequencies_hz, amplitudes, phases : np.ndarray [shape=(k,)]
        In Hz, any unit, and radians. The amplitudes are scaled to a power of 1 before any tone is left out.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]
    """
    scale = 1.0 / np.sqrt(0.5 * np.sum(np.square(amplitudes)))
    total = np.zeros(n_samples)
    for frequency, amplitude, phase in zip(frequencies_hz, amplitudes, phases, strict=True):
        if 0.0 < frequency < NYQUIST_SHARE * sample_rate_hz:
            step = 2.0j * np.pi * frequency / sample_rate_hz
            total += scale * amplitude * exponential(step, n_samples, phase).imag
    return total


def exponential(rate: complex, n_samples: int, phase: float = 0.0) -> np.ndarray:
    """exp(rate * k + i phase) for k = 0 .. n_samples - 1, by an outer product of two short powers.

    Returns
    -------
    np.ndarray [shape=(n_samples,), complex128]
    """
    block = int(np.sqrt(n_samples)) + 1
    coarse = np.exp(rate * block * np.arange(-(-n_samples // block)) + 1j * phase)
    return np.multiply.outer(coarse, np.exp(rate * np.arange(block))).reshape(-1)[:n_samples]


def random_phases(rng: np.random.Generator, count: int) -> np.ndarray:
    """Phases [shape=(count,), radians], uniform on the circle."""
    return rng.uniform(0.0, 2.0 * np.pi, count)


def wander(rng: np.random.Generator, n_samples: int, sample_rate_hz: float, rate_hz: float) -> np.ndarray:
    """A smooth random curve: Gaussian values of variance 1 about every ``1 / rate_hz`` seconds, joined by cosines.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]
    """
    place = np.arange(n_samples) * (rate_hz / sample_rate_hz) + rng.random()
    knots = rng.standard_normal(int(place[-1]) + 2)
    left = place.astype(np.intp)
    blend = smooth_step(place - left)
    return knots[left] * (1.0 - blend) + knots[left + 1] * blend


def smooth_step(x: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, and 3 x^2 - 2 x^3 between: an edge without a click."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def burst(t: np.ndarray, start_s: float, stop_s: float, ramp_s: float) -> np.ndarray:
    """An envelope [shape of t, 0 to 1] that opens at ``start_s`` and has closed at ``stop_s``, over ``ramp_s`` each."""
    return smooth_step((t - start_s) / ramp_s) * smooth_step((stop_s - t) / ramp_s)


def intermittent(
    rng: np.random.Generator, t: np.ndarray, on_s: float, off_s: float, ramp_s: float, starts_on: bool
) -> np.ndarray:
    """An envelope [shape of t, 0 to 1] that switches on and off at random, for times t >= 0 in seconds.

    Parameters
    ----------
    on_s, off_s : float
        Mean durations; each is drawn between half and one and a half of its mean.
    ramp_s : float
        Length of an edge.
    starts_on : bool
        The state at t = 0, somewhere inside its duration.
    """
    edges, state, now = [], starts_on, -0.7 * rng.random() * (on_s if starts_on else off_s)
    levels = []
    while now <= t[-1] + ramp_s:
        length = max((on_s if state else off_s) * rng.uniform(0.5, 1.5), 2.0 * ramp_s)
        edges += [now + ramp_s, now + length]
        levels += [float(state)] * 2
        now, state = now + length, not state
    return smooth_step(np.interp(t, edges, levels))

"""Synthetic room impulse responses: a direct sound, early reflections, an exponentially decaying tail."""

from __future__ import annotations

import numpy as np


def room_impulse_responses(
    rng: np.random.Generator, count: int, sample_rate_hz: int, rt60_s: tuple[float, float] = (0.1, 0.6)
) -> np.ndarray:
    """Random rooms after Polack's statistical model.

    The tail is white Gaussian noise under ``exp(-6.9 t / RT60)``; up to six early reflections precede it; the ratio of
    direct to reverberant energy is 0 to 15 dB. Each response has unit energy, so that it keeps the mean power of white
    signals.

    Parameters
    ----------
    rng : np.random.Generator
    count : int
    sample_rate_hz : int
    rt60_s : (low, high)
        Reverberation time, uniform.

    Returns
    -------
    np.ndarray [shape=(count, 0.25 s in samples), float32]

    References
    ----------
    J.-D. Polack, "La transmission de l'energie sonore dans les salles", 1988; P. Naylor, N. Gaubitch (eds.), "Speech
    Dereverberation", Springer 2010, ch. 2.
    """
    taps = round(0.25 * sample_rate_hz)
    t = np.arange(taps) / sample_rate_hz
    responses = np.zeros((count, taps))
    for response in responses:
        rt60 = rng.uniform(*rt60_s)
        response += rng.standard_normal(taps) * np.exp(-6.9 * t / rt60) * (t > 0.004)
        for _ in range(rng.integers(0, 7)):
            place = rng.integers(round(0.002 * sample_rate_hz), round(0.04 * sample_rate_hz))
            response[place] += rng.choice([-1, 1]) * rng.uniform(2.0, 8.0) * np.exp(-6.9 * t[place] / rt60)
        direct_to_reverberant = 10.0 ** (rng.uniform(0.0, 15.0) / 10.0)
        response[0] = np.sqrt(direct_to_reverberant * np.sum(response**2))
        response /= np.sqrt(np.sum(response**2))
    return responses.astype(np.float32)

"""Impulses that make the housing ring: bearing defects and chipped teeth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..noise.tones import NYQUIST_SHARE
from .drivetrain import Mode

#: Decay to -60 dB in time constants.
_DECAYS = 6.9
#: An impulse is a contact, not a clock tick: strengths scatter by this share.
_STRENGTH_SPREAD = 0.1


def ring_down(
    times_s: np.ndarray, strengths: np.ndarray, modes: Sequence[Mode], n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """Decaying sines that begin at any moment, between two samples as well.

    Parameters
    ----------
    times_s, strengths : np.ndarray [shape=(k,)]
        Of the impulses; those before 0 still ring at 0.
    modes : sequence of Mode
        Those above 0.48 of the rate are left out, as an anti-alias filter does.
    n_samples : int
    sample_rate_hz : int

    Returns
    -------
    np.ndarray [shape=(n_samples,), float64]
        In the unit of ``strengths``.
    """
    total = np.zeros(n_samples)
    first = np.ceil(times_s * sample_rate_hz).astype(np.intp)
    late_s = first / sample_rate_hz - times_s
    for mode in modes:
        if mode.frequency_hz >= NYQUIST_SHARE * sample_rate_hz or not len(times_s):
            continue
        rate = 2.0 * np.pi * mode.frequency_hz * (1j - mode.damping_ratio)
        length = max(2, int(_DECAYS * sample_rate_hz / -rate.real))
        onset = mode.gain * strengths * np.exp(rate * late_s)
        rings = np.multiply.outer(onset, np.exp(rate / sample_rate_hz * np.arange(length))).imag
        places = first[:, None] + np.arange(length)
        inside = (places >= 0) & (places < n_samples)
        total += np.bincount(places[inside], rings[inside], n_samples)
    return total


def slipping_events(
    rng: np.random.Generator, turns: np.ndarray, order: float, jitter: float, phase: float
) -> tuple[np.ndarray, np.ndarray]:
    """When a defect is struck ``order`` times a turn, with intervals that vary at random and add up.

    Parameters
    ----------
    rng : np.random.Generator
    turns : np.ndarray [shape=(n,)]
        Shaft turns at equally spaced times, ascending.
    order : float
        Mean strikes a turn.
    jitter : float
        Standard deviation of an interval, as a share of it.
    phase : float, 0 to 1
        Share of an interval before the first strike.

    Returns
    -------
    places : np.ndarray [shape=(k,), float64]
        Index into ``turns``, with fractions.
    angles : np.ndarray [shape=(k,), float64]
        Shaft turns at the strikes.

    References
    ----------
    J. Antoni, R. B. Randall, "Differential diagnosis of gear and bearing faults", Journal of Vibration and Acoustics
    124:165, 2002, doi:10.1115/1.1456906 (accumulating slip).
    """
    span = turns[-1] - turns[0]
    # Enough of them to pass the end although the intervals may be short by chance.
    count = int(span * order * (1.0 + 3.0 * jitter)) + 8
    intervals = np.maximum(1.0 + jitter * rng.standard_normal(count), 0.2) / order
    angles = turns[0] + (phase - 1.0) / order + np.cumsum(intervals)
    angles = angles[(angles >= turns[0]) & (angles <= turns[-1])]
    return np.interp(angles, turns, np.arange(len(turns))), angles


def load_zone(angle_turns: np.ndarray, epsilon: float) -> np.ndarray:
    """Share of the largest element load at an angle from the middle of the load zone (Stribeck), 0 to 1.

    >>> load_zone(np.array([0.0, 0.25, 0.5]), 0.5).round(6).tolist()
    [1.0, 0.0, 0.0]
    """
    inside = 1.0 - (1.0 - np.cos(2.0 * np.pi * angle_turns)) / (2.0 * epsilon)
    return np.maximum(inside, 0.0) ** 1.5


def scatter(rng: np.random.Generator, count: int) -> np.ndarray:
    """Strengths [shape=(count,), >= 0] around 1."""
    return np.maximum(1.0 + _STRENGTH_SPREAD * rng.standard_normal(count), 0.0)

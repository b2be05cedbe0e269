"""Strikes of a defect without beginning or end: the same wherever a stream is entered."""

from __future__ import annotations

import numpy as np

from .drivetrain import Mode
from .impulses import load_zone, ring_down, scatter

#: Strikes after which jitter and strengths come round: 38 s at 107 strikes a second.
_ROUND = 4096
#: Places of a strike between two samples.
_SHIFTS = 32
#: Rings are cut where they have fallen to 1 / 256.
_RING_TIME_CONSTANTS = 5.5


class Strikes:
    """Ring-downs at ``order`` strikes a turn, with intervals that vary.

    Parameters
    ----------
    order : float
        Mean strikes a turn.
    jitter : float
        Standard deviation of an interval, as a share of it. Deviations add up (slip) and come back to none after
        4,096 strikes, so that the place of any strike follows from its number.
    level_m_s2 : float
        Peak of a strike at 1800 rpm and rated load.
    modes : tuple of Mode
    sample_rate_hz : int
    rng : np.random.Generator
    zone_order : float, optional
        Turns of the defect through the load zone, a turn of the shaft; without, it stays in the zone's middle.
    zone_epsilon : float
        See :func:`~drsn_keras.simulation.impulses.load_zone`.
    every_second : float
        Strength of every second strike.
    """

    def __init__(
        self,
        order: float,
        jitter: float,
        level_m_s2: float,
        modes: tuple[Mode, ...],
        sample_rate_hz: int,
        rng: np.random.Generator,
        zone_order: float | None = None,
        zone_epsilon: float = 0.5,
        every_second: float = 1.0,
    ) -> None:
        self.order = order
        self._phase, self._zone_phase = rng.random(2)
        self._late = _bridge(rng, jitter)
        self._strengths = level_m_s2 * scatter(rng, _ROUND)
        self._strengths[1::2] *= every_second
        self._zone_order, self._zone_epsilon = zone_order, zone_epsilon
        self._rings = _rings(modes, sample_rate_hz)

    @property
    def length(self) -> int:
        """Samples that a strike rings for."""
        return self._rings.shape[1]

    def render(self, turns: np.ndarray, places: np.ndarray, gain: np.ndarray, count: int) -> np.ndarray:
        """What rings in samples 0 to ``count - 1``.

        Parameters
        ----------
        turns : np.ndarray [shape=(k + 1,)]
            Shaft turns at ``places``, ascending; from at least :attr:`length` samples before 0.
        places : np.ndarray [shape=(k + 1,)]
            In samples.
        gain : np.ndarray [shape=(k,)]
            Of strikes between two places.

        Returns
        -------
        np.ndarray [shape=(count,), float64]
        """
        margin = float(np.abs(self._late).max()) + 1.0
        first = int(np.floor(turns[0] * self.order - self._phase - margin))
        last = int(np.ceil(turns[-1] * self.order - self._phase + margin))
        numbers = np.arange(first, last + 1)
        inside = numbers % _ROUND
        angles = (numbers + self._phase + self._late[inside]) / self.order
        at = np.interp(angles, turns, places, left=-np.inf, right=np.inf)
        keep = (at > -self.length) & (at <= count - 1)
        at, angles, inside = at[keep], angles[keep], inside[keep]
        if not len(at):
            return np.zeros(count)
        cell = np.clip(np.searchsorted(places, at, side="right") - 1, 0, len(gain) - 1)
        strengths = self._strengths[inside] * gain[cell]
        if self._zone_order is not None:
            strengths = strengths * load_zone(angles * self._zone_order + self._zone_phase, self._zone_epsilon)
        start = np.ceil(at).astype(np.intp)
        shift = ((start - at) * _SHIFTS).astype(np.intp)
        rings = self._rings[shift] * strengths.astype(np.float32)[:, None]
        index = (start + self.length)[:, None] + np.arange(self.length)
        total = np.bincount(index.ravel(), rings.ravel(), count + 2 * self.length)
        return total[self.length : self.length + count]


def _bridge(rng: np.random.Generator, jitter: float) -> np.ndarray:
    """How late each strike is [shape=(4096,), intervals]: a random walk that comes back to where it began."""
    walk = np.cumsum(jitter * rng.standard_normal(_ROUND))
    return walk - walk[-1] * np.arange(1, _ROUND + 1) / _ROUND


def _rings(modes: tuple[Mode, ...], sample_rate_hz: int) -> np.ndarray:
    """A ring-down of strength 1 at each place between two samples [shape=(32, length), float32]."""
    longest = max(1.0 / (2.0 * np.pi * mode.frequency_hz * mode.damping_ratio) for mode in modes)
    length = int(_RING_TIME_CONSTANTS * longest * sample_rate_hz) + 2
    late = (np.arange(_SHIFTS) + 0.5) / _SHIFTS
    one = np.ones(1)
    rings = [ring_down(np.array([-share / sample_rate_hz]), one, modes, length, sample_rate_hz) for share in late]
    return np.asarray(rings, dtype=np.float32)

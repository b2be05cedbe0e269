"""How a simulated machine runs for months: regimes of speed and load that come round, and where its shaft stands."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..noise.tones import smooth_step

#: Samples over which speed and load are held: 5 ms at 12 kHz.
CELL = 64
#: From one regime to the next [s].
_CHANGE_S = 3.0
#: The speed wanders at rates between these [Hz].
_WANDER_HZ = (0.2, 2.0)
_WANDER_TONES = 8


@dataclasses.dataclass(frozen=True)
class Regime:
    """A way of running.

    Parameters
    ----------
    rpm : float
        Mean speed of the shaft.
    load : float
        Share of the rated torque.
    dwell_s : float
        How long the machine stays in it, the change to the next one included.
    """

    rpm: float
    load: float
    dwell_s: float


class DutyCycle:
    """Regimes that come round for ever: everything about speed follows from the position alone.

    Parameters
    ----------
    regimes : sequence of Regime
    sample_rate_hz : int
    wander : float
        Standard deviation of the speed, as a share of it.
    rng : np.random.Generator

    Notes
    -----
    One round is held as a table of cells of 64 samples with constant speed. The angle at any position is the whole
    rounds' turns and the table's: no state, no error that adds up, and no jump between cells or rounds.
    """

    def __init__(self, regimes: Sequence[Regime], sample_rate_hz: int, wander: float, rng: np.random.Generator) -> None:
        self.regimes, self.sample_rate_hz = tuple(regimes), sample_rate_hz
        seconds = CELL / sample_rate_hz
        counts = [max(1, round(regime.dwell_s / seconds)) for regime in self.regimes]
        self.n_cells = sum(counts)
        self._rpm = _round([regime.rpm for regime in self.regimes], counts, _CHANGE_S / seconds)
        self._load = _round([regime.load for regime in self.regimes], counts, _CHANGE_S / seconds)
        speed_hz = self._rpm / 60.0 * (1.0 + wander * _closed_wander(rng, self.n_cells, seconds))
        self._step = speed_hz / sample_rate_hz
        self._turns = np.concatenate([[0.0], np.cumsum(self._step * CELL)])

    @property
    def round_s(self) -> float:
        """Length of a round [s]."""
        return self.n_cells * CELL / self.sample_rate_hz

    def cells(self, first: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What holds in cells ``first`` to ``first + count - 1``; cells before 0 are those of an earlier round.

        Returns
        -------
        turns : np.ndarray [shape=(count + 1,), float64]
            Shaft turns at the first sample of every cell, and behind the last.
        step : np.ndarray [shape=(count,)]
            Turns a sample.
        rpm, load : np.ndarray [shape=(count,)]
            Of the regime, without the wander: what a tachometer's display says.
        """
        rounds, place = np.divmod(np.arange(first, first + count + 1), self.n_cells)
        turns = rounds * self._turns[-1] + self._turns[place]
        place = place[:-1]
        return turns, self._step[place], self._rpm[place], self._load[place]


def _round(values: Sequence[float], counts: Sequence[int], change: float) -> np.ndarray:
    """A value a cell [shape=(sum(counts),)]: held, and changed smoothly to the next at the end of its dwell."""
    parts = []
    for number, (value, count) in enumerate(zip(values, counts, strict=True)):
        following = values[(number + 1) % len(values)]
        rest = np.arange(count, 0, -1)
        parts.append(value + (following - value) * smooth_step(1.0 - rest / min(change, count)))
    return np.concatenate(parts)


def _closed_wander(rng: np.random.Generator, n_cells: int, cell_s: float) -> np.ndarray:
    """A slow curve [shape=(n_cells,)] of variance 1 that ends as it began: tones of whole periods in a round."""
    low, high = (max(1, round(rate * n_cells * cell_s)) for rate in _WANDER_HZ)
    periods = rng.integers(low, high + 1, _WANDER_TONES)
    phases = rng.uniform(0.0, 2.0 * np.pi, _WANDER_TONES)
    place = np.arange(n_cells) * (2.0 * np.pi / n_cells)
    return np.sqrt(2.0 / _WANDER_TONES) * np.sin(np.outer(periods, place) + phases[:, None]).sum(axis=0)

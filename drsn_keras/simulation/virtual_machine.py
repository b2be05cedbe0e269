"""A machine whose vibration never ends and can be entered anywhere: its samples follow from their position alone."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..noise.values import db_to_gain
from .angle_tables import TURN, AngleTables, angle_tables
from .calibration import Calibration, measure
from .defect_strikes import defect_strikes
from .drivetrain import REFERENCE_RPM, Drivetrain
from .duty import CELL, DutyCycle
from .noise_bed import NoiseBed
from .recording import SENSOR_SPREAD_DB
from .sources import COUPLING_BY_LOAD, FRICTION_BY_LOAD, MESH_BY_LOAD, STRIKE_BY_LOAD, by_load, rolling_gain
from .states import NORMAL, check_state
from .wear import SOUND, Wear

_CHUNK_CELLS = 192
#: Samples that are made at once: a second at 12 kHz.
CHUNK = _CHUNK_CELLS * CELL


class VirtualMachine:
    """A stream of acceleration, rendered chunk by chunk over the sources of a single recording.

    Parameters
    ----------
    name : str
    drivetrain : Drivetrain
    state : str
        What it comes to: of :data:`~drsn_keras.simulation.HEALTH_STATES`.
    duty : DutyCycle
    wear : Wear
    ages_per_s : float
        What a second of signal adds to the age of :class:`~drsn_keras.simulation.wear.Wear`.
    seed : np.random.SeedSequence

    Notes
    -----
    What :func:`~drsn_keras.simulation.render` draws anew for each recording is here a function of the position: the
    shaft's angle is the duty cycle's, strikes are numbered, lines are looked up by angle, noise is cut from tables at
    places drawn from (seed, chunk). So a sample is the same whenever it is asked for, chunks join without a seam, and
    a second of a machine costs well under a millisecond.
    """

    def __init__(
        self,
        name: str,
        drivetrain: Drivetrain,
        state: str,
        duty: DutyCycle,
        wear: Wear,
        ages_per_s: float,
        seed: np.random.SeedSequence,
    ) -> None:
        self.name, self.drivetrain, self.state = name, drivetrain, check_state(state)
        self.duty, self.wear, self.ages_per_s = duty, SOUND if state == NORMAL else wear, ages_per_s
        self.calibration = Calibration()
        self.sample_rate_hz = duty.sample_rate_hz
        tables, strikes, rolling, floor, gain, self._places = seed.spawn(6)
        fastest = max(regime.rpm for regime in duty.regimes)
        self._tables = angle_tables(drivetrain, state, fastest, self.sample_rate_hz, tables)
        self._strikes = defect_strikes(drivetrain, state, self.sample_rate_hz, np.random.default_rng(strikes))
        self._modes = (*drivetrain.bearing_modes, *drivetrain.gear_modes)
        self._rolling = NoiseBed(
            np.random.default_rng(rolling), self.sample_rate_hz, lambda f: rolling_gain(f, self._modes), CHUNK
        )
        self._floor = NoiseBed(np.random.default_rng(floor), self.sample_rate_hz, np.ones_like, CHUNK)
        self._sensor = db_to_gain(np.random.default_rng(gain).normal(0.0, SENSOR_SPREAD_DB))
        self._kept: dict[int, np.ndarray] = {}

    def age(self, position: np.ndarray | float) -> np.ndarray:
        """Age at a sample, in the unit of :class:`~drsn_keras.simulation.wear.Wear`."""
        return np.asarray(position) * (self.ages_per_s / self.sample_rate_hz)

    def wear_at(self, position: int) -> float:
        """Wear at a sample, 0 (sound) to 1 (end of life)."""
        return float(self.wear.wear(self.age(position)))

    def rpm_at(self, position: int) -> float:
        """Speed of the shaft at a sample, as a tachometer's display says it."""
        return float(self.duty.cells(position // CELL, 1)[2][0])

    def calibrate(self, worn_mm_s: float) -> None:
        """Scale the coarse lines so that the RMS velocity in the first regime ends at ``worn_mm_s``.

        Their sign is chosen so that the velocity never falls by wear.
        """
        if self._tables.coarse is None:
            return
        found = measure(self, worn_mm_s)
        if found.shared < 0.0:
            self._tables = dataclasses.replace(self._tables, coarse=-self._tables.coarse)
            found = measure(self, worn_mm_s)
        self.calibration = found

    def samples(self, position: int, count: int) -> np.ndarray:
        """Samples ``position`` to ``position + count - 1`` [shape=(count,), float32, m/s^2]; position from 0."""
        parts, stop = [], position + count
        for chunk in range(position // CHUNK, -(-stop // CHUNK)):
            if chunk not in self._kept:
                # The last two: a block may lie across a border.
                self._kept = {key: value for key, value in self._kept.items() if key == chunk - 1}
                self._kept[chunk] = self.render(chunk)
            start = chunk * CHUNK
            parts.append(self._kept[chunk][max(position - start, 0) : stop - start])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def render(self, chunk: int, severity: float | None = None, coarse: float | None = None) -> np.ndarray:
        """A chunk [shape=(12288,), float32, m/s^2].

        Parameters
        ----------
        chunk : int
            Number from 0.
        severity, coarse : float, optional
            Size of the defect's own sign and gain of the coarse lines, instead of what the wear says.
        """
        before = 0 if self._strikes is None else -(-self._strikes.length // CELL) + 1
        first, count = chunk * _CHUNK_CELLS - before, _CHUNK_CELLS + before
        turns, step, rpm, load = self.duty.cells(first, count)
        here = slice(before, None)
        speed = rpm / REFERENCE_RPM
        worn = self.wear.wear(self.age((first + np.arange(count)) * CELL))
        sizes = self.wear.severity(worn) if severity is None else np.full(count, severity)
        gains = self.calibration.gain(self.wear.coarse(worn)) if coarse is None else np.full(count, coarse)

        total = self._lines(turns[here], step[here], speed[here], load[here], sizes[here], gains[here])
        places = self._drawn(chunk - 1), self._drawn(chunk)
        friction = self.drivetrain.friction_m_s2 * by_load(load[here], FRICTION_BY_LOAD) * speed[here]
        total += self._rolling.chunk(places[0][:2], places[1][:2]).reshape(total.shape) * _column(friction)
        total = total.reshape(-1)
        if self._strikes is not None and sizes.any():
            at = (np.arange(count + 1) - before) * CELL
            total += self._strikes.render(turns, at, sizes * by_load(load, STRIKE_BY_LOAD) * speed, CHUNK)
        total *= np.float32(self._sensor)
        total += self._floor.chunk(places[0][2:], places[1][2:]) * np.float32(self.drivetrain.noise_floor_m_s2)
        return total

    def _lines(
        self,
        turns: np.ndarray,
        step: np.ndarray,
        speed: np.ndarray,
        load: np.ndarray,
        severity: np.ndarray,
        coarse: np.ndarray,
    ) -> np.ndarray:
        """All that repeats with the shaft [shape=(cells, 64), float32]."""
        tables: AngleTables = self._tables
        angle = (turns[:-1] % 1.0)[:, None] + step[:, None] * np.arange(CELL)
        index = (angle * TURN).astype(np.int32) & (TURN - 1)
        total = tables.unbalance[index] * _column(speed**2)
        total += tables.coupling[index] * _column(by_load(load, COUPLING_BY_LOAD) * speed)
        machine = self.drivetrain
        wheel = turns * (2.0 * np.pi * machine.pinion_teeth / machine.wheel_teeth) + tables.wheel_phase
        depth = 1.0 + machine.wheel_modulation * np.cos(wheel)
        gain = by_load(load, MESH_BY_LOAD) * speed
        mesh = tables.mesh[index]
        if tables.defect is not None and severity.any():
            mesh += tables.defect[index] * _column(np.minimum(severity, tables.most_severity))
        ramp = np.arange(CELL, dtype=np.float32) / CELL
        mesh *= _column(gain * depth[:-1]) + _column(gain * np.diff(depth)) * ramp
        total += mesh
        if tables.coarse is not None and coarse.any():
            total += tables.coarse[index] * _column(coarse * speed**2)
        return total

    def _drawn(self, chunk: int) -> np.ndarray:
        """Where the noise of a chunk is cut."""
        key = (*self._places.spawn_key, chunk + 1)
        rng = np.random.default_rng(np.random.SeedSequence(self._places.entropy, spawn_key=key))
        return rng.integers(0, self._rolling.n_places, 4)


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]

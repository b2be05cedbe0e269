"""One simulated recording: conditions and chance are drawn, the signal follows from them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError, UsageError, mismatch
from ..noise.tones import wander
from ..noise.values import db_to_gain, log_uniform, uniform
from .drivetrain import Drivetrain, draw_drivetrain, with_severity
from .sources import bearing_defect, chipped_tooth, friction, gear_mesh, shaft_lines
from .states import BEARING_STATES, CHIPPED_TOOTH, check_state

#: The lowest rate that holds the first resonance of every design [Hz].
LEAST_RATE_HZ = 8000
#: Ranges of a bearing defect's slip and jitter; standard deviation of a sensor's gain by its mounting [dB].
SLIP, JITTER, SENSOR_SPREAD_DB = (0.0, 0.012), (0.002, 0.01), 0.5
_RPM = (60.0, 6000.0)
_MOST_LOAD = 1.5
_MOST_SEVERITY = 5.0
_MOST_SECONDS = 600.0


@dataclasses.dataclass(frozen=True)
class Recipe:
    """All that a recording follows from; :func:`render` adds no chance of its own.

    Parameters
    ----------
    drivetrain : Drivetrain
    state : str
        Of :data:`HEALTH_STATES`.
    speed_rpm : float, 60 to 6000
        Set point of the shaft; what a tachometer's display says.
    load : float, 0 to 1.5
        Share of the rated torque.
    duration_s : float, 0.1 to 600
    sample_rate_hz : int, >= 8000
    severity : float, 0 to 5
        Size of the defect as a share of the drivetrain's; 0 looks normal.
    speed_error : float
        Mean speed over the set point, less 1.
    speed_wander, wander_rate_hz : float
        Standard deviation of the speed as a share of it, and how fast it changes.
    slip, jitter, phase : float
        Of a bearing defect: see :func:`~drsn_keras.simulation.sources.bearing_defect`.
    sensor_gain_db : float
        Mounting of the sensor.
    seed : int
        Of phases, single strengths and noise. Every source has a stream of its own: another state on the same seed
        has the same background.
    """

    drivetrain: Drivetrain
    state: str
    speed_rpm: float
    load: float
    duration_s: float
    sample_rate_hz: int
    severity: float
    speed_error: float
    speed_wander: float
    wander_rate_hz: float
    slip: float
    jitter: float
    phase: float
    sensor_gain_db: float
    seed: int

    def __post_init__(self) -> None:
        check_state(self.state)
        _check("speed_rpm", self.speed_rpm, *_RPM)
        _check("load", self.load, 0.0, _MOST_LOAD)
        _check("duration_s", self.duration_s, 0.1, _MOST_SECONDS)
        if isinstance(self.sample_rate_hz, bool) or not isinstance(self.sample_rate_hz, int):
            raise UsageError(mismatch("sample_rate_hz", "a whole number", repr(self.sample_rate_hz)))
        _check("severity", self.severity, 0.0, _MOST_SEVERITY)
        _check("sample_rate_hz", self.sample_rate_hz, LEAST_RATE_HZ, 200_000)

    @property
    def n_samples(self) -> int:
        """Samples of the recording."""
        return round(self.duration_s * self.sample_rate_hz)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that survive JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Recipe:
        """Read :meth:`to_dict` back.

        Raises
        ------
        DataError
            If a name is missing or unknown.
        UsageError
            If a value is out of its range.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            odd = ", ".join(sorted(set(values) ^ names)) if isinstance(values, Mapping) else "all"
            raise DataError(mismatch("recipe", "every one of its names", f"a difference in {odd}"))
        return cls(**{**values, "drivetrain": Drivetrain.from_dict(values["drivetrain"])})


def draw_recipe(
    drivetrain: Drivetrain,
    state: str,
    speed_rpm: float,
    load: float,
    duration_s: float,
    rng: np.random.Generator,
    sample_rate_hz: int = 12000,
    severity: float = 1.0,
) -> Recipe:
    """Draw what differs between two recordings of one machine in one state.

    Parameters
    ----------
    drivetrain : Drivetrain
    state : str
        Of :data:`HEALTH_STATES`.
    speed_rpm : float, 60 to 6000
    load : float, 0 to 1.5
        Share of the rated torque.
    duration_s : float, 0.1 to 600
    rng : np.random.Generator
        The only source of chance.
    sample_rate_hz : int, >= 8000
    severity : float, 0 to 5
        Size of the defect as a share of the drivetrain's.

    Raises
    ------
    UsageError
        If an argument is out of its range.
    """
    return Recipe(
        drivetrain=drivetrain,
        state=state,
        speed_rpm=speed_rpm,
        load=load,
        duration_s=duration_s,
        sample_rate_hz=sample_rate_hz,
        severity=severity,
        speed_error=uniform(rng, -0.004, 0.004),
        speed_wander=log_uniform(rng, 0.0005, 0.003),
        wander_rate_hz=log_uniform(rng, 0.3, 3.0),
        slip=uniform(rng, *SLIP),
        jitter=uniform(rng, *JITTER),
        phase=uniform(rng, 0.0, 1.0),
        sensor_gain_db=float(rng.normal(0.0, SENSOR_SPREAD_DB)),
        seed=int(rng.integers(2**32)),
    )


def render(recipe: Recipe) -> np.ndarray:
    """The acceleration of a recipe; it depends on nothing else.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float32]
        In m/s^2.
    """
    machine = with_severity(recipe.drivetrain, recipe.severity)
    state, load, rate = recipe.state, recipe.load, recipe.sample_rate_hz
    n_samples = recipe.n_samples
    speed, shaft, mesh, bearing, tooth, rolling, floor = np.random.default_rng(recipe.seed).spawn(7)
    drift = recipe.speed_wander * wander(speed, n_samples, rate, recipe.wander_rate_hz)
    shaft_hz = recipe.speed_rpm / 60.0 * (1.0 + recipe.speed_error) * (1.0 + np.clip(drift, -0.1, 0.1))
    turns = speed.random() + np.cumsum(shaft_hz) / rate
    rpm = recipe.speed_rpm
    total = shaft_lines(machine, state, shaft, turns, rpm, load)
    total += gear_mesh(machine, state, mesh, turns, rpm, load, rate)
    if state in BEARING_STATES:
        slipping = (recipe.slip, recipe.jitter, recipe.phase)
        total += bearing_defect(machine, state, bearing, turns, rpm, load, rate, *slipping)
    if state == CHIPPED_TOOTH:
        total += chipped_tooth(machine, tooth, turns, rpm, load, rate)
    total += friction(machine, rolling, n_samples, rpm, load, rate)
    total *= db_to_gain(recipe.sensor_gain_db)
    total += machine.noise_floor_m_s2 * floor.standard_normal(n_samples)
    return total.astype(np.float32)


def simulate(
    state: str,
    speed_rpm: float,
    load: float,
    duration_s: float,
    rng: np.random.Generator,
    sample_rate_hz: int = 12000,
    drivetrain: Drivetrain | None = None,
    severity: float = 1.0,
) -> np.ndarray:
    """Draw and render a recording in one go.

    Parameters
    ----------
    drivetrain : Drivetrain, optional
        Without, one is drawn.
    state, speed_rpm, load, duration_s, rng, sample_rate_hz, severity
        See :func:`draw_recipe`, also for the errors.

    Returns
    -------
    np.ndarray [shape=(n_samples,), float32]
        Acceleration in m/s^2.

    Examples
    --------
    >>> simulate("bearing-inner-race", 1800, 0.5, 1.0, np.random.default_rng(0)).shape
    (12000,)
    """
    check_state(state)
    machine = draw_drivetrain(rng) if drivetrain is None else drivetrain
    return render(draw_recipe(machine, state, speed_rpm, load, duration_s, rng, sample_rate_hz, severity))


def _check(what: str, value: float, low: float, high: float) -> None:
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if not number or not math.isfinite(value) or not low <= value <= high:
        raise UsageError(mismatch(what, f"a number, {low:g} to {high:g}", repr(value)))

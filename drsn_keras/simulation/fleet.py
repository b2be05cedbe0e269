"""A fleet of virtual machines, drawn from a seed: what they are, how they run, what they come to and when."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError, mismatch
from ..machinery import zone_limits_mm_s
from ..noise.values import log_uniform, uniform
from .calibration import level_shaft_lines
from .drivetrain import draw_drivetrain
from .duty import DutyCycle, Regime
from .states import (
    CHIPPED_TOOTH,
    IMBALANCE,
    INNER_RACE,
    MISALIGNMENT,
    NORMAL,
    OUTER_RACE,
    ROLLING_ELEMENT,
    TOOTH_WEAR,
)
from .virtual_machine import VirtualMachine
from .wear import SOUND, Wear

#: All machines of a fleet are of this kind: medium-sized on a rigid foundation.
ISO_GROUP, FOUNDATION = 2, "rigid"
_KINDS = ("pump", "fan", "mixer", "blower", "conveyor", "compressor")
#: What worn machines come to, in turn.
_FAULTS = (OUTER_RACE, IMBALANCE, INNER_RACE, MISALIGNMENT, TOOTH_WEAR, ROLLING_ELEMENT, CHIPPED_TOOTH)
#: A bearing or gear shakes the shaft in the second half of its way only.
_COARSE_FROM = 0.5
#: Velocity at the end of life over the border of zones C and D: in D at part load as well.
_WORN = 1.6
_DAY_S = 86400.0
_MOST = 100_000


def draw_fleet(
    seed: int,
    n_machines: int,
    *,
    sample_rate_hz: int = 12000,
    days: float = 30.0,
    speed: float = 14400.0,
    healthy: float = 0.34,
    steady: bool = False,
) -> list[VirtualMachine]:
    """Machines of different designs that wear.

    Parameters
    ----------
    seed : int, >= 0
    n_machines : int, 1 to 100,000
        A machine is the same whatever the number of machines.
    sample_rate_hz : int
    days : float, > 0
        What the fleet's life is about: the first machine is sound for 15 % of it and worn out at 90 %. Others begin
        up to 60 % later or wear up to 1.5 times as long.
    speed : float, > 0
        How many times faster than their signal machines age: with 14,400 a second of signal is 4 hours of wear, and
        thirty days are three minutes.
    healthy : float, 0 to 1
        Share of machines that never wear, spread evenly.
    steady : bool
        One regime a machine instead of two.

    Returns
    -------
    list of VirtualMachine

    Raises
    ------
    UsageError
        If an argument is out of its range.

    Examples
    --------
    >>> first, second, third = draw_fleet(1, 3)
    >>> first.name, first.state, second.state, third.state
    ('pump-001', 'bearing-outer-race', 'imbalance', 'normal')
    """
    _check("seed", seed, 0, 2**31 - 1)
    _check("machines", n_machines, 1, _MOST)
    _check("days", days, 1e-6, 1e6)
    _check("speed", speed, 1e-3, 1e9)
    _check("healthy", healthy, 0.0, 1.0)
    ages_per_s = speed / (days * _DAY_S)
    return [_draw(seed, number, sample_rate_hz, ages_per_s, healthy, steady) for number in range(n_machines)]


def _draw(seed: int, number: int, rate: int, ages_per_s: float, healthy: float, steady: bool) -> VirtualMachine:
    own = np.random.SeedSequence(seed, spawn_key=(number,))
    design, use, level, stream = own.spawn(4)
    drivetrain = draw_drivetrain(np.random.default_rng(design))
    rng = np.random.default_rng(use)
    rpm = uniform(rng, 1500.0, 2200.0)
    full = Regime(rpm, uniform(rng, 0.85, 1.0), uniform(rng, 60.0, 120.0))
    part = Regime(0.85 * rpm, uniform(rng, 0.4, 0.6), uniform(rng, 30.0, 60.0))
    duty = DutyCycle([full] if steady else [full, part], rate, log_uniform(rng, 0.0005, 0.002), rng)
    state, wear = _fate(rng, number, healthy)
    border = zone_limits_mm_s(ISO_GROUP, FOUNDATION)
    velocity = border[0] * uniform(rng, 0.5, 0.75)
    drivetrain = level_shaft_lines(drivetrain, velocity, full.rpm, full.load, np.random.default_rng(level))
    name = f"{_KINDS[number % len(_KINDS)]}-{number + 1:03d}"
    machine = VirtualMachine(name, drivetrain, state, duty, wear, ages_per_s, stream)
    machine.calibrate(_WORN * border[2])
    return machine


def _fate(rng: np.random.Generator, number: int, healthy: float) -> tuple[str, Wear]:
    """What a machine comes to, and when."""
    begins, grows = uniform(rng, 0.15, 0.6), uniform(rng, 0.75, 1.5)
    sound_before, sound_with = int(number * healthy + 1e-9), int((number + 1) * healthy + 1e-9)
    if sound_with > sound_before:
        return NORMAL, SOUND
    order = number - sound_before
    state = _FAULTS[order % len(_FAULTS)]
    if order == 0:
        begins, grows = 0.15, 0.75
    return state, Wear(begins, grows, coarse_from=0.0 if state in (IMBALANCE, MISALIGNMENT) else _COARSE_FROM)


def _check(what: str, value: float, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise UsageError(mismatch(what, f"a number from {low:g} to {high:g}", repr(value)))

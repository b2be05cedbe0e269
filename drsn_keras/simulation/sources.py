"""What each part of a drivetrain adds to the vibration at the sensor [m/s^2]."""

from __future__ import annotations

import numpy as np

from ..noise.spectrum import shaped_noise
from ..noise.tones import NYQUIST_SHARE, random_phases
from .drivetrain import REFERENCE_RPM, Drivetrain, Mode
from .impulses import load_zone, ring_down, scatter, slipping_events
from .states import CHIPPED_TOOTH, IMBALANCE, INNER_RACE, MISALIGNMENT, OUTER_RACE, ROLLING_ELEMENT, TOOTH_WEAR

#: Shares of the amplitude that follow the load; the rest is there without load.
STRIKE_BY_LOAD, MESH_BY_LOAD, COUPLING_BY_LOAD, FRICTION_BY_LOAD = 0.6, 0.7, 0.5, 0.4
#: A defect of a rolling element strikes the outer race (nearer to the sensor) harder than the inner.
INNER_STRIKE = 0.6


def shaft_lines(
    machine: Drivetrain, state: str, rng: np.random.Generator, turns: np.ndarray, speed_rpm: float, load: float
) -> np.ndarray:
    """Unbalance at once the shaft frequency (as speed squared); misalignment at one to three times (by load)."""
    phases = 2.0 * np.pi * turns
    offset = random_phases(rng, 4)
    unbalance = machine.unbalance_m_s2 + (machine.unbalance_defect_m_s2 if state == IMBALANCE else 0.0)
    misaligned = machine.misalignment_m_s2 + (machine.misalignment_defect_m_s2 if state == MISALIGNMENT else 0.0)
    total = unbalance * (speed_rpm / REFERENCE_RPM) ** 2 * np.sin(phases + offset[0])
    coupling = misaligned * by_load(load, COUPLING_BY_LOAD) * (speed_rpm / REFERENCE_RPM)
    for multiple, share in ((1, 0.4), (2, 1.0), (3, 0.35)):
        total += coupling * share * np.sin(multiple * phases + offset[multiple])
    return total


def gear_mesh(
    machine: Drivetrain,
    state: str,
    rng: np.random.Generator,
    turns: np.ndarray,
    speed_rpm: float,
    load: float,
    sample_rate_hz: int,
) -> np.ndarray:
    """The tooth mesh frequency and its multiples, modulated by both shafts; worn or with one chipped tooth."""
    worn = state == TOOTH_WEAR
    offset = random_phases(rng, len(machine.mesh_m_s2) + 2)
    extra = machine.wear_modulation if worn else 0.0
    pinion = (machine.pinion_modulation + extra) * np.cos(2.0 * np.pi * turns + offset[-1])
    wheel_turns = turns * (machine.pinion_teeth / machine.wheel_teeth)
    wheel = (machine.wheel_modulation + 0.5 * extra) * np.cos(2.0 * np.pi * wheel_turns + offset[-2])
    modulation = (1.0 + pinion) * (1.0 + wheel)
    if state == CHIPPED_TOOTH:
        # In tooth pitches from the chipped tooth, which is engaged at whole turns.
        pitches = np.minimum(np.abs((turns + 0.5) % 1.0 - 0.5) * machine.pinion_teeth, 1.0)
        modulation *= 1.0 - machine.chip_dip * (0.5 + 0.5 * np.cos(np.pi * pitches))
    gain = by_load(load, MESH_BY_LOAD) * speed_rpm / REFERENCE_RPM
    mesh_turns = machine.pinion_teeth * turns
    highest_hz = machine.pinion_teeth * float(np.max(np.diff(turns))) * sample_rate_hz
    total = np.zeros(len(turns))
    for multiple, amplitude in enumerate(machine.mesh_m_s2, start=1):
        if multiple * highest_hz < NYQUIST_SHARE * sample_rate_hz:
            growth = machine.wear_gain if worn and multiple > 1 else 1.0
            total += growth * amplitude * np.sin(2.0 * np.pi * multiple * mesh_turns + offset[multiple - 1])
    return gain * total * modulation


def chipped_tooth(
    machine: Drivetrain, rng: np.random.Generator, turns: np.ndarray, speed_rpm: float, load: float, sample_rate_hz: int
) -> np.ndarray:
    """A blow each time that the chipped tooth has passed: once a turn of the pinion, without slip."""
    places, angles = slipping_events(rng, turns, 1.0, 0.0, 1.0 - turns[0] % 1.0)
    gain = machine.chip_m_s2 * by_load(load, MESH_BY_LOAD) * speed_rpm / REFERENCE_RPM
    strengths = gain * scatter(rng, len(angles))
    return ring_down(places / sample_rate_hz, strengths, machine.gear_modes, len(turns), sample_rate_hz)


def bearing_defect(
    machine: Drivetrain,
    state: str,
    rng: np.random.Generator,
    turns: np.ndarray,
    speed_rpm: float,
    load: float,
    sample_rate_hz: int,
    slip: float,
    jitter: float,
    phase: float,
) -> np.ndarray:
    """Blows of a defect on a race or a rolling element.

    The outer race stands in the load zone: equal blows at BPFO. The inner race carries its defect through the zone
    once a shaft turn: blows at BPFI whose strength follows the Stribeck load. A rolling element strikes both races
    in a turn about itself and passes through the zone with the cage: blows at twice BSF, uneven and modulated at FTF.

    Parameters
    ----------
    slip : float
        Share by which the defect's frequency lies below its kinematic value.
    jitter, phase : float
        See :func:`~drsn_keras.simulation.impulses.slipping_events`.
    """
    orders = machine.bearing.orders()
    if state == OUTER_RACE:
        order, level = orders["BPFO"], machine.outer_race_m_s2
    elif state == INNER_RACE:
        order, level = orders["BPFI"], machine.inner_race_m_s2
    else:
        order, level = 2.0 * orders["BSF"], machine.rolling_element_m_s2
    places, angles = slipping_events(rng, turns, order * (1.0 - slip), jitter, phase)
    strengths = level * scatter(rng, len(angles))
    if state == INNER_RACE:
        strengths *= load_zone(angles + phase, machine.load_zone)
    elif state == ROLLING_ELEMENT:
        strengths *= load_zone(orders["FTF"] * (1.0 - slip) * angles + phase, machine.load_zone)
        strengths[1::2] *= INNER_STRIKE
    strengths *= by_load(load, STRIKE_BY_LOAD) * speed_rpm / REFERENCE_RPM
    return ring_down(places / sample_rate_hz, strengths, machine.bearing_modes, len(turns), sample_rate_hz)


def friction(
    machine: Drivetrain, rng: np.random.Generator, n_samples: int, speed_rpm: float, load: float, sample_rate_hz: int
) -> np.ndarray:
    """Gaussian noise of rolling and sliding, coloured by the resonances."""
    modes = (*machine.bearing_modes, *machine.gear_modes)
    level = machine.friction_m_s2 * by_load(load, FRICTION_BY_LOAD) * speed_rpm / REFERENCE_RPM
    return level * shaped_noise(rng, n_samples, sample_rate_hz, lambda f: rolling_gain(f, modes))


def rolling_gain(frequency_hz: np.ndarray, modes: tuple[Mode, ...]) -> np.ndarray:
    """Colour of the noise of rolling [shape of frequency_hz]: some of it reaches the sensor past the resonances."""
    return 0.3 + resonances(frequency_hz, modes)


def resonances(frequency_hz: np.ndarray, modes: tuple[Mode, ...]) -> np.ndarray:
    """Gain of the housing [shape of frequency_hz], 1 times ``gain`` at the peak of each mode."""
    total = np.zeros(np.shape(frequency_hz))
    for mode in modes:
        ratio = frequency_hz / mode.frequency_hz
        width = 2.0 * mode.damping_ratio
        total += mode.gain * width * ratio / np.sqrt((1.0 - ratio**2) ** 2 + (width * ratio) ** 2)
    return total


def by_load(load: float, share: float) -> float:
    """Gain at a load (1 is rated) of which ``share`` follows the load.

    >>> by_load(1.0, 0.6), by_load(0.0, 0.6)
    (1.0, 0.4)
    """
    return 1.0 - share + share * load

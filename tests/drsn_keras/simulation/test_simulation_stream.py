"""Virtual machines: samples follow from their position alone, chunks join, and the physics is that of a recording."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest

from drsn_keras.machinery import (
    amplitude_spectrum,
    bearing_lines,
    choose_band,
    envelope_spectrum,
    strongest_defect,
    velocity_rms_mm_s,
)
from drsn_keras.simulation import BEARING_STATES, HEALTH_STATES, draw_drivetrain
from drsn_keras.simulation.duty import CELL, DutyCycle, Regime
from drsn_keras.simulation.strikes import Strikes
from drsn_keras.simulation.virtual_machine import CHUNK, VirtualMachine
from drsn_keras.simulation.wear import Wear

RATE = 12000
STEADY = (Regime(1800.0, 0.9, 30.0),)
#: Worn out from the first sample on.
WORN = Wear(begins=0.0, grows=1e-9, worn_out=1e9)


def machine_of(state="normal", seed=0, regimes=STEADY, wear=WORN, wander=0.0, rate=RATE):
    rng = np.random.default_rng(seed)
    duty = DutyCycle(regimes, rate, wander, rng)
    return VirtualMachine("m", draw_drivetrain(rng), state, duty, wear, 1.0, np.random.SeedSequence(seed))


def line(y, f_hz, width_hz=0.6):
    frequency_hz, amplitude = amplitude_spectrum(y, RATE)
    return amplitude[np.abs(frequency_hz - f_hz) <= width_hz].max()


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_samples_follow_from_their_position_alone(state):
    two = (Regime(1800.0, 0.9, 4.0), Regime(1500.0, 0.5, 4.0))
    first, second = (machine_of(state, 3, two, wander=0.002) for _ in range(2))
    whole = first.samples(0, 4 * CHUNK)
    assert whole.dtype == np.float32
    for position, count in ((3 * CHUNK - 5, 10), (2 * CHUNK, CHUNK), (0, 1), (CHUNK - 1, CHUNK + 2), (777, 333)):
        np.testing.assert_array_equal(second.samples(position, count), whole[position : position + count])
    assert not np.allclose(machine_of(state, 4, two).samples(0, 1000), whole[:1000], atol=0.1)


@pytest.mark.parametrize("state", ["normal", "imbalance", "gear-tooth-wear"])
def test_chunks_join_without_a_seam(state):
    machine = machine_of(state, 1, wander=0.002)
    y = machine.samples(0, 24 * CHUNK).astype(float)
    # What a step or a kink would stand out in: the second difference, at the borders and everywhere.
    kink = np.abs(np.diff(y, 2))
    borders = np.arange(1, 24) * CHUNK
    near = np.stack([kink[b - 4 : b + 4].max() for b in borders])
    elsewhere = np.stack([kink[b + s - 4 : b + s + 4].max() for b in borders for s in range(1000, 9000, 500)])
    assert near.mean() < 1.2 * elsewhere.mean()
    assert near.max() <= 1.2 * elsewhere.max()


def test_no_strike_is_lost_or_doubled_at_a_border():
    rng = np.random.default_rng(0)
    one = draw_drivetrain(rng)
    silent = {field.name: 0.0 for field in dataclasses.fields(one) if field.name.endswith("_m_s2")}
    silent |= {"mesh_m_s2": (0.0,), "outer_race_m_s2": 5.0}
    duty = DutyCycle((Regime(500.0, 0.9, 30.0),), RATE, 0.001, rng)
    only = dataclasses.replace(one, **silent)
    machine = VirtualMachine("m", only, "bearing-outer-race", duty, WORN, 1.0, np.random.SeedSequence(0))
    y = np.concatenate([machine.render(chunk, 1.0, 0.0) for chunk in range(20)])
    began = np.flatnonzero((y[1:] != 0.0) & (y[:-1] == 0.0))
    interval = 60.0 / 500.0 / only.bearing.orders()["BPFO"] * RATE
    # The housing is at rest before each; one that a border cut would begin twice or not at all.
    assert len(began) == pytest.approx(20 * CHUNK / interval, rel=0.02)
    np.testing.assert_allclose(np.diff(began), interval, rtol=0.07)


def test_the_shaft_turns_on_over_chunks_and_rounds():
    machine = machine_of("imbalance", 2, (Regime(1800.0, 0.9, 2.0),))
    n = 40 * RATE
    y = machine.samples(0, n)
    # One line, as narrow as 40 s make it: a phase that jumped would spread it.
    frequency_hz, amplitude = amplitude_spectrum(y, RATE)
    at = np.argmin(np.abs(frequency_hz - 30.0))
    assert amplitude[at] == amplitude[(frequency_hz > 20) & (frequency_hz < 40)].max()
    assert amplitude[at - 40 : at - 4].max() < 0.02 * amplitude[at]


def test_speed_and_load_change_and_come_round():
    duty = DutyCycle((Regime(1800.0, 1.0, 20.0), Regime(1200.0, 0.4, 10.0)), RATE, 0.002, np.random.default_rng(0))
    turns, step, rpm, load = duty.cells(-duty.n_cells, 3 * duty.n_cells)
    assert duty.round_s == pytest.approx(30.0, abs=0.01)
    np.testing.assert_allclose(np.diff(turns), step * CELL)
    assert (np.diff(turns) > 0).all()
    assert np.abs(np.diff(step)).max() < 0.002 * step.max()
    assert np.std(step[: duty.n_cells // 3]) / step[0] == pytest.approx(0.002, rel=0.8)
    assert set(np.round(rpm).tolist()) >= {1800.0, 1200.0}
    assert (load.min(), load.max()) == (0.4, 1.0)
    np.testing.assert_allclose(np.diff(turns[:: duty.n_cells]), turns[-1] - turns[-1 - duty.n_cells])


@pytest.mark.parametrize(("state", "defect"), BEARING_STATES.items())
def test_bearing_defects_draw_their_envelope_lines(state, defect):
    for seed in range(3):
        machine = machine_of(state, seed, wander=0.001)
        y = machine.samples(0, 6 * RATE)
        band = choose_band(y, RATE, min_bandwidth_hz=700.0)
        lines = bearing_lines(*envelope_spectrum(y, RATE, band.edges_hz), machine.drivetrain.bearing, 1800.0)
        assert strongest_defect(lines, least_contrast_db=20.0) == defect


@pytest.mark.parametrize("state", ["gear-tooth-wear", "gear-chipped-tooth"])
def test_gear_defects_raise_the_sidebands_of_the_mesh(state):
    machine = machine_of(state, 3)
    sound, worn = (np.concatenate([machine.render(k, severity, 0.0) for k in range(6)]) for severity in (0.0, 1.0))
    mesh_hz = machine.drivetrain.pinion_teeth * 30.0
    assert line(worn, mesh_hz + 30.0) > 2.0 * line(sound, mesh_hz + 30.0)
    # The wheel's modulation is there although it turns at another rate than the tables.
    wheel_hz = mesh_hz / machine.drivetrain.wheel_teeth
    assert line(sound, mesh_hz + wheel_hz) > 5.0 * np.median(amplitude_spectrum(sound, RATE)[1])


def test_the_sound_machine_is_that_of_a_recording():
    from drsn_keras.simulation import draw_recipe, render

    machine = machine_of("normal", 5)
    rng = np.random.default_rng(0)
    recorded = render(draw_recipe(machine.drivetrain, "normal", 1800.0, 0.9, 10.0, rng))
    streamed = machine.samples(0, 10 * RATE)
    for low_hz, high_hz in ((20, 100), (300, 900), (1500, 3000), (3000, 6000)):
        levels = []
        for y in (recorded, streamed):
            power = np.abs(np.fft.rfft(y)) ** 2
            frequency_hz = np.arange(len(power)) / 10.0
            levels.append(10 * np.log10(power[(frequency_hz > low_hz) & (frequency_hz < high_hz)].sum()))
        # The sensor's gain is drawn (0.5 dB), and phases of lines that coincide.
        assert abs(levels[0] - levels[1]) < 2.5, (low_hz, levels)


def test_noise_has_its_level_and_does_not_repeat():
    y = machine_of("normal", 6).samples(0, 30 * CHUNK).astype(float)
    chunks = y.reshape(30, CHUNK)
    # Between the lines only noise is left: high-pass by differences, then compare chunks with one another.
    noise = np.diff(chunks, 4, axis=1)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    likeness = np.abs(noise @ noise.T) - np.eye(30)
    assert likeness.max() < 0.2
    levels = chunks.std(axis=1)
    assert levels.std() < 0.05 * levels.mean()


def test_strikes_are_numbered_not_drawn_anew():
    machine = draw_drivetrain(np.random.default_rng(0))
    strikes = Strikes(3.5, 0.01, 1.0, machine.bearing_modes, RATE, np.random.default_rng(1))
    turns = np.linspace(1000.0, 1400.0, 4001)
    whole = strikes.render(turns, np.linspace(0.0, 160_000.0, 4001), np.ones(4000), 160_001)
    part = strikes.render(turns[1000:], np.linspace(0.0, 120_000.0, 3001), np.ones(3000), 120_001)
    np.testing.assert_allclose(part[strikes.length :], whole[40_000 + strikes.length :], atol=1e-5)
    # Silent before the first strike could ring, and as many strikes as turns say.
    counted = np.count_nonzero((np.abs(whole[1:]) > 0) & (whole[:-1] == 0.0))
    assert counted <= 3.5 * 400 + 2


@pytest.mark.parametrize("rate", [8000, 25600])
def test_any_rate_gives_the_same_velocity(rate):
    at_12, other = (machine_of("imbalance", 7, rate=r) for r in (RATE, rate))
    velocities = [
        velocity_rms_mm_s(m.samples(0, 4 * m.sample_rate_hz), m.sample_rate_hz, "m/s^2") for m in (at_12, other)
    ]
    assert velocities[0] == pytest.approx(velocities[1], rel=0.02)


def test_fifty_machines_in_real_time_cost_little():
    machines = [machine_of(state, seed, wander=0.001) for seed, state in enumerate(HEALTH_STATES)]
    start = time.process_time()
    for machine in machines:
        for chunk in range(20):
            machine.render(chunk)
    # Of one core, for 50 machines; measured 0.03, and up to twice that with a busy neighbour.
    assert (time.process_time() - start) * 50 / (len(machines) * 20 * CHUNK / RATE) < 0.4

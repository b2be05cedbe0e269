"""The simulated drivetrain obeys its physics: lines where geometry says, states told apart, levels by load."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from drsn_keras.machinery import (
    amplitude_spectrum,
    bearing_lines,
    choose_band,
    count_found,
    envelope_spectrum,
    strongest_defect,
    time_features,
    velocity_rms_mm_s,
)
from drsn_keras.simulation import BEARING_STATES, HEALTH_STATES, draw_drivetrain, draw_recipe, render

RATE = 12000


def recipe_of(state="normal", seed=0, speed_rpm=1800.0, load=0.8, duration_s=6.0, **changes):
    rng = np.random.default_rng(seed)
    recipe = draw_recipe(draw_drivetrain(rng), state, speed_rpm, load, duration_s, rng)
    return dataclasses.replace(recipe, **changes)


def envelope_lines(recipe):
    y = render(recipe)
    band = choose_band(y, RATE, min_bandwidth_hz=700.0)
    spectrum = envelope_spectrum(y, RATE, band.edges_hz)
    return bearing_lines(*spectrum, recipe.drivetrain.bearing, recipe.speed_rpm)


def line(y, f_hz, tolerance=0.012):
    """Largest amplitude near a frequency."""
    frequency_hz, amplitude = amplitude_spectrum(y, RATE)
    return amplitude[np.abs(frequency_hz - f_hz) <= tolerance * f_hz].max()


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("state", "defect"), BEARING_STATES.items())
def test_bearing_defects_draw_their_envelope_lines(state, defect, seed):
    lines = envelope_lines(recipe_of(state, seed))
    assert strongest_defect(lines, least_contrast_db=20.0) == defect
    found, looked_for = count_found(lines, chance=1e-6)[defect]
    assert found >= 2
    assert looked_for == 3


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("state", ["normal", "imbalance", "misalignment", "gear-tooth-wear"])
def test_machines_with_a_sound_bearing_have_none(state, seed):
    assert strongest_defect(envelope_lines(recipe_of(state, seed)), least_contrast_db=20.0) is None


@pytest.mark.parametrize("seed", [0, 1])
def test_a_chipped_tooth_is_struck_once_a_turn(seed):
    recipe = recipe_of("gear-chipped-tooth", seed, speed_wander=0.0, speed_error=0.0)
    mode_hz = recipe.drivetrain.gear_modes[0].frequency_hz

    def multiples(recipe):
        """Envelope lines at 1 to 4 times the shaft frequency."""
        frequency_hz, amplitude = envelope_spectrum(render(recipe), RATE, (mode_hz - 250.0, mode_hz + 250.0))
        return np.array([amplitude[np.isclose(frequency_hz, 30.0 * k)].item() for k in (1, 2, 3, 4)])

    # Eccentricity draws the first line of a sound gear; the multiples are of impulses.
    sound = multiples(dataclasses.replace(recipe, state="normal"))
    assert (multiples(recipe)[1:] > 5.0 * sound[1:]).all()


def only(machine, **kept):
    """The machine with every source silent but those given."""
    silent = {field.name: 0.0 for field in dataclasses.fields(machine) if field.name.endswith("_m_s2")}
    return dataclasses.replace(machine, **{**silent, "mesh_m_s2": (0.0,), **kept})


@pytest.mark.parametrize("seed", [0, 1])
def test_envelope_of_blows_falls_off_as_the_damping_says(seed):
    recipe = recipe_of("gear-chipped-tooth", seed, speed_wander=0.0, speed_error=0.0)
    mode = recipe.drivetrain.gear_modes[0]
    recipe = dataclasses.replace(recipe, drivetrain=only(recipe.drivetrain, chip_m_s2=10.0, gear_modes=(mode,)))
    y = render(recipe)
    frequency_hz, amplitude = envelope_spectrum(y, RATE, (100.0, 2.0 * mode.frequency_hz - 100.0))
    lines = np.array([amplitude[np.isclose(frequency_hz, 30.0 * k)].item() for k in (1, 2, 3, 4)])
    # The envelope exp(-t / tau) once a turn has Fourier coefficients 1 / |1 + 2 pi i k f tau|.
    tau_s = 1.0 / (2.0 * np.pi * mode.damping_ratio * mode.frequency_hz)
    expected = 1.0 / np.hypot(1.0, 2.0 * np.pi * 30.0 * tau_s * np.arange(1, 5))
    np.testing.assert_allclose(lines / lines[0], expected / expected[0], rtol=0.1)


def test_inner_race_lines_have_sidebands_at_the_shaft_frequency_and_outer_race_lines_have_none():
    steady = {"speed_wander": 0.0, "speed_error": 0.0, "slip": 0.0, "jitter": 0.0005}
    for state, defect, has in (("bearing-inner-race", "BPFI", True), ("bearing-outer-race", "BPFO", False)):
        recipe = recipe_of(state, 1, **steady)
        mode_hz = recipe.drivetrain.bearing_modes[0].frequency_hz
        y = render(recipe)
        frequency_hz, amplitude = envelope_spectrum(y, RATE, (mode_hz - 600.0, mode_hz + 600.0))
        base_hz = recipe.drivetrain.bearing.frequencies_hz(1800.0)[defect]
        centre, upper = (amplitude[np.abs(frequency_hz - f) < 1.0].max() for f in (base_hz, base_hz + 30.0))
        assert (upper > 0.3 * centre) == has
        assert (upper < 0.1 * centre) == (not has)


def test_slip_moves_the_line_by_its_share():
    recipe = recipe_of(
        "bearing-outer-race", 0, duration_s=20.0, speed_error=0.0, speed_wander=0.0, slip=0.01, jitter=0.001
    )
    found = next(item for item in envelope_lines(recipe) if item.defect == "BPFO")
    assert found.found_hz / found.frequency_hz == pytest.approx(0.99, abs=0.001)


@pytest.mark.parametrize("speed_rpm", [900.0, 2400.0])
def test_mesh_and_its_sidebands_stand_at_the_teeth(speed_rpm):
    recipe = recipe_of("gear-tooth-wear", 3, speed_rpm, speed_error=0.0, speed_wander=0.0)
    machine, shaft_hz, y = recipe.drivetrain, speed_rpm / 60.0, render(recipe)
    healthy = render(dataclasses.replace(recipe, state="normal"))
    mesh_hz = machine.pinion_teeth * shaft_hz
    wheel_hz = mesh_hz / machine.wheel_teeth
    floor = np.median(amplitude_spectrum(y, RATE)[1])
    narrow = 0.3 / mesh_hz
    for k in (1, 2, 3):
        assert line(y, k * mesh_hz, narrow) > 20.0 * floor
    for side_hz in (-shaft_hz, shaft_hz, -wheel_hz, wheel_hz):
        assert line(y, mesh_hz + side_hz, narrow) > 10.0 * floor
    # Wear raises the second multiple and the sidebands; the first stays.
    assert line(y, 2 * mesh_hz, narrow) / line(healthy, 2 * mesh_hz, narrow) == pytest.approx(
        machine.wear_gain, rel=0.15
    )
    assert line(y, mesh_hz + shaft_hz, narrow) > 2.0 * line(healthy, mesh_hz + shaft_hz, narrow)
    assert line(y, mesh_hz, narrow) == pytest.approx(line(healthy, mesh_hz, narrow), rel=0.05)


@pytest.mark.parametrize(("state", "multiple"), [("imbalance", 1), ("misalignment", 2)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shaft_faults_raise_their_multiple(state, multiple, seed):
    recipe = recipe_of(state, seed)
    faulty, healthy = render(recipe), render(dataclasses.replace(recipe, state="normal"))
    other = 3 - multiple
    growth = {k: line(faulty, 30.0 * k) / line(healthy, 30.0 * k) for k in (1, 2)}
    assert growth[multiple] > 2.5
    assert growth[multiple] > growth[other]
    assert velocity_rms_mm_s(faulty, RATE, "m/s^2") > 1.3 * velocity_rms_mm_s(healthy, RATE, "m/s^2")


def test_unbalance_grows_with_the_square_of_the_speed():
    # Steady, on the same seed and without the misalignment's own line at once the shaft frequency.
    recipe = recipe_of("imbalance", 0, 1200.0, speed_wander=0.0, speed_error=0.0)
    machine = dataclasses.replace(recipe.drivetrain, misalignment_m_s2=0.0)
    slow, fast = (
        line(render(dataclasses.replace(recipe, drivetrain=machine, speed_rpm=rpm)), rpm / 60.0)
        for rpm in (1200.0, 2400.0)
    )
    assert fast / slow == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_levels_rise_with_load_and_speed(state):
    recipe = recipe_of(state, 4, duration_s=2.0)
    by_load = [time_features(render(dataclasses.replace(recipe, load=load)))["rms"] for load in (0.0, 0.5, 1.0)]
    by_speed = [time_features(render(dataclasses.replace(recipe, speed_rpm=rpm)))["rms"] for rpm in (900, 1800, 3000)]
    assert by_load == sorted(by_load)
    assert by_load[2] > 1.05 * by_load[0]
    assert by_speed == sorted(by_speed)
    assert by_speed[2] > 1.5 * by_speed[0]


def test_impulses_show_in_the_kurtosis_and_grow_with_severity():
    recipe = recipe_of("bearing-inner-race", 5)
    values = [
        float(time_features(render(dataclasses.replace(recipe, severity=s)))["kurtosis"]) for s in (0.0, 0.3, 1.0)
    ]
    assert values[0] < 3.5
    assert values == sorted(values)
    assert values[2] > 5.0


def test_measurement_noise_does_not_follow_the_load():
    recipe = recipe_of()
    machine = only(recipe.drivetrain, noise_floor_m_s2=0.2)
    for load in (0.0, 1.0):
        y = render(dataclasses.replace(recipe, drivetrain=machine, load=load))
        assert float(np.std(y)) == pytest.approx(0.2, rel=0.02)

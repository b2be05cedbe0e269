"""Drawing, replaying and the task of the simulated drivetrain."""

from __future__ import annotations

import dataclasses
import json
import time
from collections import Counter

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import time_features
from drsn_keras.simulation import (
    HEALTH_STATES,
    Drivetrain,
    Recipe,
    draw_design,
    draw_drivetrain,
    draw_recipe,
    render,
    simulate,
    simulated_task,
)
from drsn_keras.simulation.drivetrain import Mode
from drsn_keras.simulation.impulses import load_zone, ring_down, slipping_events

RATE = 12000


def draw(state="bearing-rolling-element", seed=0, **conditions):
    rng = np.random.default_rng(seed)
    values = {"speed_rpm": 1500.0, "load": 0.5, "duration_s": 1.0, **conditions}
    return draw_recipe(draw_drivetrain(rng), state, rng=rng, **values)


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_a_recipe_is_replayed_from_json(state):
    recipe = draw(state)
    again = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert again == recipe
    y = render(recipe)
    assert np.array_equal(render(again), y)
    assert y.shape == (RATE,)
    assert y.dtype == np.float32
    assert np.isfinite(y).all()


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_seeds_reproduce_and_differ(state):
    first, same, other = (simulate(state, 1800, 0.5, 0.5, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, same)
    assert not np.allclose(first, other, atol=0.1)


def test_a_defect_is_added_to_the_same_background():
    healthy, faulty = (render(dataclasses.replace(draw(), state=s)) for s in ("normal", "bearing-outer-race"))
    difference = faulty.astype(float) - healthy
    # Between two blows the housing is at rest: most samples are as they were.
    assert np.median(np.abs(difference)) < 0.05 * np.abs(difference).max()


@pytest.mark.parametrize("state", HEALTH_STATES)
def test_without_severity_every_state_is_normal(state):
    recipe = draw(state, severity=0.0)
    np.testing.assert_allclose(render(recipe), render(dataclasses.replace(recipe, state="normal")), atol=1e-6)
    if state != "normal":
        assert not np.allclose(render(dataclasses.replace(recipe, severity=1.0)), render(recipe), atol=0.05)


@pytest.mark.parametrize("sample_rate_hz", [8000, 12000, 25600, 48000])
def test_any_rate_gives_the_same_physics(sample_rate_hz):
    recipe = dataclasses.replace(draw("bearing-inner-race"), sample_rate_hz=sample_rate_hz)
    y = render(recipe)
    assert len(y) == sample_rate_hz
    assert float(time_features(y)["kurtosis"]) > 4.0
    assert 0.1 < float(time_features(y)["rms"]) < 10.0


@pytest.mark.parametrize(
    ("conditions", "at_fault"),
    [
        ({"speed_rpm": 0.0}, "speed_rpm"),
        ({"speed_rpm": float("nan")}, "speed_rpm"),
        ({"load": -0.1}, "load"),
        ({"load": 1.6}, "load"),
        ({"duration_s": 0.01}, "duration_s"),
        ({"sample_rate_hz": 4000}, "sample_rate_hz"),
        ({"sample_rate_hz": 12000.0}, "sample_rate_hz"),
        ({"severity": -1.0}, "severity"),
        ({"state": "fine"}, "state"),
    ],
)
def test_conditions_out_of_range_are_refused_in_a_line(conditions, at_fault):
    with pytest.raises(UsageError, match=at_fault) as caught:
        draw(**conditions)
    assert "\n" not in str(caught.value)


def test_damaged_recipes_are_refused():
    values = draw().to_dict()
    with pytest.raises(DataError, match="seed"):
        Recipe.from_dict({name: value for name, value in values.items() if name != "seed"})
    with pytest.raises(DataError, match="bearing"):
        Drivetrain.from_dict({name: v for name, v in values["drivetrain"].items() if name != "bearing"})
    with pytest.raises(DataError, match="drivetrain"):
        Drivetrain.from_dict({**values["drivetrain"], "bearing_modes": [{"hz": 1.0}]})


def test_machines_of_one_design_share_teeth_and_bearing_only():
    design = draw_design(np.random.default_rng(0))
    machines = [draw_drivetrain(np.random.default_rng(seed), design) for seed in range(30)]
    assert {(m.pinion_teeth, m.wheel_teeth, m.bearing) for m in machines} == {
        (design.pinion_teeth, design.wheel_teeth, design.bearing)
    }
    assert len({m.friction_m_s2 for m in machines}) == 30
    levels_db = [20 * np.log10(m.outer_race_m_s2 / design.outer_race_m_s2) for m in machines]
    assert 0.8 < np.std(levels_db) < 2.2
    others = [draw_drivetrain(np.random.default_rng(seed)) for seed in range(30)]
    assert len({(m.pinion_teeth, m.wheel_teeth) for m in others}) > 20


def test_the_task_has_every_condition_once_a_machine():
    task = simulated_task(seed=5, n_drivetrains=3)
    assert len(task) == 3 * 8 * 3 * 3
    assert len({r.recording_id for r in task}) == len(task)
    assert set(Counter((r.group, r.label) for r in task).values()) == {9}
    conditions = Counter((r.group, r.label, r.recipe.speed_rpm, r.recipe.load) for r in task)
    assert set(conditions.values()) == {1}
    machines = {r.group: r.recipe.drivetrain for r in task}
    assert len(set(map(repr, machines.values()))) == 3
    assert all(r.recipe.drivetrain == machines[r.group] for r in task)
    assert len({r.recipe.seed for r in task}) == len(task)


def test_a_part_of_the_task_is_the_same_as_in_the_whole():
    whole = {r.recording_id: r for r in simulated_task(seed=5, n_drivetrains=2)}
    part = simulated_task(seed=5, n_drivetrains=1, states=["imbalance"], speeds_rpm=[2400.0], loads=[1.0, 0.2])
    assert [whole[r.recording_id].recipe for r in part] == [r.recipe for r in part]
    assert np.array_equal(part[0].acceleration_m_s2(), whole[part[0].recording_id].acceleration_m_s2())
    other = simulated_task(seed=6, n_drivetrains=1, states=["imbalance"], speeds_rpm=[2400.0], loads=[1.0])
    assert other[0].recipe != part[0].recipe


@pytest.mark.parametrize(
    ("arguments", "at_fault"),
    [
        ({"seed": -1}, "seed"),
        ({"n_drivetrains": 0}, "n_drivetrains"),
        ({"states": []}, "states"),
        ({"states": ["fine"]}, "state"),
        ({"states": "normal"}, "states"),
        ({"loads": [0.5, 0.5]}, "loads"),
        ({"speeds_rpm": [0.0]}, "speed_rpm"),
    ],
)
def test_impossible_tasks_are_refused(arguments, at_fault):
    with pytest.raises(UsageError, match=at_fault):
        simulated_task(**{"n_drivetrains": 1, **arguments})


def test_a_ring_down_begins_between_two_samples():
    mode = Mode(2000.0, 0.03, 0.5)
    at_s = 10.4 / RATE
    y = ring_down(np.array([at_s]), np.array([4.0]), [mode], 200, RATE)
    t = np.arange(200) / RATE - at_s
    expected = 2.0 * np.exp(-2 * np.pi * 2000.0 * 0.03 * t) * np.sin(2 * np.pi * 2000.0 * t) * (t >= 0)
    np.testing.assert_allclose(y, expected, atol=2e-3)
    assert not ring_down(np.array([at_s]), np.array([4.0]), [Mode(5900.0, 0.03, 1.0)], 200, RATE).any()
    # A blow before the recording still rings in it.
    assert ring_down(np.array([-10.0 / RATE]), np.array([4.0]), [mode], 200, RATE)[0] != 0.0


def test_events_come_order_times_a_turn_with_the_jitter_asked_for():
    turns = np.linspace(5.0, 1005.0, 100_000)
    places, angles = slipping_events(np.random.default_rng(0), turns, 3.585, 0.02, 0.5)
    intervals = np.diff(angles) * 3.585
    assert len(angles) == pytest.approx(3585, abs=8)
    assert intervals.std() == pytest.approx(0.02, rel=0.1)
    np.testing.assert_allclose(np.interp(places, np.arange(100_000), turns), angles)
    exact = slipping_events(np.random.default_rng(0), turns, 1.0, 0.0, 1.0)[1]
    np.testing.assert_allclose(exact, np.arange(5.0 + 1.0, 1005.5), atol=1e-9)


def test_the_load_zone_is_as_wide_as_its_factor():
    angle = np.linspace(-0.5, 0.5, 1001)
    for epsilon in (0.4, 0.5, 0.6):
        share = load_zone(angle, epsilon)
        assert share.max() == 1.0
        loaded = np.abs(angle[share > 0]).max()
        assert np.cos(2 * np.pi * loaded) == pytest.approx(1.0 - 2.0 * epsilon, abs=0.01)


def test_a_minute_of_signal_takes_a_fraction_of_a_second():
    recordings = simulated_task(n_drivetrains=1, speeds_rpm=[1800.0], loads=[1.0], duration_s=7.5)
    start = time.process_time()
    for recording in recordings:
        recording.acceleration_m_s2()
    # 8 states x 7.5 s = one minute; measured 0.15 s on one core.
    assert time.process_time() - start < 3.0

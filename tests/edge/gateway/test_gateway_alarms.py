"""Alarms: confirmed before they are raised, cleared with patience, and none on a machine that is well."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from station_steps import machine, push, vibration

from drsn_keras.edge.gateway.advisory import advisory
from drsn_keras.edge.gateway.alarm_state import AlarmState, Observation, observe
from drsn_keras.edge.gateway.config import AlarmConfig
from drsn_keras.edge.gateway.station import Station
from drsn_keras.simulation import draw_drivetrain, draw_recipe, render

_WELL, _UNSURE, _WARN, _BAD = 1.0, 4.3, 5.0, 9.0


def _run(state, values):
    """What changes at each value held against 4.5 and 8."""
    return [state.update(None if v is None else observe(v, 4.5, 8.0, 0.1)) for v in values]


def test_confirmation_in_a_row():
    assert _run(AlarmState(3, 3, 3), [_WARN, _WARN, _WELL, _WARN, _WARN, _WARN]) == [None] * 5 + ["warning"]


def test_confirmation_of_m_in_n():
    assert _run(AlarmState(2, 4, 3), [_WARN, _WELL, _WELL, _WARN]) == [None, None, None, "warning"]
    assert _run(AlarmState(2, 3, 3), [_WARN, _WELL, _WELL, _WARN, _WELL, _WARN])[-2:] == [None, "warning"]


def test_the_gravest_level_that_is_confirmed_comes_first_and_it_only_goes_up():
    assert _run(AlarmState(2, 2, 1), [_BAD, _BAD, _WARN, _WARN]) == [None, "alarm", None, None]
    assert _run(AlarmState(2, 2, 1), [_BAD, _WARN, _BAD, _BAD]) == [None, "warning", None, "alarm"]


def test_hysteresis_and_patience_before_it_is_over():
    state = AlarmState(1, 1, 2)
    # Under the limit but not by the hysteresis is neither: the count begins anew.
    assert _run(state, [_WARN, _UNSURE, _UNSURE, _UNSURE, _WELL, _UNSURE, _WELL, _WELL]) == [
        "warning",
        *[None] * 6,
        "cleared",
    ]
    assert state.level is None


def test_records_that_cannot_be_judged_count_neither_way():
    assert _run(AlarmState(2, 2, 2), [_WARN, None, _WARN, _WELL, None, _WELL]) == [
        None,
        None,
        "warning",
        None,
        None,
        "cleared",
    ]


@given(st.lists(st.sampled_from([None, _WELL, _UNSURE, _WARN, _BAD]), max_size=60), st.integers(0, 59))
def test_an_alarm_state_goes_on_from_its_memory(values, cut):
    one, half = AlarmState(2, 3, 2), AlarmState(2, 3, 2)
    expected = _run(one, values)
    got = _run(half, values[:cut])
    got += _run(AlarmState(2, 3, 2, half.memory()), values[cut:])
    assert got == expected
    changes = [change for change in expected if change]
    # A life of an alarm: warning, perhaps alarm, cleared; or alarm, cleared.
    assert all(after == "cleared" for before, after in itertools.pairwise(changes) if before == "alarm")
    assert all(after != "cleared" for before, after in itertools.pairwise(changes) if before == "cleared")
    assert len(half.memory()["recent"]) <= 3


def test_no_alarm_in_200_records_of_a_simulated_machine_that_is_well_and_one_when_it_is_not():
    """Every record has a speed, a slip and a sensor's gain of its own."""
    rng = np.random.default_rng(1)
    drivetrain = draw_drivetrain(rng)
    config = machine(sample_rate_hz=12000.0, unit="m/s^2", rpm=1800.0, alarms=AlarmConfig())
    station, at, alarms, nearest = Station(config), 0, [], 0.0
    for k in range(206):
        state = "normal" if k < 200 else "bearing-outer-race"
        y = render(draw_recipe(drivetrain, state, 1800.0, 0.7, 1.0, rng))
        (step,) = push(station, y, position=at)
        at += len(y)
        alarms += [(k, change.name) for change in step.changes]
        normal = step.record.state["normal"]
        if normal["distance"] is not None and k < 200:
            nearest = max(nearest, normal["distance"] / normal["limit"])
        assert k >= 200 or step.record.state["bearing"]["strongest"] is None
    assert alarms == [(202, "normal")] and nearest < 0.9
    assert "Find out what changed" in step.record.advisory


def test_a_machine_that_is_never_well_is_not_learned():
    steps = push(Station(machine()), vibration(25, velocity_mm_s=3.5))
    assert {step.record.state["iso"]["zone"] for step in steps} == {"C"}
    assert steps[-1].record.state["normal"]["learning"] == 0.0
    assert [(c.name, c.level) for s in steps for c in s.changes] == [("iso", "warning")]


def test_nothing_is_learned_while_an_alarm_stands():
    """After 5 records the zone is C for 3, then well again: learning waits until the alarm is over."""
    life = np.concatenate([vibration(5), vibration(3, 1, velocity_mm_s=3.5), vibration(5, 2)])
    steps = push(Station(machine(alarms=AlarmConfig(learn_records=20, clear=4))), life)
    learned = [round(20 * step.record.state["normal"]["learning"]) for step in steps]
    assert learned == [1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 6]


def test_only_what_is_asked_for_raises_alarms():
    config = machine(alarms=AlarmConfig(on=("sensor",), learn_records=20))
    steps = push(Station(config), vibration(5, velocity_mm_s=6.0))
    assert steps[-1].record.state["iso"]["zone"] == "D" and steps[-1].record.alarms == []


def test_a_limit_of_ones_own():
    config = machine(alarms=AlarmConfig(learn_records=20, normal_limit=0.01, confirm=1, within=1))
    steps = push(Station(config), vibration(22))
    assert steps[-1].record.alarms == ["normal"] and steps[-1].record.state["normal"]["limit"] == 0.01


def test_advice_names_its_evidence():
    sensor = {"fault": None}
    verdict = {"label": "inner", "healthy": False, "probability": 0.9}
    bearing = {"strongest": "BSF", "contrast_db": 31.0, "found": {"BSF": [3, 3]}}
    state = {"sensor": sensor, "verdict": verdict, "bearing": bearing, "normal": {"distance": 8.0, "limit": 4.0}}
    said = advisory(state, {}, {"days_to_limit": 11.7}, ["verdict"], ["kurtosis", "10 to 20 Hz"])
    assert said == (
        "The network sees inner (probability 0.90): inspect for it. Find out what changed: 2.0 times the limit of its "
        "normal, most in kurtosis and 10 to 20 Hz. Inspect the bearing's rolling element: 2xBSF stands out of the "
        "envelope by 31 dB, 3 of 3 lines. At this trend zone D is reached in about 12 days."
    )
    assert advisory({"sensor": sensor}, {}, {}, []).startswith("Nothing is judged")
    assert advisory({"sensor": sensor}, {}, {}, ["iso"]) == "Back within limits; iso stands until it stays so."


def test_an_observation_that_raises_needs_no_limit():
    state = AlarmState(1, 1, 1)
    assert state.update(Observation(1, False)) == "warning"

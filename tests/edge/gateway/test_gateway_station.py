"""A station: the same samples give the same steps, however they come and however often it was started."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from station_steps import RATE_HZ, START_S, everything, machine, push, vibration
from vibration_bundle_file import machine as bundle_machine
from vibration_bundle_file import write_vibration_bundle

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.gateway.config import AlarmConfig, Regime
from drsn_keras.edge.gateway.records import Block, Record
from drsn_keras.edge.gateway.station import Station
from drsn_keras.errors import DataError

N = int(RATE_HZ)


def _life(seed=0):
    """32 s: 22 well, 4 in zone D, 6 well again."""
    worse = vibration(4, seed + 1, velocity_mm_s=6.0, noise_g=0.2)
    return np.concatenate([vibration(22, seed), worse, vibration(6, seed + 2)])


@pytest.fixture(scope="module")
def whole():
    return push(Station(machine()), _life())


def test_a_life_in_short(whole):
    assert [step.record.index for step in whole] == list(range(32))
    assert [step.position for step in whole] == [N * (k + 1) for k in range(32)]
    assert [step.record.time_s for step in whole] == [START_S + k + 1.0 for k in range(32)]
    zones = "".join(step.record.state["iso"]["zone"] for step in whole)
    assert zones == "A" * 22 + "D" * 4 + "A" * 6
    changes = [(k, c.name, c.level, c.raised) for k, step in enumerate(whole) for c in step.changes]
    # The third record in zone D confirms it; the third one that is well again clears.
    assert changes == [
        (24, "iso", "alarm", True),
        (24, "normal", "alarm", True),
        (28, "iso", "alarm", False),
        (28, "normal", "alarm", False),
    ]
    assert [(k, e.kind) for k, step in enumerate(whole) for e in step.events][:1] == [(19, "learned")]
    assert [k for k, step in enumerate(whole) if step.waveform is not None] == [24]
    np.testing.assert_array_equal(whole[24].waveform, _life()[24 * N : 25 * N].astype(np.float32))
    assert whole[24].record.alarms == ["iso", "normal"] and whole[28].record.alarms == []
    assert "Stop the machine" in whole[24].record.advisory and "zone D" in whole[24].record.advisory
    assert whole[10].record.health_percent > 75 and whole[25].record.health_percent < 25
    assert whole[23].record.state["normal"]["distance"] > 2 * whole[23].record.state["normal"]["limit"]
    np.testing.assert_allclose(whole[0].record.features["velocity_rms_mm_s"], 1.0, rtol=0.1)
    assert Record.from_dict(json.loads(whole[5].record.to_json())) == whole[5].record


@pytest.mark.parametrize("sizes", [(1000,), (4000,), (12001, 3, 0, 4096), (799, 1, 1, 9999)])
def test_steps_do_not_depend_on_the_blocks(whole, sizes):
    life = _life()
    steps, at, turn, station = [], 0, 0, Station(machine())
    while at < len(life):
        size = sizes[turn % len(sizes)]
        part = life[at : at + size]
        steps += station.push(Block("PUMP", START_S + at / RATE_HZ, part, at, 0, ""))
        at, turn = at + size, turn + 1
    assert list(map(everything, steps)) == list(map(everything, whole))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 9000), min_size=1, max_size=12).filter(any))
def test_records_do_not_depend_on_any_blocks(whole, sizes):
    steps = push(Station(machine()), _life()[: 4 * N], sizes=[*sizes, 7000])
    assert list(map(everything, steps)) == list(map(everything, whole[:4]))


def test_a_restart_at_every_record_changes_nothing(whole):
    """As the gateway does: memory through JSON, position and epoch of the last step; some samples come once more."""
    life, memory, position, steps = _life(), None, 0, []
    for k in range(32):
        station = Station(machine(), None, memory, position, 0)
        again = max(0, position - 700)
        steps += push(station, life[again : (k + 1) * N + 1234], position=again, sizes=(900,))[:1]
        memory, position = json.loads(json.dumps(steps[-1].memory, allow_nan=False)), steps[-1].position
    assert list(map(everything, steps)) == list(map(everything, whole))


def test_cookies_are_of_blocks_that_are_over():
    steps = push(Station(machine()), vibration(3), sizes=(3000,))
    assert [step.cookie for step in steps] == ["to 3000", "to 6000", "to 12000"]
    one = push(Station(machine(), cookie="before"), vibration(2), sizes=(5000, 3000))
    assert [step.cookie for step in one] == ["before", "to 8000"]


def test_a_waveform_reaches_into_the_record_before():
    life = _life()
    steps = push(Station(machine(waveform_s=1.5)), life, sizes=(1700,))
    np.testing.assert_array_equal(steps[24].waveform, life[25 * N - 6000 : 25 * N].astype(np.float32))
    assert push(Station(machine(waveform_s=0.0)), life)[24].waveform is None


def test_missing_samples_cost_their_record_and_are_said():
    life = vibration(6)
    station = Station(machine())
    assert len(push(station, life[: N + 500])) == 1
    # 1000 samples are lost in record 1; record 2 begins at its place.
    steps = push(station, life[N + 1500 :], position=N + 1500)
    assert [step.record.index for step in steps] == [2, 3, 4, 5]
    (event,) = steps[0].events
    assert event.kind == "gap" and event.detail == {"lost": 1000, "dropped": 500, "epoch": 0}
    np.testing.assert_array_equal(
        [step.record.features["peak_g"] for step in steps],
        [step.record.features["peak_g"] for step in push(Station(machine()), life)[2:]],
    )


def test_a_new_epoch_begins_at_0():
    station = Station(machine())
    push(station, vibration(2)[:-100])
    steps = push(station, vibration(2, 5), epoch=3)
    assert [(step.epoch, step.record.epoch, step.record.index) for step in steps] == [(3, 3, 0), (3, 3, 1)]
    assert [(e.kind, e.detail["dropped"]) for e in steps[0].events] == [("gap", 3900)]
    assert push(station, vibration(2), epoch=2) == []  # sent late
    resumed = Station(machine(), None, json.loads(json.dumps(steps[-1].memory)), steps[-1].position, 3)
    assert [step.record.index for step in push(resumed, vibration(1), position=2 * N, epoch=3)] == [2]


def test_another_length_of_record_goes_on_counting():
    first = push(Station(machine()), vibration(22))[-1]
    memory = json.loads(json.dumps(first.memory))
    changed = machine(record_s=2.5)
    steps = push(Station(changed, None, memory, first.position, 0), vibration(5), position=first.position)
    assert [step.record.index for step in steps] == [22, 23]
    assert [event.kind for event in steps[0].events] == ["relearn"] and steps[0].record.state["normal"][
        "learning"
    ] < 0.1
    memory = json.loads(json.dumps(steps[-1].memory))
    again = push(Station(changed, None, memory, steps[-1].position, 0), vibration(3), position=steps[-1].position)
    assert [step.record.index for step in again] == [24]


@pytest.mark.parametrize("memory", [{"version": 9}, {"version": 1, "base": "x"}, {"version": 1, "alarms": 3}, {"a": 1}])
def test_a_damaged_memory_is_begun_anew(memory):
    (step,) = push(Station(machine(), None, memory, N, 0), vibration(1), position=N)
    assert step.record.index == 1 and "cannot be read" in step.events[0].text


def test_relearn():
    station = Station(machine())
    life = vibration(22)
    assert push(station, life)[-1].record.state["normal"]["learning"] == 1.0
    station.relearn()
    (step,) = push(station, vibration(1, 9), position=len(life))
    assert step.record.state["normal"]["learning"] == 0.05 and step.events[0].kind == "relearn"


def test_relearn_ends_the_alarm_that_would_keep_it_from_learning():
    station = Station(machine())
    life = np.concatenate([vibration(22), vibration(4, 1, noise_g=0.05)])
    assert push(station, life)[-1].record.alarms == ["normal"]
    station.relearn()
    steps = push(station, vibration(21, 2, noise_g=0.05), position=len(life))
    assert [(c.name, c.raised, c.text) for c in steps[0].changes] == [("normal", False, "normal: learned anew")]
    assert [event.kind for event in steps[0].events] == ["relearn", "cleared"] and steps[0].record.alarms == []
    assert steps[-1].record.state["normal"]["distance"] < 4.0 and steps[-1].record.alarms == []


def test_a_sensor_that_fails_is_an_alarm_and_hides_the_rest():
    station = Station(machine())
    life = vibration(28)
    life[22 * N : 26 * N] = np.nan
    steps = push(station, life)
    assert steps[23].record.features == {} and steps[23].record.health_percent is None
    assert steps[23].record.state["sensor"]["fault"] == "nan" and "iso" not in steps[23].record.state
    assert steps[23].record.refused["velocity_rms_mm_s"] == "4000 of 4000 samples are no finite numbers"
    assert [(k, c.name, c.raised) for k, s in enumerate(steps) for c in s.changes] == [(24, "sensor", True)]
    assert "Check sensor and cable" in steps[24].record.advisory and steps[24].record.alarms == ["sensor"]
    json.loads(steps[23].record.to_json())
    assert np.isnan(steps[24].waveform).all()
    flat = vibration(1)
    flat[1000:1500] = 0.25
    assert push(Station(machine()), flat)[0].record.state["sensor"]["fault"] == "constant"
    assert push(Station(machine()), np.clip(vibration(1), -0.05, 0.05))[0].record.state["sensor"]["fault"] == "clipped"


def test_a_machine_that_stands_still_is_not_judged():
    station = Station(machine(running_rms=0.01))
    life = vibration(32)
    life[22 * N : 28 * N] = 1e-4 * np.random.default_rng(3).standard_normal(6 * N)
    steps = push(station, life)
    still = steps[25].record
    assert [s.record.state["running"] for s in steps] == [True] * 22 + [False] * 6 + [True] * 4
    assert "iso" not in still.state and still.health_percent is None and still.alarms == []
    assert still.refused["normal"] == still.refused["iso"] == "the machine stands still"
    assert not any(step.changes for step in steps) and still.advisory == "The machine stands still: it is not judged."
    # Without it, a stop departs from normal like a defect.
    assert push(Station(machine()), life)[27].record.alarms == ["normal"]


def test_measured_speeds_make_regimes():
    config = machine(rpm=None, regimes=(Regime("idle", 500, 900), Regime("full", 1400, 1600)))
    station, at, seen = Station(config), 0, []
    for rpm in (800.0, 1500.0, 1200.0, None):
        seen += push(station, vibration(1, at), position=at, rpm=rpm)
        at += N
    assert [step.record.regime for step in seen] == ["idle", "full", None, None]
    assert [step.record.rpm for step in seen] == [800.0, 1500.0, 1200.0, None]
    assert "a speed in one of the regimes" in seen[2].record.refused["normal"]
    assert seen[1].record.state["normal"]["learning"] == 0.05
    assert "bpfo_contrast_db" in seen[2].record.features and "speed" in seen[3].record.refused["bearing_lines"]
    free = push(Station(machine(rpm=None)), vibration(1), rpm=1480.0)[0].record
    assert free.regime == "1399 to 1539 rpm"


def test_a_speed_that_changes_within_a_record_has_no_lines():
    station = Station(machine())
    push(station, vibration(1)[:2000], rpm=1400.0)
    (step,) = push(station, vibration(1)[2000:], position=2000, rpm=1600.0)
    assert step.record.refused["bearing_lines"] == "rpm: expected a speed within 2.0% over the record, got 1400 to 1600"


def test_blocks_that_are_none():
    station = Station(machine())
    with pytest.raises(DataError, match="of PUMP"):
        push(station, vibration(1), name="FAN")
    with pytest.raises(DataError, match="one axis"):
        station.push(Block("PUMP", START_S, np.zeros((2, 2)), 0, 0))
    with pytest.raises(DataError, match="time_s"):
        station.push(Block("PUMP", float("nan"), np.zeros(2), 0, 0))
    assert push(Station(machine(alarms=AlarmConfig(confirm=1, within=1))), 1e200 * vibration(1))[0].waveform is not None
    assert push(station, np.arange(N, dtype=np.int16))[0].record.features["peak_g"] > 0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return load_bundle(write_vibration_bundle(tmp_path_factory.mktemp("gateway") / "bundle"))


def _watched(**changes):
    values = {"sample_rate_hz": 12000.0, "rpm": None, "bearing": None, "iso_group": None, "foundation": None}
    return machine(**{**values, "alarms": AlarmConfig(learn_records=20, confirm=2, within=2), **changes})


def _push_12k(station, y):
    return station.push(Block("PUMP", START_S, y, 0, 0, ""))


def test_a_networks_verdict_stands_beside_the_others(bundle):
    y = np.concatenate([bundle_machine("normal", 3, 5), bundle_machine("fault", 3, 6)])
    steps = _push_12k(Station(_watched(), bundle), y)
    verdicts = [step.record.state["verdict"] for step in steps]
    assert [verdict["label"] for verdict in verdicts] == ["normal"] * 3 + ["fault"] * 3
    assert verdicts[0]["healthy"] is True and verdicts[0]["windows"] == 20
    assert [(k, c.name, c.level) for k, s in enumerate(steps) for c in s.changes] == [(4, "verdict", "warning")]
    assert steps[0].record.health_percent > 60 and steps[4].record.health_percent < 40
    assert "The network sees fault" in steps[4].record.advisory
    assert steps[2].record.state["normal"]["learning"] == steps[5].record.state["normal"]["learning"] == 0.15
    assert steps[0].record.refused["iso"].startswith("iso_group and foundation: expected both")


def test_a_network_abstains(bundle):
    (step,) = _push_12k(Station(_watched(), bundle), 30.0 * bundle_machine("normal", 1, 5))
    verdict = step.record.state["verdict"]
    assert (verdict["label"], verdict["reason"], verdict["healthy"]) == (None, "novel", None)
    assert verdict["reason_text"] == "unlike anything trained on"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": "V"}, "PUMP, unit: expected g (the model's) or m/s^2, got V"),
        ({"unit": None}, "PUMP, unit: expected g"),
        ({"sample_rate_hz": 8000.0}, "PUMP: expected 12000 Hz (the model's) or more, got 8000 Hz"),
    ],
)
def test_a_network_that_cannot_be_shown_the_samples(bundle, changes, said):
    y = np.random.default_rng(0).standard_normal(12000)
    step = _push_12k(Station(_watched(**changes), bundle), y)[0]
    assert step.record.refused["verdict"].startswith(said) and "verdict" not in step.record.state

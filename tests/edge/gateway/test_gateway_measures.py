"""Features, normal, trend, health and picture: held against numbers known beforehand."""

import json
import math

import numpy as np
import pytest
from station_steps import machine

from drsn_keras.edge.gateway.config import AlarmConfig
from drsn_keras.edge.gateway.features import measure
from drsn_keras.edge.gateway.health import health_percent
from drsn_keras.edge.gateway.normal import LearnedNormal
from drsn_keras.edge.gateway.normal_features import N_FEATURES, feature_name, normal_features
from drsn_keras.edge.gateway.picture import MOST_POINTS, picture
from drsn_keras.edge.gateway.trend import DAY_S, Trend
from drsn_keras.machinery import amplitude_spectrum, good_fft_length

_RATE_HZ = 12000.0


def _machine(**changes):
    return machine(sample_rate_hz=_RATE_HZ, record_s=4.0, waveform_s=4.0, **changes)


def _struck(bpfo_hz=89.6, seconds=4.0, seed=0):
    """Impacts at the outer race's rate that ring at 3.3 kHz, in noise: g."""
    t = np.arange(round(seconds * _RATE_HZ)) / _RATE_HZ
    since = np.mod(t, 1.0 / bpfo_hz)
    ring = 2.0 * np.exp(-since * 900.0) * np.sin(2.0 * np.pi * 3300.0 * since)
    return ring + 0.1 * np.random.default_rng(seed).standard_normal(len(t))


def test_a_sine_has_the_features_of_a_sine():
    t = np.arange(48000) / _RATE_HZ
    y = 0.5 + 0.1 * np.sin(2.0 * np.pi * 100.0 * t) + 1e-4 * np.random.default_rng(0).standard_normal(len(t))
    found = measure(y, _machine(), 1500.0)
    velocity = 1000.0 * 0.1 * 9.80665 / (2.0 * np.pi * 100.0) / math.sqrt(2.0)
    expected = {"velocity_rms_mm_s": velocity, "acceleration_rms_g": 0.1 / math.sqrt(2.0), "peak_g": 0.1}
    expected |= {"crest": math.sqrt(2.0), "kurtosis": 1.5}
    for name, value in expected.items():
        assert found.features[name] == pytest.approx(value, rel=5e-3), name
    metric = measure(9.80665 * y, _machine(unit="m/s^2"), 1500.0)
    assert metric.features["peak_g"] == pytest.approx(found.features["peak_g"], rel=1e-5)


def test_slow_shafts_are_measured_from_2_hz():
    t = np.arange(240_000) / _RATE_HZ
    y = 0.01 * np.sin(2.0 * np.pi * 5.0 * t) + 1e-6 * np.random.default_rng(0).standard_normal(len(t))
    slow, fast = (measure(y, _machine(bearing=None), rpm).features["velocity_rms_mm_s"] for rpm in (300.0, 1500.0))
    assert slow == pytest.approx(1000.0 * 0.0980665 / (2.0 * np.pi * 5.0) / math.sqrt(2.0), rel=0.01) and fast < 0.1


def test_an_outer_races_defect_stands_out():
    found = measure(_struck(), _machine(), 1500.0)
    assert found.evidence["strongest"] == "BPFO" and found.evidence["found"]["BPFO"] == [3, 3]
    assert found.features["bpfo_contrast_db"] > 26 > found.features["bpfi_contrast_db"]
    assert found.features["bpfo_harmonics"] == 3.0 and "bsf2_contrast_db" in found.features
    assert found.features["envelope_high_hz"] - found.features["envelope_low_hz"] >= 500.0
    # The speed of the lines is what is told: another speed, no line.
    assert measure(_struck(), _machine(), 1100.0).evidence["strongest"] is None
    # The band that was found is used again.
    again = measure(_struck(), _machine(), 1500.0, None, found.band)
    assert (again.band, again.features) == (found.band, found.features)


@pytest.mark.parametrize(
    ("changes", "rpm", "refused"),
    [
        ({"unit": None}, 1500.0, {"velocity_rms_mm_s": "unit: expected g or m/s^2, got none"}),
        ({"unit": "V"}, 1500.0, {"acceleration_rms_g": "unit: expected g or m/s^2, got V"}),
        ({"bearing": None}, 1500.0, {"bearing_lines": "bearing: expected its geometry, got none"}),
        ({}, None, {"bearing_lines": "rpm: expected the shaft's speed (the lines move with it), got none"}),
        (
            {"sample_rate_hz": 1000.0},
            None,
            {"velocity_rms_mm_s": "band: expected at most 500 Hz (half the rate), got 1"},
        ),
    ],
)
def test_what_is_not_known_is_refused_with_its_reason(changes, rpm, refused):
    config = machine(**{"sample_rate_hz": _RATE_HZ, "record_s": 4.0, "waveform_s": 4.0, **changes})
    found = measure(_struck(), config, rpm)
    for name, reason in refused.items():
        assert found.refused[name].startswith(reason) and name not in found.features
    assert {"crest", "kurtosis"} <= set(found.features)


def test_a_short_record_refuses_the_cage_alone():
    found = measure(_struck(seconds=1.0), _machine(), 1500.0)
    assert "(a longer signal)" in found.refused["ftf_contrast_db"] and "bpfo_contrast_db" in found.features


def test_huge_and_tiny_numbers_break_nothing():
    y = _struck()
    for scale in (1e-30, 1e30, 1e200):
        found = measure(scale * y, _machine(), 1500.0)
        assert all(math.isfinite(value) for value in found.features.values())


def test_good_lengths():
    assert good_fft_length(2) == 2 and good_fft_length(1009) == 1008
    odd = measure(_struck()[:47981], _machine(), 1500.0)  # a prime number of samples
    assert odd.evidence["strongest"] == "BPFO"


def _rows(n, seed=0, spread=0.02):
    return np.linspace(-3.0, 3.0, N_FEATURES) + spread * np.random.default_rng(seed).standard_normal((n, N_FEATURES))


def _learned(rows, config=None):
    normal = LearnedNormal(config or AlarmConfig(learn_records=len(rows)))
    for row in rows:
        state = normal.judge(row, "all", True)
    assert state.learned_now
    return normal


def test_a_distance_is_of_the_three_largest_deviations():
    normal = _learned(_rows(60))
    centre = np.median(_rows(60), axis=0)
    moved = centre.copy()
    moved[[2, 5]] += (0.6, -0.8)
    state = normal.judge(moved, "all", True)
    assert state.distance == pytest.approx(math.sqrt((6.0**2 + 8.0**2) / 3.0), abs=0.02)  # spreads are 0.1 at least
    assert (state.limit, state.most[:2]) == (4.0, (5, 2))


def test_outliers_while_learning_move_neither_centre_nor_limit():
    rows = _rows(60)
    rows[[10, 40]] += 3.0
    state = _learned(rows).judge(np.median(_rows(60), axis=0), "all", True)
    assert state.distance < 0.1 and state.limit == 4.0


def test_a_wide_normal_has_a_wide_limit():
    rows = _rows(60, spread=0.02)
    rows += np.where(np.arange(60) % 8 == 0, 1.0, 0.0)[:, None]
    assert _learned(rows).judge(rows[1], "all", True).limit > 10.0


def test_regimes_are_learned_apart_and_frozen():
    normal = LearnedNormal(AlarmConfig(learn_records=20))
    for row in _rows(20):
        normal.judge(row, "full", True)
    assert normal.judge(_rows(1)[0] + 1.0, "idle", True).learning == 0.05
    before = json.dumps(normal.memory()["full"])
    for row in _rows(50, 3) + 0.2:
        normal.judge(row, "full", True)
    assert json.dumps(normal.memory()["full"]) == before
    normal.relearn("full")
    assert set(normal.memory()) == {"idle"}
    for i in range(40):
        state = normal.judge(_rows(1)[0], str(i), True)
    assert state is None and len(normal.memory()) == 32


def test_long_learning_keeps_few_rows():
    normal = LearnedNormal(AlarmConfig(learn_records=1000))
    for row in _rows(999):
        state = normal.judge(row, "all", True)
    assert len(normal.memory()["all"]["rows"]) <= 128 and state.learning == 0.999
    assert normal.judge(_rows(1)[0], "all", True).learned_now


def test_features_of_a_normal_are_named():
    y = np.random.default_rng(0).standard_normal(24000) + np.sin(2 * np.pi * 1200.0 * np.arange(24000) / _RATE_HZ) * 9
    frequency_hz, amplitude = amplitude_spectrum(y, _RATE_HZ)
    found = normal_features(frequency_hz, amplitude, 3.0, 4.0)
    low, high = map(float, feature_name(int(np.argmax(found)), len(frequency_hz), 0.5)[:-3].split(" to "))
    assert low < 1200.0 < high and len(found) == N_FEATURES
    assert feature_name(16, 100, 1.0) == "kurtosis"
    # No line is lost between two bands: the powers add up.
    assert np.exp(2 * found[:16]).sum() == pytest.approx(np.square(amplitude[30:]).sum(), rel=0.01)


def _trend(values, step_s):
    trend = Trend(1)
    for i, value in enumerate(values):
        trend.add(1e9 + i * step_s, [value])
    return trend


def test_a_slope_and_the_days_to_a_limit():
    days = np.arange(2000) / 200.0
    rng = np.random.default_rng(0)
    values = 2.0 + 0.1 * days + 0.05 * rng.standard_normal(2000)
    values[::50] += 3.0  # knocks
    slope = _trend(values, DAY_S / 200).slope(0)
    assert slope.per_day == pytest.approx(0.1, rel=0.05) and slope.now == pytest.approx(3.0, abs=0.08)
    assert slope.days_to(4.5) == pytest.approx(15.0, rel=0.1)
    assert slope.days_to(2.0) == 0.0 and slope.days_to(500.0) is None


def test_no_slope_where_there_is_none():
    rng = np.random.default_rng(1)
    assert all(_trend(3.0 + rng.standard_normal(400), 60.0).slope(0) is None for _ in range(20))
    assert _trend(np.full(400, 100.0), 60.0).slope(0) is None
    assert _trend(np.arange(10.0), 60.0).slope(0) is None
    falling = _trend(5.0 - 0.01 * np.arange(200), 60.0).slope(0)
    assert falling.per_day < 0 and falling.days_to(9.0) is None


def test_a_trend_is_bounded_forgets_and_goes_on():
    trend, memory = Trend(2), None
    for i in range(5000):
        trend.add(1e9 + 10.0 * i, [float(i), None if i % 3 else 1.0])
        if i == 2500:
            memory = json.loads(json.dumps(trend.memory()))
    assert len(json.dumps(trend.memory())) < 4000
    again = Trend(2, memory)
    for i in range(2501, 5000):
        again.add(1e9 + 10.0 * i, [float(i), None if i % 3 else 1.0])
    assert again.memory() == trend.memory() and again.slope(0) == trend.slope(0)
    trend.add(1e9 + 40 * DAY_S, [1.0, 1.0])
    for _ in range(100):
        trend.add(1e9 + 41 * DAY_S, [1.0, 1.0])
    assert all(time_s > 30 * DAY_S for time_s, *_ in trend.memory()["points"])
    trend.add(1e9, [1.0, 1.0])  # the clock was set back
    assert len(trend.memory()["points"]) == 1


def test_health_is_the_least_of_what_is_known():
    assert health_percent(80.0, 60.0, 0.99) == 60.0 and health_percent(None, None, 0.5) == 50.0


def test_pictures_keep_peaks_and_are_small():
    found = measure(_struck(), _machine(), 1500.0)
    drawn = picture(found, _machine(), 1500.0)
    assert drawn["lines"]["BPFO"] == pytest.approx([89.6, 179.2, 268.8], rel=1e-3) and len(drawn["lines"]["2xBSF"]) == 3
    assert drawn["lines"]["shaft"] == [25.0]
    for part, unit in (("spectrum", "mm_s"), ("envelope", "g")):
        assert len(drawn[part]["hz"]) == len(drawn[part][unit]) <= MOST_POINTS
    frequency_hz, amplitude = found.envelope
    shown = frequency_hz <= 500.0
    peak = int(np.argmax(amplitude[shown]))
    at = int(np.argmax(drawn["envelope"]["g"]))
    assert drawn["envelope"]["hz"][at] == pytest.approx(frequency_hz[peak], abs=0.01)
    assert drawn["envelope"]["g"][at] == pytest.approx(amplitude[peak], rel=1e-3)
    assert len(json.dumps(drawn)) < 20_000
    assert "V" in picture(measure(_struck(), _machine(unit="V"), None), _machine(unit="V"), None)["spectrum"]
    assert picture(measure(np.zeros(48000), _machine(), None), _machine(), None) == {"lines": {}}

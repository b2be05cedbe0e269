"""Velocity, ISO zones, units and time-domain features."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import (
    STANDARD_GRAVITY_M_S2,
    TIME_FEATURES,
    ZONE_LIMITS_MM_S,
    iso_zone,
    time_features,
    velocity_mm_s,
    velocity_rms_mm_s,
    zone_limits_mm_s,
)

RATE = 12000


def sine(f_hz, amplitude=1.0, seconds=2.0, rate_hz=RATE):
    return amplitude * np.sin(2.0 * np.pi * f_hz * np.arange(round(seconds * rate_hz)) / rate_hz + 0.4)


@pytest.mark.parametrize("f_hz", [12.0, 29.95, 100.0, 333.3, 990.0])
@pytest.mark.parametrize("offset", [0.0, 9.81])
def test_velocity_of_a_sine_is_acceleration_over_angular_frequency(f_hz, offset):
    expected = 1000.0 * 4.0 / (2.0 * np.pi * f_hz) / np.sqrt(2.0)
    # A constant (gravity, an offset) is no vibration and must not leak in.
    assert velocity_rms_mm_s(offset + sine(f_hz, 4.0), RATE, "m/s^2") == pytest.approx(expected, rel=0.02)
    assert velocity_rms_mm_s(offset + sine(f_hz, 4.0, 10.0), RATE, "m/s^2") == pytest.approx(expected, rel=2e-3)


def test_unit_is_g_of_standard_gravity():
    y = sine(50.0)
    in_g = velocity_rms_mm_s(y, RATE, "g")
    assert in_g == pytest.approx(STANDARD_GRAVITY_M_S2 * velocity_rms_mm_s(y, RATE, "m/s^2"))


def test_powers_of_several_tones_add_and_those_outside_the_band_do_not():
    y = sine(50.0, 2.0, 4.0) + sine(200.0, 6.0, 4.0)
    expected = 1000.0 * np.hypot(2.0 / (2 * np.pi * 50.0), 6.0 / (2 * np.pi * 200.0)) / np.sqrt(2.0)
    outside = sine(5.0, 1.0, 4.0) + sine(3000.0, 20.0, 4.0)
    assert velocity_rms_mm_s(y + outside, RATE, "m/s^2") == pytest.approx(expected, rel=2e-3)


def test_waveform_is_the_integral():
    y, t = sine(100.0, 5.0), np.arange(2 * RATE) / RATE
    expected = -1000.0 * 5.0 / (2.0 * np.pi * 100.0) * np.cos(2.0 * np.pi * 100.0 * t + 0.4)
    np.testing.assert_allclose(velocity_mm_s(y, RATE, "m/s^2"), expected, atol=1e-9)


def test_several_channels_at_once():
    y = np.stack([sine(50.0), 3.0 * sine(50.0)])
    rms = velocity_rms_mm_s(y, RATE, "g")
    assert rms.shape == (2,)
    assert rms[1] == pytest.approx(3.0 * rms[0])


@pytest.mark.parametrize(
    ("call", "error", "why"),
    [
        (lambda: velocity_rms_mm_s(sine(50.0), RATE, None), UsageError, "unit"),
        (lambda: velocity_rms_mm_s(sine(50.0), RATE, "mm/s"), UsageError, "g or m/s"),
        (lambda: velocity_rms_mm_s(sine(50.0), None, "g"), UsageError, "sample_rate_hz"),
        (lambda: velocity_rms_mm_s(sine(50.0, seconds=0.5), RATE, "g"), DataError, "at least 1 s"),
        (lambda: velocity_rms_mm_s(sine(50.0, rate_hz=1600), 1600, "g"), DataError, "800 Hz"),
        (lambda: velocity_rms_mm_s(np.zeros(RATE), RATE, "g"), DataError, "constant 0"),
        (lambda: velocity_rms_mm_s(sine(50.0) * np.nan, RATE, "g"), DataError, "NaN"),
        (lambda: velocity_rms_mm_s(sine(50.0), RATE, "g", (0.0, 1000.0)), UsageError, "lower edge"),
        (lambda: iso_zone(1.0, 3, "rigid"), UsageError, "group"),
        (lambda: iso_zone(1.0, None, "rigid"), UsageError, "group"),
        (lambda: iso_zone(1.0, 1, "soft"), UsageError, "foundation"),
        (lambda: iso_zone(float("nan"), 1, "rigid"), UsageError, "velocity"),
        (lambda: iso_zone(-0.1, 1, "rigid"), UsageError, "velocity"),
        (lambda: iso_zone("2", 1, "rigid"), UsageError, "velocity"),
        (lambda: time_features(np.ones(100)), DataError, "constant 1"),
        (lambda: time_features(np.zeros(3)), DataError, "at least 8"),
    ],
)
def test_nothing_is_guessed(call, error, why):
    with pytest.raises(error, match=why) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("group", "foundation", "limits"),
    [
        (1, "rigid", (2.3, 4.5, 7.1)),
        (1, "flexible", (3.5, 7.1, 11.0)),
        (2, "rigid", (1.4, 2.8, 4.5)),
        (2, "flexible", (2.3, 4.5, 7.1)),
    ],
)
def test_zones_change_at_the_limits_of_the_standard(group, foundation, limits):
    assert zone_limits_mm_s(group, foundation) == limits
    just_below = [iso_zone(limit - 1e-6, group, foundation) for limit in limits]
    at = [iso_zone(limit, group, foundation) for limit in limits]
    assert just_below == ["A", "B", "C"]
    assert at == ["B", "C", "D"]
    assert iso_zone(0.0, group, foundation) == "A"


def test_there_are_no_other_machines():
    assert set(ZONE_LIMITS_MM_S) == {(g, f) for g in (1, 2) for f in ("rigid", "flexible")}


def test_features_of_a_sine():
    features = time_features(5.0 + sine(50.0, 3.0))
    expected = {
        "rms": 3.0 / np.sqrt(2.0),
        "peak": 3.0,
        "crest_factor": np.sqrt(2.0),
        "kurtosis": 1.5,
        "skewness": 0.0,
        "impulse_factor": np.pi / 2.0,
    }
    assert tuple(features) == TIME_FEATURES
    for name, value in expected.items():
        assert float(features[name]) == pytest.approx(value, abs=2e-3), name


def test_kurtosis_of_gaussian_3_of_laplacian_6_and_as_scipy():
    rng = np.random.default_rng(0)
    assert float(time_features(rng.standard_normal(400_000))["kurtosis"]) == pytest.approx(3.0, abs=0.03)
    assert float(time_features(rng.laplace(size=400_000))["kurtosis"]) == pytest.approx(6.0, abs=0.2)
    y = rng.exponential(size=1000)
    features = time_features(y)
    assert float(features["kurtosis"]) == pytest.approx(stats.kurtosis(y, fisher=False))
    assert float(features["skewness"]) == pytest.approx(stats.skew(y))


@given(st.floats(1e-150, 1e150), st.integers(0, 2**32 - 1))
def test_shape_does_not_depend_on_the_unit(gain, seed):
    y = np.random.default_rng(seed).standard_normal((2, 50))
    plain, scaled = time_features(y), time_features(gain * y)
    for name in TIME_FEATURES[2:]:
        np.testing.assert_allclose(scaled[name], plain[name], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(scaled["rms"], gain * plain["rms"], rtol=1e-9)
    assert (plain["impulse_factor"] >= plain["crest_factor"]).all()
    assert (plain["crest_factor"] >= 1.0).all()

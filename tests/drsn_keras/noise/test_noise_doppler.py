"""A passing source: retarded time, pitch, loudness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.errors import UsageError
from drsn_keras.noise.doppler import SPEED_OF_SOUND_M_S, Passage, passing_noise
from drsn_keras.noise.engine import render_engine
from drsn_keras.noise.horn import render_horn
from drsn_keras.noise.siren import render_siren
from drsn_keras.noise.spectrum import hump
from drsn_keras.noise.vehicle import draw_vehicle, render_vehicle

RATE = 16000
SPEED_M_S = 30.0
RATIO = (SPEED_OF_SOUND_M_S + SPEED_M_S) / (SPEED_OF_SOUND_M_S - SPEED_M_S)


def strongest_hz(y, low_hz, high_hz, sample_rate_hz=RATE):
    """Frequency of the strongest line between two limits."""
    length = 2**18
    power = np.abs(np.fft.rfft(y * np.hanning(len(y)), length))
    f = np.arange(len(power)) * (sample_rate_hz / length)
    inside = (f >= low_hz) & (f <= high_hz)
    return f[inside][power[inside].argmax()]


def ratio_of_pitch(y, low_hz, high_hz):
    """Frequency in the first half second over that in the last."""
    half = RATE // 2
    return strongest_hz(y[:half], low_hz, high_hz) / strongest_hz(y[-half:], low_hz, high_hz)


@given(st.floats(0.0, 60.0), st.floats(0.5, 50.0), st.floats(-20.0, 20.0))
def test_sound_arrives_after_it_has_travelled(speed_m_s, distance_m, passing_s):
    t = np.linspace(-10.0, 10.0, 2001)
    heard = Passage(speed_m_s, distance_m, passing_s).heard(t)
    range_m = np.hypot(distance_m, speed_m_s * (heard.emitted_s - passing_s))
    np.testing.assert_allclose(heard.range_m, range_m, rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(heard.emitted_s + range_m / SPEED_OF_SOUND_M_S, t, atol=1e-8)
    between = np.diff(heard.emitted_s) / np.diff(t)
    low, high = np.minimum(heard.pitch[1:], heard.pitch[:-1]), np.maximum(heard.pitch[1:], heard.pitch[:-1])
    assert np.all((between >= low - 1e-7) & (between <= high + 1e-7))


PASSAGE = {"speed_m_s": SPEED_M_S, "distance_m": 2.0, "passing_s": 2.5}
HORN = {"tones_hz": [400.0], "peak_harmonic": 1.0, "presses_s": [[-9.0, 20.0]], **PASSAGE}


def test_a_horn_falls_in_pitch_by_the_doppler_ratio():
    y = render_horn(HORN, np.random.default_rng(0), 5 * RATE, RATE)
    assert ratio_of_pitch(y, 300.0, 500.0) == pytest.approx(RATIO, rel=0.003)
    # On the approach alone: c / (c - v).
    approach = SPEED_OF_SOUND_M_S / (SPEED_OF_SOUND_M_S - SPEED_M_S)
    assert strongest_hz(y[: RATE // 2], 300.0, 500.0) == pytest.approx(400.0 * approach, rel=0.003)


def test_an_engine_falls_in_pitch_by_the_doppler_ratio():
    engine = {
        "cylinders": 4,
        "speed_rpm": 6000.0,
        "fall_db_per_octave": 20.0,
        "between_db": -80.0,
        "wander": 0.0,
        "roughness": 0.0,
    }
    heard = Passage(**PASSAGE).heard(np.arange(5 * RATE) / RATE)
    y = render_engine(engine, np.random.default_rng(0), heard, RATE)
    assert ratio_of_pitch(y, 150.0, 260.0) == pytest.approx(RATIO, rel=0.005)
    # Fires 6000 / 60 * 4 / 2 = 200 times a second.
    still = Passage(0.0, 5.0, 0.0).heard(np.arange(RATE) / RATE)
    y = render_engine(engine, np.random.default_rng(0), still, RATE)
    assert strongest_hz(y, 20.0, 2000.0) == pytest.approx(200.0, abs=0.5)


def test_noise_falls_in_pitch_by_the_doppler_ratio():
    heard = Passage(**PASSAGE).heard(np.arange(5 * RATE) / RATE)
    y = passing_noise(np.random.default_rng(0), heard, RATE, lambda f: np.exp(-(((f - 3000.0) / 60.0) ** 2)))

    def centre_hz(part):
        power = np.abs(np.fft.rfft(part)) ** 2
        return np.sum(np.arange(len(power)) * power) / np.sum(power) * RATE / len(part)

    assert centre_hz(y[: RATE // 2]) / centre_hz(y[-RATE // 2 :]) == pytest.approx(RATIO, rel=0.01)


def test_passing_noise_fills_the_band_and_folds_nothing_back():
    heard = Passage(**PASSAGE).heard(np.arange(5 * RATE) / RATE)
    flat = passing_noise(np.random.default_rng(0), heard, RATE, np.ones_like)
    for part in (flat[: 2 * RATE], flat[-2 * RATE :]):
        power = np.abs(np.fft.rfft(part)) ** 2
        top, middle = power[int(0.97 * len(power)) :].mean(), power[len(power) // 4 : len(power) // 2].mean()
        assert 10 * np.log10(top / middle) == pytest.approx(0.0, abs=2.0)
    # 7400 Hz is heard at 8100 Hz on the approach: not at all, and not as 7900 Hz either.
    narrow = passing_noise(np.random.default_rng(0), heard, RATE, lambda f: np.exp(-(((f - 7500.0) / 20.0) ** 2)))
    assert np.mean(narrow[: 2 * RATE] ** 2) < 1e-3 * np.mean(narrow[-2 * RATE :] ** 2)


def test_loudness_falls_with_distance():
    y = render_horn({**HORN, "speed_m_s": 0.0}, np.random.default_rng(0), RATE, RATE)
    # 7.5 m is where the power is 1; at 2 m it is (7.5 / 2)^2.
    assert np.mean(y**2) == pytest.approx((7.5 / 2.0) ** 2, rel=0.05)
    moving = render_horn(HORN, np.random.default_rng(0), 5 * RATE, RATE)
    near = np.mean(moving[int(2.5 * RATE) : int(2.52 * RATE)] ** 2)
    far = np.mean(moving[:800] ** 2)
    heard = Passage(**PASSAGE).heard(np.array([0.025, 2.51]))
    assert near / far == pytest.approx((heard.range_m[0] / heard.range_m[1]) ** 2, rel=0.2)


def vehicle(**changes):
    part = draw_vehicle(np.random.default_rng(4), 1.0)
    return {**part, "distance_m": 6.0, "passing_s": 1.0, "engine_db": -200.0, "tyre_db": 0.0, **changes}


def test_tyres_get_louder_and_brighter_with_speed():
    half = RATE // 20
    rms, centre = [], []
    for speed in (10.0, 20.0):
        parts = [
            render_vehicle(vehicle(speed_m_s=speed), np.random.default_rng(seed), 2 * RATE, RATE)[
                RATE - half : RATE + half
            ]
            for seed in range(20)
        ]
        power = np.mean(np.abs(np.fft.rfft(parts)) ** 2, axis=0)
        rms.append(np.sqrt(np.mean(np.square(parts))))
        centre.append(np.sum(np.arange(len(power)) * power) / np.sum(power))
    # 35 log10(2) = 10.5 dB, less what the faster one loses by being further away at the ends.
    assert 20 * np.log10(rms[1] / rms[0]) == pytest.approx(10.5, abs=0.7)
    assert centre[1] > 1.02 * centre[0]


def test_a_vehicle_is_loudest_as_it_passes():
    for seed in range(5):
        y = render_vehicle(vehicle(speed_m_s=25.0), np.random.default_rng(seed), 2 * RATE, RATE)
        loudness = np.convolve(y**2, np.ones(1600) / 1600, mode="same")
        assert loudness.argmax() / RATE == pytest.approx(1.0, abs=0.25)
        assert loudness.max() > 10.0 * loudness[800]


def test_a_vehicle_long_gone_is_silent():
    y = render_vehicle(vehicle(speed_m_s=30.0, passing_s=-500.0), np.random.default_rng(0), RATE, RATE)
    assert not y.any()


def test_tyre_noise_peaks_where_it_should():
    part = vehicle(speed_m_s=13.9, tyre_peak_hz=900.0, tyre_rise_db_per_octave=6.0, tyre_fall_db_per_octave=6.0)
    y = render_vehicle(part, np.random.default_rng(0), 2 * RATE, RATE)
    power = np.mean(np.abs(np.fft.rfft(y[: 62 * 512].reshape(-1, 512) * np.hanning(512))) ** 2, axis=0)
    expected = hump(900.0, 6.0, 6.0)(np.arange(1, 257) * (RATE / 512)) ** 2
    difference_db = 10 * np.log10(power[3:250] / expected[2:249])
    assert np.std(difference_db) < 1.5


@pytest.mark.parametrize(("pattern", "rate_hz"), [("wail", 0.25), ("yelp", 3.0), ("hi_lo", 0.5)])
def test_a_siren_stays_between_its_tones_and_repeats(pattern, rate_hz):
    part = {"pattern": pattern, "rate_hz": rate_hz, "start_cycle": 0.0, "low_hz": 500.0, "high_hz": 1000.0}
    part |= {"fall_db_per_octave": 60.0, "speed_m_s": 0.0, "distance_m": 0.01, "passing_s": 0.0}
    y = render_siren(part, np.random.default_rng(0), 4 * RATE, RATE)
    pitch = np.array([strongest_hz(y[k : k + 800], 100.0, 4000.0) for k in range(0, len(y) - 800, 400)])
    assert pitch.min() == pytest.approx(500.0, rel=0.04)
    assert pitch.max() == pytest.approx(1000.0, rel=0.04)
    period = round(RATE / 400 / rate_hz)
    if period < len(pitch):
        np.testing.assert_allclose(pitch[period:], pitch[:-period], rtol=0.08)
    if pattern == "hi_lo":
        middle = (pitch > 550.0) & (pitch < 950.0)
        assert middle.mean() < 0.08


@pytest.mark.parametrize(
    ("speed_m_s", "distance_m", "line"),
    [
        (343.0, 5.0, "passage, speed_m_s: expected 0 to below 343 m/s, got 343.0"),
        (-1.0, 5.0, "passage, speed_m_s: expected 0 to below 343 m/s, got -1.0"),
        (float("nan"), 5.0, "passage, speed_m_s: expected 0 to below 343 m/s, got nan"),
        (10.0, 0.0, "passage, distance_m: expected a number above 0, got 0.0"),
    ],
)
def test_impossible_passages_are_refused(speed_m_s, distance_m, line):
    with pytest.raises(UsageError) as error:
        Passage(speed_m_s, distance_m, 0.0)
    assert str(error.value) == line

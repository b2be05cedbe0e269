"""The machines of the factory, and tones that stay below half the rate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from drsn_keras.noise import FactoryNoise
from drsn_keras.noise.compressor import draw_compressor, render_compressor
from drsn_keras.noise.grinder import draw_grinder, render_grinder
from drsn_keras.noise.horn import render_horn
from drsn_keras.noise.hum import draw_hum, render_hum
from drsn_keras.noise.impact import draw_impacts, render_impacts
from drsn_keras.noise.motor import draw_motor, render_motor, rotor_frequency
from drsn_keras.noise.squeal import draw_squeal, render_squeal
from drsn_keras.noise.tones import harmonics, intermittent, lines

RATE = 16000


def power_at(y, sample_rate_hz, f_hz, half_width_hz=1.0):
    """Share of the power within a band around a frequency."""
    power = np.abs(np.fft.rfft(y)) ** 2
    f = np.arange(len(power)) * (sample_rate_hz / len(y))
    return power[np.abs(f - f_hz) <= half_width_hz].sum() / power.sum()


@pytest.mark.parametrize("sample_rate_hz", [4000, 16000, 44100])
@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_hum_has_lines_at_the_mains_and_nowhere_else(mains_hz, sample_rate_hz):
    part = draw_hum(np.random.default_rng(0), mains_hz)
    y = render_hum(part, np.random.default_rng(1), 4 * sample_rate_hz, sample_rate_hz)
    shares = [power_at(y, sample_rate_hz, k * mains_hz) for k in range(1, 25)]
    assert sum(shares) > 0.99
    assert shares[0] > 0.005
    assert shares[1] > shares[0]


def test_the_mains_line_is_visible_in_the_whole_scene():
    source, other, visible = FactoryNoise(), {50.0: 60.0, 60.0: 50.0}, 0
    for seed in range(30):
        drawn = source.draw(np.random.default_rng(seed), 4 * RATE, RATE)
        mains_hz = next(part["mains_hz"] for part in drawn["parts"] if part["kind"] == "hum")
        y = source.render(drawn, 4 * RATE, RATE)
        visible += power_at(y, RATE, 2 * mains_hz) > 3.0 * power_at(y, RATE, 2 * other[mains_hz])
    assert visible >= 24


def test_motor_lines_lie_at_the_slots_and_twice_the_mains_from_them():
    part = {**draw_motor(np.random.default_rng(0), 50.0), "poles": 4, "slip": 0.04, "rotor_bars": 28, "beat_depth": 0.0}
    part |= {"rush_db": -200.0, "fan_db": -200.0, "slot_db": 0.0, "rotor_db": -10.0}
    assert rotor_frequency(part) == pytest.approx(24.0)
    y = render_motor(part, np.random.default_rng(0), 4 * RATE, RATE)
    # 28 bars * 24 turns a second = 672 Hz, and 100 Hz to either side.
    assert all(power_at(y, RATE, f) > 0.1 for f in (572.0, 672.0, 772.0))
    assert power_at(y, RATE, 24.0) > 0.02
    # The slip makes the tones beat, 2 * slip * mains = 4 times a second: side lines at 4 Hz.
    beating = render_motor({**part, "beat_depth": 0.6}, np.random.default_rng(0), 4 * RATE, RATE)
    assert power_at(y, RATE, 676.0) < 1e-4
    assert power_at(beating, RATE, 676.0) > 0.01


def blow(**changes):
    part = draw_impacts(np.random.default_rng(0), 1.0, "hammer")
    part |= {"modes_hz": [1000.0], "decays_s": [0.05], "amplitudes": [1.0], "hall_db": -200.0, "contact_s": 1e-4}
    return {**part, "first_s": 0.2, "interval_s": 5.0, "jitter": 0.0, "spread_db": 0.0, **changes}


@pytest.mark.parametrize("sample_rate_hz", [4000, 16000, 96000])
@pytest.mark.parametrize("decay_s", [0.02, 0.08])
def test_a_blow_rings_at_its_mode_and_decays(decay_s, sample_rate_hz):
    y = render_impacts(blow(decays_s=[decay_s]), np.random.default_rng(0), sample_rate_hz, sample_rate_hz)
    assert np.abs(y[: int(0.199 * sample_rate_hz)]).max() < 1e-9
    assert power_at(y, sample_rate_hz, 1000.0, 60.0) > 0.9
    envelope = np.abs(signal.hilbert(y))
    t = np.arange(len(y)) / sample_rate_hz
    ringing = (t > 0.21) & (t < 0.2 + 3.0 * decay_s)
    slope = np.polyfit(t[ringing], np.log(envelope[ringing]), 1)[0]
    assert slope == pytest.approx(-1.0 / decay_s, rel=0.05)
    # 50 ms at power 1.
    assert np.sum(y**2) / sample_rate_hz == pytest.approx(0.05, rel=0.1)


def test_blows_come_at_their_interval_and_one_before_the_start_still_rings():
    y = render_impacts(blow(interval_s=0.25, first_s=0.1, decays_s=[0.01]), np.random.default_rng(0), 10 * RATE, RATE)
    peaks, _ = signal.find_peaks(np.abs(signal.hilbert(y)), height=0.3 * np.abs(y).max(), distance=RATE // 10)
    assert len(peaks) == 40
    np.testing.assert_allclose(np.diff(peaks) / RATE, 0.25, atol=0.003)
    ringing = render_impacts(blow(interval_s=0.25, first_s=0.2), np.random.default_rng(0), RATE, RATE)
    # The blow at -0.05 s has decayed by one time constant at 0.
    assert 0.2 < np.abs(ringing[:160]).max() / np.abs(ringing[3200:3600]).max() < 0.6


def test_a_body_without_a_mode_below_half_the_rate_is_silent():
    assert not render_impacts(blow(modes_hz=[3900.0]), np.random.default_rng(0), 8000, 8000).any()
    assert not render_impacts(blow(first_s=0.9), np.random.default_rng(0), 1000, 8000).any()


def test_a_press_is_heavier_and_steadier_than_a_hammer():
    lowest = {body: [] for body in ("hammer", "press")}
    for body, values in lowest.items():
        for seed in range(20):
            part = draw_impacts(np.random.default_rng(seed), 2.0, body)
            y = render_impacts(part, np.random.default_rng(seed), 2 * RATE, RATE)
            power = np.abs(np.fft.rfft(y)) ** 2
            values.append(np.sum(np.arange(len(power)) * power) / np.sum(power) / 2.0)
            assert part["jitter"] < (0.36 if body == "hammer" else 0.031)
    assert np.median(lowest["press"]) < 0.5 * np.median(lowest["hammer"])


def envelope_line_hz(y, low_hz, high_hz):
    """Frequency of the strongest line in the spectrum of the squared signal."""
    power = np.abs(np.fft.rfft(y**2 - np.mean(y**2)))
    f = np.arange(len(power)) * (RATE / len(y))
    inside = (f >= low_hz) & (f <= high_hz)
    return f[inside][power[inside].argmax()]


def test_grinding_is_modulated_by_the_disc_which_slows_under_load():
    part = {**draw_grinder(np.random.default_rng(0)), "disc_hz": 150.0, "depth": 0.7, "peak_hz": 3000.0}
    part |= {"on_s": 100.0, "starts_on": True, "whine_db": -200.0, "idle_db": -200.0}
    y = render_grinder(part, np.random.default_rng(0), 4 * RATE, RATE)
    assert envelope_line_hz(y, 60.0, 240.0) == pytest.approx(150.0 * 0.94, rel=0.03)
    idle = render_grinder(
        {**part, "starts_on": False, "off_s": 100.0, "idle_db": 0.0}, np.random.default_rng(0), 4 * RATE, RATE
    )
    assert power_at(idle, RATE, 150.0, 5.0) > 0.3


def test_a_compressor_beats_with_its_strokes_and_switches_off():
    part = {**draw_compressor(np.random.default_rng(0)), "shaft_hz": 12.0, "cylinders": 2, "hiss_depth": 0.9}
    part |= {"on_s": 3.0, "off_s": 3.0, "starts_on": True, "hiss_db": 20.0}
    y = render_compressor(part, np.random.default_rng(3), 30 * RATE, RATE)
    assert envelope_line_hz(y, 5.0, 40.0) == pytest.approx(24.0, rel=0.03)
    seconds = np.sqrt(np.mean(y.reshape(-1, RATE // 10) ** 2, axis=1))
    off = np.mean(seconds < 0.01 * seconds.max())
    assert 0.2 < off < 0.7


def test_squeal_is_narrow_has_vibrato_and_pauses():
    part = {**draw_squeal(np.random.default_rng(0)), "pitch_hz": 2000.0, "vibrato_hz": 6.0, "vibrato_depth": 0.02}
    part |= {"drift": 0.0, "flutter": 0.0, "on_s": 0.8, "off_s": 0.4, "starts_on": True, "fall_db_per_octave": 12.0}
    y = render_squeal(part, np.random.default_rng(0), 8 * RATE, RATE)
    assert power_at(y, RATE, 2000.0, 60.0) > 0.9
    on = np.abs(signal.hilbert(y)) > 0.5
    assert 0.4 < on.mean() < 0.9
    always = render_squeal({**part, "on_s": 100.0, "fall_db_per_octave": 90.0}, np.random.default_rng(0), RATE, RATE)
    pitch = np.diff(np.unwrap(np.angle(signal.hilbert(always))))[800:-800] * RATE / (2 * np.pi)
    assert pitch.min() == pytest.approx(1960.0, abs=5.0)
    assert pitch.max() == pytest.approx(2040.0, abs=5.0)
    assert np.count_nonzero(np.diff(np.sign(pitch - 2000.0))) == pytest.approx(11, abs=2)


def test_changing_one_part_leaves_the_others_as_they_were():
    source, rng = FactoryNoise(), np.random.default_rng(0)
    unheard = {**draw_impacts(rng, 1.0, "hammer"), "level_db": -500.0, "interval_s": 0.5}
    parts = [unheard, draw_hum(rng, 50.0), draw_motor(rng, 50.0)]
    before = source.render({"seed": 5, "parts": parts}, RATE, RATE)
    parts[0] = {**unheard, "interval_s": 0.1}
    np.testing.assert_array_equal(source.render({"seed": 5, "parts": parts}, RATE, RATE), before)


def test_harmonics_above_half_the_rate_are_left_out_not_folded():
    phases = np.zeros(30)
    y = harmonics(437.0, 4000, 4000, np.ones(30), phases)
    # 437, 874, 1311, 1748: four of thirty; each keeps the share it had of the power of 1.
    assert sum(power_at(y, 4000, k * 437.0) for k in (1, 2, 3, 4)) > 0.999
    assert np.mean(y**2) == pytest.approx(4 / 30, rel=1e-3)
    assert not harmonics(2100.0, 4000, 4000, np.ones(30), phases).any()
    assert not lines([2100.0, 5000.0], 4000, 4000, np.ones(2), np.zeros(2)).any()
    np.testing.assert_allclose(
        lines([300.0], 4001, 4000, [1.0], [0.3]), np.sqrt(2) * np.sin(2 * np.pi * 300 * np.arange(4001) / 4000 + 0.3)
    )


def test_a_horn_at_a_low_rate_has_only_its_own_harmonics():
    part = {"tones_hz": [430.0], "peak_harmonic": 5.0, "presses_s": [[-5.0, 5.0]]}
    part |= {"speed_m_s": 0.0, "distance_m": 5.0, "passing_s": 0.0}
    y = render_horn(part, np.random.default_rng(0), 4000, 4000)
    assert sum(power_at(y, 4000, k * 430.0) for k in range(1, 5)) > 0.999


def test_an_intermittent_envelope_keeps_its_share_of_time():
    t = np.arange(200_000) / 1000.0
    on = intermittent(np.random.default_rng(0), t, 0.6, 0.3, 0.02, True)
    assert on.min() == 0.0
    assert on.max() == 1.0
    assert on.mean() == pytest.approx(2 / 3, abs=0.05)
    assert np.abs(np.diff(on)).max() <= 1.5 / 20 + 1e-9

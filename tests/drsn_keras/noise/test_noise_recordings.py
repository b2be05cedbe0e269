"""Noise from arrays that were given: recordings and babble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from drsn_keras.errors import DataError, UsageError
from drsn_keras.noise import BabbleNoise, RecordedNoise
from drsn_keras.noise.loop import cut, loop_period

RATE = 8000


def test_a_cut_that_fits_is_the_recording_itself():
    recording = np.random.default_rng(0).standard_normal(5000)
    source = RecordedNoise("bus", [recording], RATE)
    drawn = source.draw(np.random.default_rng(1), 1000, RATE)
    part = recording[drawn["offset"] : drawn["offset"] + 1000]
    assert np.corrcoef(source.render(drawn, 1000, RATE), part)[0, 1] > 1 - 1e-6


def test_draws_reach_every_recording_and_the_whole_of_it():
    source = RecordedNoise("bus", [np.arange(2000.0), np.arange(3000.0)], RATE)
    drawn = [source.draw(np.random.default_rng(seed), 1000, RATE) for seed in range(400)]
    for recording, room in ((0, 1000), (1, 2000)):
        offsets = [d["offset"] for d in drawn if d["recording"] == recording]
        assert len(offsets) > 120
        assert 0 <= min(offsets) < 0.05 * room
        assert 0.95 * room < max(offsets) <= room


@settings(max_examples=60)
@given(st.integers(8, 3000), st.integers(1, 9000), st.integers(0, 4000))
def test_a_loop_repeats_and_joins_without_a_step(length, n_samples, offset):
    # A slow tone: wherever the loop is joined, neighbouring samples stay close.
    y = cut(np.sin(np.arange(length) * 0.002), offset, n_samples, RATE)
    assert y.shape == (n_samples,)
    assert np.abs(y).max() <= np.sqrt(2.0) + 1e-12
    period = loop_period(length, RATE)
    if offset + n_samples > length and n_samples > period:
        np.testing.assert_array_equal(y[period:], y[:-period])
    fade = length - period
    assert np.abs(np.diff(y)).max(initial=0.0) < 0.01 + 3.0 / max(fade, 1)


def test_the_cross_fade_keeps_the_power_of_noise():
    rng = np.random.default_rng(0)
    joins = []
    for _ in range(200):
        looped = cut(rng.standard_normal(1000), 0, 3000, RATE)
        joins.append(looped[920:1000])
    assert np.mean(np.square(joins)) == pytest.approx(1.0, abs=0.05)


def test_silent_stretches_are_avoided():
    recording = np.zeros(20000)
    recording[9000:14000] = 1.0 - 2.0 * (np.arange(5000) % 2)
    source = RecordedNoise("yard", [recording], RATE)
    for seed in range(300):
        y = source(np.random.default_rng(seed), 400, RATE)
        assert np.mean(y.astype(float) ** 2) == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(DataError, match="yard noise: expected a signal, got silence"):
        source.render({"seed": 0, "recording": 0, "offset": 0}, 400, RATE)


def test_the_callers_array_may_change_afterwards():
    recording = np.random.default_rng(0).standard_normal(500)
    source = RecordedNoise("bus", [recording], RATE)
    drawn = source.draw(np.random.default_rng(1), 300, RATE)
    before = source.render(drawn, 300, RATE)
    recording[:] = 0.0
    np.testing.assert_array_equal(source.render(drawn, 300, RATE), before)


def test_babble_levels_talkers_and_grows_more_gaussian(make_speech):
    rng = np.random.default_rng(0)
    speech = [make_speech(rng, 6000, RATE) * 10.0 ** rng.uniform(-2, 2) for _ in range(40)]
    kurtosis = {}
    for count in (1, 16):
        source = BabbleNoise(speech, RATE, talkers=(count, count))
        drawn = [source.draw(np.random.default_rng(seed), RATE, RATE) for seed in range(20)]
        assert all(len({talker["speech"] for talker in d["talkers"]}) == count for d in drawn)
        kurtosis[count] = np.median([stats.kurtosis(source.render(d, RATE, RATE), fisher=False) for d in drawn])
    # One talker has pauses. Sixteen have none, if none of them drowns the others for being recorded louder.
    assert kurtosis[1] > 3.8
    assert abs(kurtosis[16] - 3.0) < 0.5


@pytest.mark.parametrize(
    ("signals", "line"),
    [
        ([], "bus noise: expected at least one recording, got none"),
        ([np.ones((2, 2))], r"bus noise, recording 0: expected one channel of at least 2 samples, got shape (2, 2)"),
        ([np.arange(5.0), []], "bus noise, recording 1: expected one channel of at least 2 samples, got shape (0,)"),
        ([[0.0, np.nan, 1.0]], "bus noise, recording 0: expected finite samples, got NaN or infinity"),
        ([np.zeros(10)], "bus noise, recording 0: expected a signal, got silence"),
    ],
)
def test_recordings_of_no_use_are_named_in_one_line(signals, line):
    with pytest.raises(DataError) as error:
        RecordedNoise("bus", signals, RATE)
    assert str(error.value) == line
    with pytest.raises(DataError) as error:
        BabbleNoise(signals, RATE)
    assert str(error.value) == line.replace("bus", "babble")


def test_rates_indices_and_numbers_that_do_not_fit_are_refused():
    bus, babble = RecordedNoise("bus", [np.arange(9.0)], RATE), BabbleNoise([np.arange(9.0)], RATE)
    with pytest.raises(DataError, match=r"^bus noise: expected 8000 Hz, got 16000 Hz$"):
        bus.draw(np.random.default_rng(0), 5, 16000)
    with pytest.raises(DataError, match=r"^babble noise: expected 8000 Hz, got 44100 Hz$"):
        babble.draw(np.random.default_rng(0), 5, 44100)
    with pytest.raises(DataError, match="bus noise: expected a recording below 1, got 1"):
        bus.render({"seed": 0, "recording": 1, "offset": 0}, 5, RATE)
    with pytest.raises(DataError, match="babble noise: expected a speech signal below 1, got 3"):
        babble.render({"seed": 0, "talkers": [{"speech": 3, "offset": 0, "level_db": 0.0}]}, 5, RATE)
    with pytest.raises(DataError, match="offset into a recording: expected 0 or more samples, got -4"):
        bus.render({"seed": 0, "recording": 0, "offset": -4}, 5, RATE)
    with pytest.raises(UsageError, match="babble noise, talkers: expected 1 <= least <= most"):
        BabbleNoise([np.arange(9.0)], RATE, talkers=(3, 2))
    with pytest.raises(UsageError, match=r"bus noise, sample_rate_hz: expected a whole number above 0, got 8000\.5"):
        RecordedNoise("bus", [np.arange(9.0)], 8000.5)

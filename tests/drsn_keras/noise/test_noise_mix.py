"""The ratio that was asked for is the ratio that is measured; a mix can be done again."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.errors import DataError, UsageError
from drsn_keras.noise import (
    GENERATORS,
    Mix,
    active_power,
    apply_mix,
    draw_mix,
    make_noise,
    measure_snr_db,
    mix_at_snr,
)

RATE = 8000
KINDS = [*GENERATORS, "babble", "room"]


@pytest.fixture(scope="module")
def sources(make_sources):
    return make_sources(RATE)


@pytest.fixture(scope="module")
def speech(make_speech):
    return make_speech(np.random.default_rng(0), RATE, RATE)


@settings(max_examples=120, deadline=None)
@given(
    kind=st.sampled_from(KINDS), snr_db=st.floats(-20.0, 40.0), seed=st.integers(0, 2**31), gain_db=st.floats(-60, 6)
)
def test_the_measured_ratio_is_the_one_asked_for(sources, speech, kind, snr_db, seed, gain_db):
    y = (speech * 10.0 ** (gain_db / 20.0)).astype(np.float32)
    mix = draw_mix(np.random.default_rng(seed), {kind: sources[kind]}, snr_db, len(y), RATE)
    mixed, noise = apply_mix(y, mix, sources, RATE)
    assert mixed.dtype == noise.dtype == np.float32
    assert measure_snr_db(y, mixed) == pytest.approx(snr_db, abs=1e-3)
    np.testing.assert_allclose(mixed - y, noise, atol=1e-6 * (np.abs(mixed).max() + np.abs(y).max()))


def test_a_ratio_worked_by_hand():
    y, noise = np.array([3.0, -3.0, 3.0, -3.0]), np.array([1.0, 1.0, -1.0, -1.0])
    # Powers 9 and 1: for 0 dB the noise is tripled, for 20 dB it is tripled and divided by ten.
    np.testing.assert_allclose(mix_at_snr(y, noise, 0.0)[1], [3.0, 3.0, -3.0, -3.0], rtol=1e-6)
    np.testing.assert_allclose(mix_at_snr(y, noise, 20.0)[0], [3.3, -2.7, 2.7, -3.3], rtol=1e-6)
    assert measure_snr_db(y, y + noise) == pytest.approx(10 * math.log10(9.0), abs=1e-12)


def test_whole_numbers_are_mixed_as_numbers():
    y = np.array([20000, -20000, 20000, -20000], dtype=np.int16)
    mixed, _ = mix_at_snr(y, np.array([1, 1, -1, -1], dtype=np.int16), 0.0)
    np.testing.assert_allclose(mixed, [40000.0, 0.0, 0.0, -40000.0])


@pytest.mark.parametrize("kind", KINDS)
def test_a_mix_read_from_json_is_replayed_bit_for_bit(make_sources, speech, kind):
    mix = draw_mix(np.random.default_rng(6), {kind: make_sources(RATE)[kind]}, (-10.0, 20.0), len(speech), RATE)
    read = Mix.from_dict(json.loads(json.dumps(mix.to_dict())))
    assert read == mix
    first = apply_mix(speech, mix, make_sources(RATE), RATE)
    again = apply_mix(speech, read, make_sources(RATE), RATE)
    np.testing.assert_array_equal(first, again)


def test_draws_follow_the_generator_and_stay_in_their_limits(sources):
    mixes = [draw_mix(np.random.default_rng(seed), sources, (-5.0, 15.0), 800, RATE) for seed in range(300)]
    ratios = np.array([mix.snr_db for mix in mixes])
    assert -5.0 <= ratios.min() < -4.0
    assert 14.0 < ratios.max() <= 15.0
    assert {mix.noise for mix in mixes} == set(sources)
    assert mixes[7] == draw_mix(np.random.default_rng(7), dict(reversed(sources.items())), (-5.0, 15.0), 800, RATE)


def test_a_fixed_ratio_is_kept(sources):
    assert draw_mix(np.random.default_rng(0), sources, 7, 800, RATE).snr_db == 7.0


def test_active_speech_counts_only_frames_with_speech(sources):
    y = np.zeros(RATE, dtype=np.float32)
    y[2000:4000] = np.sin(np.arange(2000)).astype(np.float32)
    active = active_power(y, RATE)
    # A quarter of the clip sounds: its own power is four times the clip's, 6.02 dB.
    assert 10 * np.log10(active / np.mean(y.astype(float) ** 2)) == pytest.approx(6.02, abs=0.2)
    mix = draw_mix(np.random.default_rng(0), {"white": sources["white"]}, 10.0, RATE, RATE, active_speech=True)
    _, noise = apply_mix(y, Mix.from_dict(json.loads(json.dumps(mix.to_dict()))), sources, RATE)
    assert 10 * np.log10(active / np.mean(noise.astype(float) ** 2)) == pytest.approx(10.0, abs=1e-3)


@given(st.integers(1, 3000), st.integers(0, 50))
def test_active_power_is_never_below_mean_power(n_samples, seed):
    rng = np.random.default_rng(seed)
    y = rng.standard_normal(n_samples) * np.exp(rng.normal(0, 3, n_samples))
    assert active_power(y, RATE) >= np.mean(y**2) * (1.0 - 1e-9)


ONES = np.array([1.0, -1.0, 1.0])


@pytest.mark.parametrize(
    ("y", "noise", "line"),
    [
        (np.zeros(3), ONES, "signal: expected a signal, got silence"),
        (ONES, np.zeros(3), "noise: expected a signal, got silence"),
        (np.array([1.0, np.nan, 0.0]), ONES, "signal: expected finite samples, got NaN or infinity"),
        (ONES, np.array([1.0, np.inf, 0.0]), "noise: expected finite samples, got NaN or infinity"),
        (ONES, ONES[:2], "noise: expected the signal's shape (3,), got shape (2,)"),
        (np.zeros(0), np.zeros(0), "signal: expected a signal, got silence"),
    ],
)
def test_what_cannot_be_mixed_is_named_in_one_line(y, noise, line):
    with pytest.raises(DataError) as error:
        mix_at_snr(y, noise, 3.0)
    assert str(error.value) == line


def test_measuring_a_mix_without_noise_is_refused():
    with pytest.raises(DataError, match="mixed less clean signal: expected a signal, got silence"):
        measure_snr_db(ONES, ONES)
    with pytest.raises(DataError, match="expected the clean one's shape"):
        measure_snr_db(ONES, ONES[:2])


@pytest.mark.parametrize("snr_db", [float("nan"), float("inf"), (5.0, -5.0), (0.0, float("nan"))])
def test_ratios_that_are_none_are_refused(sources, snr_db):
    with pytest.raises(UsageError, match="snr_db: expected a finite number"):
        draw_mix(np.random.default_rng(0), sources, snr_db, 800, RATE)
    if isinstance(snr_db, float):
        with pytest.raises(UsageError, match="snr_db: expected a finite number"):
            mix_at_snr(ONES, ONES, snr_db)


def test_a_mix_that_does_not_fit_is_refused(sources):
    white = {"white": make_noise("white")}
    with pytest.raises(UsageError, match="noise sources: expected at least one, got none"):
        draw_mix(np.random.default_rng(0), {}, 0.0, 800, RATE)
    mix = Mix("room", 0.0, {"seed": 0, "recording": 0, "offset": 0})
    with pytest.raises(DataError, match="noise of the mix: expected one of white, got 'room'"):
        apply_mix(ONES, mix, white, RATE)
    with pytest.raises(DataError, match="room noise: expected 8000 Hz, got 16000 Hz"):
        apply_mix(ONES, mix, sources, 16000)
    with pytest.raises(DataError, match=r"signal to mix: expected shape \(n_samples,\)"):
        apply_mix(np.ones((2, 3)), mix, sources, RATE)
    with pytest.raises(DataError, match="mix: expected the names"):
        Mix.from_dict({"noise": "white", "snr_db": 1.0})
    for silent in (np.zeros(800), np.full(800, np.nan)):
        with pytest.raises(DataError, match=r"^signal: expected"):
            apply_mix(silent, Mix("white", 0.0, {"seed": 0}), white, RATE)

"""How loud the loud parts are, and what gain follows from it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.edge.denoise_gain import TrainedLevel, gain_db, input_limits
from drsn_keras.edge.loudness import Loudness
from drsn_keras.errors import UsageError
from drsn_keras.model_card import TensorSpec


def loudness_of(y, window=10, chunk=7):
    found = Loudness(window)
    for i in range(0, len(y), chunk):
        found.push(y[i : i + chunk])
    return found


@given(st.integers(1, 50), st.integers(1, 120))
def test_the_chunks_do_not_matter(chunk, n):
    y = np.random.default_rng(n).standard_normal(n)
    a, b = loudness_of(y, chunk=chunk), loudness_of(y, chunk=n)
    assert (a.level_db, a.extremes) == (b.level_db, b.extremes)


def test_pauses_do_not_count():
    """A tenth of the time is loud: the level is that of the loud tenth, not the mean."""
    y = np.zeros(10_000)
    y[4000:5000] = 0.1
    assert loudness_of(y).level_db == pytest.approx(-20.0)


def test_a_click_does_not_count_as_the_peak():
    y = np.tile([0.1, -0.2], 1000)
    y[777] = 5.0
    found = loudness_of(y)
    assert found.extremes == pytest.approx((-0.2, 0.1))
    assert loudness_of(np.abs(y)).extremes[0] == 0.0


def test_silence_and_short_signals():
    assert loudness_of(np.zeros(100)).level_db is None
    assert Loudness(10).level_db is None and Loudness(10).extremes == (0.0, 0.0)
    assert loudness_of(np.full(3, 0.1)).level_db == pytest.approx(-20.0)
    # A rest behind whole windows is left out.
    assert loudness_of(np.concatenate([np.full(10, 0.1), np.full(9, 1.0)])).level_db == pytest.approx(-20.0)
    with pytest.raises(UsageError, match="window"):
        Loudness(0)


@given(st.floats(-35, 35), st.floats(-30, 0))
def test_after_the_gain_the_level_is_that_of_training(quieter_db, trained_db):
    y = np.random.default_rng(0).standard_normal(1000)
    trained = TrainedLevel(trained_db, 10)
    level = 10 ** ((trained_db - quieter_db) / 20)
    y *= level / 10 ** (loudness_of(y).level_db / 20)
    gain = gain_db(loudness_of(y), trained, None)
    assert gain == pytest.approx(quieter_db, abs=1e-3)


def test_limits_of_the_gain():
    trained = TrainedLevel(-20.0, 10)
    quiet = loudness_of(np.full(100, 1e-5))
    assert gain_db(quiet, trained, None) == 40.0
    assert gain_db(loudness_of(np.zeros(100)), trained, None) == 0.0
    assert gain_db(quiet, None, None) == 0.0
    # Positive peaks reach the upper end first; nothing lies below zero.
    peaks = np.tile([0.01, 0.0, 0.0, 0.0, 0.0], 20)
    assert gain_db(loudness_of(peaks), trained, (-0.001, 0.05)) == pytest.approx(20 * math.log10(5))
    assert gain_db(loudness_of(-peaks), trained, (-0.02, 9.0)) == pytest.approx(20 * math.log10(2))


@pytest.mark.parametrize(
    "level",
    [None, [], {}, {"loud_db": -20}, {"loud_db": math.nan, "window_samples": 8}, {"loud_db": -20, "window_samples": 0},
     {"loud_db": "-20", "window_samples": 8}, {"loud_db": True, "window_samples": 8}],
)  # fmt: skip
def test_a_card_without_a_level(level):
    assert TrainedLevel.of({"level": level}) is None


def test_what_an_input_can_hold():
    assert input_limits(TensorSpec((1,), "float32")) is None
    low, high = input_limits(TensorSpec((1,), "int16", 2.0, 0))
    assert (low, high) == (-65537.0, 65535.0)

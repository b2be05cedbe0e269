"""What was trained on passes at the stated rate; another gain, another machine and garbage do not."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.machinery.novelty import N_FEATURES, NoveltyModel, novelty_features

RATE = 12000


def windows(n, seed, gain=1.0, n_samples=1024):
    return gain * np.random.default_rng(seed).standard_normal((n, n_samples))


@pytest.fixture(scope="module")
def model():
    """Of white noise at two levels, 20 dB apart."""
    features = novelty_features(np.concatenate([windows(400, 0), windows(400, 1, 10.0)]), RATE)
    fitted = NoveltyModel.fit(features, np.repeat([7, 3], 400))
    held = novelty_features(np.concatenate([windows(1500, 2), windows(1500, 3, 10.0)]), RATE)
    return fitted.with_threshold(fitted.distance(held), 0.01)


def test_one_percent_of_the_same_is_novel(model):
    fresh = novelty_features(np.concatenate([windows(2000, 4), windows(2000, 5, 10.0)]), RATE)
    assert 0.005 < model.is_novel(fresh).mean() < 0.018
    assert np.median(model.distance(fresh)) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: windows(50, 6, 3.0),  # between the two gains, and unlike both
        lambda: windows(50, 6, 100.0),
        lambda: windows(50, 6, 1e-3),
        lambda: np.cumsum(windows(50, 6), axis=-1),
        lambda: windows(50, 6) ** 3 / 4.0,
        lambda: np.sin(2 * np.pi * 0.1 * np.arange(1024)) * np.sqrt(2) + 0.01 * windows(50, 6),
        lambda: np.zeros((50, 1024)),
    ],
    ids=["gain", "louder", "silent", "red", "impulsive", "tone", "dead"],
)
def test_anything_else_is_novel(model, make):
    assert model.is_novel(novelty_features(make(), RATE)).all()


def test_round_trip_keeps_the_answers(model):
    values = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    again = NoveltyModel.from_dict(values)
    fresh = novelty_features(windows(200, 8), RATE)
    np.testing.assert_allclose(again.distance(fresh), model.distance(fresh), rtol=1e-4)
    assert again.threshold == pytest.approx(model.threshold, rel=1e-5)
    assert again.to_dict() == model.to_dict()
    assert again.centroids.shape == (2, N_FEATURES)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: v.pop("threshold"), "expected centroids, threshold, whitening"),
        (lambda v: v.update(threshold=0.0), "threshold: expected a number above 0"),
        (lambda v: v.update(threshold="1"), "threshold"),
        (lambda v: v.update(threshold=float("inf")), "threshold"),
        (lambda v: v["centroids"][0].pop(), "centroids: expected rows of finite numbers, equally long"),
        (lambda v: v["whitening"].pop(), "whitening: expected 19 rows of 19 numbers"),
        (lambda v: v.update(centroids=[]), "centroids"),
        (lambda v: v.update(whitening=[[float("nan")]]), "whitening: expected rows of finite"),
        (lambda v: v.update(whitening="x"), "whitening"),
    ],
)
def test_damaged_values_are_one_line(model, change, says):
    values = json.loads(json.dumps(model.to_dict()))
    change(values)
    with pytest.raises(BundleError, match=says) as caught:
        NoveltyModel.from_dict(values, "card.json, novelty")
    assert str(caught.value).startswith("card.json, novelty") and "\n" not in str(caught.value)
    with pytest.raises(BundleError):
        NoveltyModel.from_dict(None)


def test_features_of_known_signals():
    t = np.arange(4096) / RATE
    sine = 3.0 * np.sin(2 * np.pi * 1500.0 * t)  # 512 whole periods
    features = novelty_features(5.0 + sine, RATE)
    assert features.shape == (N_FEATURES,)
    rms, kurtosis, crest = np.exp(features[16:])
    assert (rms, kurtosis, crest) == pytest.approx((3.0 / np.sqrt(2.0), 1.5, np.sqrt(2.0)), rel=1e-2)
    edges = np.geomspace(4.0, 2049.0, 17) * RATE / 4096
    assert features[:16].argmax() == np.searchsorted(edges, 1500.0) - 1
    assert np.exp(features[:16]).max() == pytest.approx(1.0, abs=1e-6)


def test_silence_and_extremes_are_finite():
    for window in (np.zeros(256), np.full(256, 9.81), np.full(256, 0.1) * 3, 1e150 * windows(1, 0, n_samples=256)[0]):
        assert np.isfinite(novelty_features(window, RATE)).all()


@settings(deadline=None, max_examples=30)
@given(st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1), st.integers(64, 600))
def test_gain_changes_the_level_only(gain, seed, n_samples):
    y = windows(2, seed, n_samples=n_samples)
    plain, scaled = novelty_features(y, RATE), novelty_features(gain * y, RATE)
    assert np.isfinite(plain).all()
    np.testing.assert_allclose(scaled[:, 16] - plain[:, 16], np.log(gain), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.delete(scaled, 16, axis=1), np.delete(plain, 16, axis=1), rtol=1e-6, atol=1e-9)


def test_distance_is_mahalanobis_for_much_data():
    rng = np.random.default_rng(0)
    mixing = np.array([[2.0, 0.0], [1.5, 0.5]])
    x = rng.standard_normal((200_000, 2)) @ mixing.T
    model = NoveltyModel.fit(x, np.zeros(len(x), int))
    probe = np.array([[1.0, 2.0], [-3.0, 0.5]])
    exact = np.sqrt(np.einsum("ij,jk,ik->i", probe, np.linalg.inv(mixing @ mixing.T), probe) / 2.0)
    np.testing.assert_allclose(model.distance(probe), exact, rtol=0.02)


def test_few_and_repeated_features_still_make_a_model():
    rng = np.random.default_rng(0)
    few = NoveltyModel.fit(rng.standard_normal((8, 19)), np.zeros(8, int))
    assert np.isfinite(few.distance(rng.standard_normal((5, 19)))).all()
    twice = np.repeat(rng.standard_normal((50, 1)), 3, axis=1)  # no spread across the diagonal
    assert np.isfinite(NoveltyModel.fit(twice, np.zeros(50, int)).distance(twice)).all()
    same = NoveltyModel.fit(np.ones((50, 3)), np.zeros(50, int))
    assert same.distance(np.ones((1, 3))) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: novelty_features(np.zeros(63), RATE), DataError, "at least 64 samples"),
        (lambda: novelty_features(np.full(64, np.nan), RATE), DataError, "finite"),
        (lambda: novelty_features(np.zeros(64), 0), UsageError, "sample_rate_hz"),
        (lambda: NoveltyModel.fit(np.zeros((3, 2)), np.zeros(2, int)), DataError, "shapes"),
        (lambda: NoveltyModel.fit(np.full((3, 2), np.inf), np.zeros(3, int)), DataError, "finite"),
        (lambda: NoveltyModel.fit(np.zeros((3, 2)), np.arange(3)), DataError, "at least 5 rows for 3 components"),
        (lambda: NoveltyModel(np.zeros((1, 2)), np.eye(2)).is_novel(np.zeros((1, 2))), UsageError, "threshold"),
        (lambda: NoveltyModel(np.zeros((1, 2)), np.eye(2)).to_dict(), UsageError, "threshold"),
        (lambda: NoveltyModel(np.zeros((1, 2)), np.eye(2)).with_threshold([], 0.01), DataError, "one or more"),
        (lambda: NoveltyModel(np.zeros((1, 2)), np.eye(2)).with_threshold([1.0], 0.0), UsageError, "rate"),
    ],
)
def test_bad_input_is_one_line(call, error, says):
    with pytest.raises(error, match=says) as caught:
        call()
    assert "\n" not in str(caught.value)

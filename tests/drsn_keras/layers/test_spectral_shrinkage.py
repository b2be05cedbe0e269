"""The threshold on the spectrum: by hand, its bounds, what it may see."""

import numpy as np
import pytest

from drsn_keras.layers import SpectralShrinkage, recorded_thresholds
from layer_contract import check_layer

FORMS = {"clip": {"local": None}, "frames": {"local": 4}, "stream": {"local": 4, "window": 6}}


def spectra(seed: int = 0, shape=(3, 12, 5)) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.0, 2.0, shape).astype("float32")


@pytest.mark.parametrize("form", FORMS)
def test_contract(form):
    check_layer(SpectralShrinkage(hidden=4, **FORMS[form]), (4, 10, 6))


@pytest.mark.parametrize("form", ["clip", "frames"])
def test_by_hand(form):
    layer = SpectralShrinkage(hidden=4, **FORMS[form])
    x = spectra()
    layer.build(x.shape)
    logits = np.linspace(-2.0, 2.0, 5, dtype="float32")
    layer.excite.set_weights([np.zeros((4, 5), "float32"), logits])
    tau = 2.0 / (1.0 + np.exp(-logits)) * x.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(np.asarray(layer(x)), np.maximum(x - tau, 0.0), atol=1e-6)


def test_the_mean_of_a_stream_begins_with_zeros():
    layer = SpectralShrinkage(hidden=4, local=2, window=3)
    x = spectra()
    layer.build(x.shape)
    layer.excite.set_weights([np.zeros((4, 5), "float32"), np.zeros(5, "float32")])
    before = np.concatenate([np.zeros((3, 2, 5), "float32"), x], axis=1)
    mean = (before[:, :-2] + before[:, 1:-1] + before[:, 2:]) / 3.0
    np.testing.assert_allclose(np.asarray(layer(x)), np.maximum(x - mean, 0.0), atol=1e-6)


def test_a_stream_sees_nothing_that_comes_later():
    layer = SpectralShrinkage(hidden=4, **FORMS["stream"])
    x, y = spectra(), spectra()
    y[:, 7:] = spectra(1)[:, 7:]
    first, second = np.asarray(layer(x)), np.asarray(layer(y))
    np.testing.assert_array_equal(first[:, :7], second[:, :7])
    assert not np.array_equal(first[:, 7:], second[:, 7:])


@pytest.mark.parametrize("form", FORMS)
def test_thresholds_are_recorded_and_bounded(form):
    layer = SpectralShrinkage(hidden=4, **FORMS[form])
    x = spectra(2)
    with recorded_thresholds() as records:
        y = np.asarray(layer(x))
    ((name, tau, alpha),) = records
    assert name == layer.path
    tau, alpha = np.asarray(tau), np.asarray(alpha)
    assert tau.shape == alpha.shape == (3, 5)
    assert np.all((alpha > 0) & (alpha < 1)) and np.all(tau > 0)
    assert np.all(y >= 0) and np.all(y <= x)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: SpectralShrinkage(hidden=0), "expected hidden >= 1, got 0"),
        (lambda: SpectralShrinkage(local=0), "expected local >= 1, got 0"),
        (lambda: SpectralShrinkage(local=None, window=8), "expected local frames with a window, got None"),
        (lambda: SpectralShrinkage()(np.zeros((1, 4, 4, 4))), "an input of 3 axes"),
    ],
)
def test_errors_name_fault_expectation_and_value(make, fault):
    with pytest.raises(ValueError, match=fault):
        make()

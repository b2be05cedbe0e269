"""The RSBU against values worked by hand, and the properties that the paper asks of tau."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.layers import PaddedShortcut, ResidualUnit, Shrinkage, SqueezeExcitation


def _np(x):
    return keras.ops.convert_to_numpy(x)


def _set(layer, weight, value):
    """Set a layer's weight found by the end of its path."""
    found = [w for w in layer.weights if w.path.endswith(weight)]
    assert len(found) == 1, [w.path for w in layer.weights]
    found[0].assign(np.broadcast_to(np.asarray(value, "float32"), found[0].shape))


def _neutral_gate(layer, logits):
    """A gate whose output is sigmoid(logits) whatever it is given."""
    for name in ("squeeze/kernel", "squeeze/bias", "excite/kernel"):
        _set(layer, name, 0.0)
    _set(layer, "excite/bias", logits)


def test_channel_wise_shrinkage_by_hand():
    """m = mean|x| = (2, 3); alpha = sigmoid(0, ln 3) = (1/2, 3/4); tau = (1, 9/4)."""
    x = np.array([[[4.0, -6.0], [-1.0, 2.0], [1.0, 1.0]]], "float32")
    layer = Shrinkage("channel_wise")
    layer.build(x.shape)
    _neutral_gate(layer, [0.0, np.log(3.0)])
    tau, alpha = layer.thresholds(x)
    np.testing.assert_allclose(_np(alpha), [[0.5, 0.75]], rtol=1e-6)
    np.testing.assert_allclose(_np(tau), [[1.0, 2.25]], rtol=1e-6)
    np.testing.assert_allclose(_np(layer(x)), [[[3.0, -3.75], [0.0, 0.0], [0.0, 0.0]]], atol=1e-6)


def test_channel_shared_shrinkage_by_hand():
    """One alpha = 1/2 and one statistic, mean over channels of (2, 3): tau = 5/4 for both."""
    x = np.array([[[4.0, -6.0], [-1.0, 2.0], [1.0, 1.0]]], "float32")
    layer = Shrinkage("channel_shared")
    layer.build(x.shape)
    _neutral_gate(layer, 0.0)
    tau, alpha = layer.thresholds(x)
    assert tau.shape == alpha.shape == (1, 1)
    np.testing.assert_allclose(_np(tau), [[1.25]], rtol=1e-6)
    np.testing.assert_allclose(_np(layer(x)), [[[2.75, -4.75], [0.0, 0.75], [0.0, 0.0]]], atol=1e-6)


def test_gate_by_hand():
    """hidden = relu(BN(m w + b)) with BN(mean 1, var 4, gamma 2, beta 1), then sigmoid."""
    layer = Shrinkage("channel_wise", hidden=1)
    layer.build((1, 2, 1))
    values = {
        "squeeze/kernel": 3.0, "squeeze/bias": 0.5, "norm/gamma": 2.0, "norm/beta": 1.0, "norm/moving_mean": 1.0,
        "norm/moving_variance": 4.0, "excite/kernel": -0.25, "excite/bias": 0.125,
    }  # fmt: skip
    for name, value in values.items():
        _set(layer, name, value)
    _, alpha = layer.thresholds(np.array([[[2.0], [-1.0]]], "float32"))
    hidden = 2.0 * (3.0 * 1.5 + 0.5 - 1.0) / np.sqrt(4.0 + 1e-3) + 1.0
    np.testing.assert_allclose(_np(alpha), [[1 / (1 + np.exp(0.25 * hidden - 0.125))]], rtol=1e-5)


def test_squeeze_excitation_by_hand():
    x = np.array([[[4.0, -6.0], [0.0, 2.0]]], "float32")
    layer = SqueezeExcitation()
    layer.build(x.shape)
    _neutral_gate(layer, [0.0, np.log(3.0)])
    np.testing.assert_allclose(_np(layer(x)), x * [0.5, 0.75], rtol=1e-6)


def test_rsbu_by_hand():
    """One channel, kernels (0, 1, 0): the residual path is relu(relu(x)), then shrinkage at half its mean, then + x."""
    unit = ResidualUnit(1, 3, 1, "channel_wise")
    x = np.array([[[4.0], [-2.0], [2.0], [0.0]]], "float32")
    unit.build(x.shape)
    for i in (1, 2):
        _set(unit, f"conv_{i}/kernel", np.array([0.0, 1.0, 0.0]).reshape(3, 1, 1))
        _set(unit, f"norm_{i}/moving_variance", 1.0 - 1e-3)
    _neutral_gate(unit, 0.0)
    # relu(x) = 4, 0, 2, 0; mean|.| = 1.5; tau = 0.75; shrunk = 3.25, 0, 1.25, 0; + x, and no ReLU after the sum
    np.testing.assert_allclose(_np(unit(x))[0, :, 0], [7.25, -2.0, 3.25, 0.0], rtol=1e-5)


def test_zero_padding_shortcut_by_hand():
    """Plain subsampling; of three new channels one stands in front and two behind."""
    x = np.arange(10.0, dtype="float32").reshape(1, 5, 2)
    y = _np(PaddedShortcut(5, strides=2)(x))
    np.testing.assert_array_equal(y[0], [[0, 0, 1, 0, 0], [0, 4, 5, 0, 0], [0, 8, 9, 0, 0]])


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("n", [5, 8])
def test_stride_2_halves_rounding_up(rank, n):
    x = np.ones((2, *(n,) * rank, 3), "float32")
    unit = ResidualUnit(4, strides=2, rank=rank)
    assert unit(x).shape == (2, *((n + 1) // 2,) * rank, 4) == unit.compute_output_shape(x.shape)


def test_image_of_width_one_equals_signal():
    """A 2-D shrinkage over an image one pixel wide is the 1-D shrinkage."""
    x = np.random.default_rng(3).standard_normal((4, 12, 5)).astype("float32")
    signal, image = Shrinkage(), Shrinkage()
    signal.build(x.shape)
    image.build((4, 12, 1, 5))
    image.set_weights(signal.get_weights())
    np.testing.assert_allclose(_np(image(x[:, :, None]))[:, :, 0], _np(signal(x)), rtol=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["channel_wise", "channel_shared"]), st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_threshold_lies_between_zero_and_mean(mode, seed, scale):
    """0 <= tau <= mean|x| for any weights and inputs, so the output is never all erased."""
    rng = np.random.default_rng(seed)
    x = (rng.standard_normal((3, 7, 4)) * scale).astype("float32")
    layer = Shrinkage(mode)
    layer.build(x.shape)
    for w in layer.trainable_weights:
        w.assign(rng.standard_normal(w.shape))
    tau, alpha = (_np(t) for t in layer.thresholds(x))
    mean = np.abs(x).mean(axis=1)
    bound = mean if mode == "channel_wise" else mean.mean(axis=1, keepdims=True)
    assert (tau >= 0).all()
    assert (tau <= bound * (1 + 1e-5)).all()
    assert ((alpha >= 0) & (alpha <= 1)).all()


def test_each_sample_has_its_own_threshold():
    x = np.stack([np.full((6, 2), 1.0), np.full((6, 2), -10.0)]).astype("float32")
    layer = Shrinkage()
    layer.build(x.shape)
    _neutral_gate(layer, 0.0)
    tau, _ = layer.thresholds(x)
    np.testing.assert_allclose(_np(tau), [[0.5, 0.5], [5.0, 5.0]])


def test_evaluation_uses_moving_statistics():
    """A sample's output does not depend on the batch it comes in."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, 16, 4)).astype("float32")
    unit = ResidualUnit(4)
    unit(x, training=True)
    np.testing.assert_allclose(_np(unit(x))[:1], _np(unit(x[:1])), rtol=1e-5, atol=1e-6)

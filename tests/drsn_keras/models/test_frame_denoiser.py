"""The streaming denoiser: causal, its size, what it refuses; the shrinkage with a running mean."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import Magnitude, ResidualUnit, Shrinkage, ShrinkAt
from drsn_keras.layers.shrinkage import running_mean
from drsn_keras.models import count_parameters, frame_denoiser
from layer_contract import check_layer
from stream_model import signals, small_denoiser


def test_no_output_depends_on_a_later_input():
    model, x = small_denoiser(), signals(1)
    before = np.asarray(model(x))
    for frame in (0, 5, 23):
        changed = x.copy()
        changed[:, frame] += 1.0
        differs = np.abs(np.asarray(model(changed)) - before).max(axis=(0, 2)) > 0
        assert not differs[:frame].any()
        assert differs[frame]


def test_the_default_fits_the_budget_of_a_device():
    """At most 60 million multiply-accumulates a second at 16 kHz."""
    model = frame_denoiser()
    kernels = [w for w in model.trainable_weights if w.path.endswith("kernel")]
    macs = sum(int(np.prod(w.shape)) for w in kernels) * 16_000 / 64
    assert 30e6 < macs <= 60e6
    assert count_parameters(model) < 250_000


def test_without_shrinkage_only_the_gates_are_missing():
    with_gates, without = frame_denoiser(dilations=(1, 2)), frame_denoiser(dilations=(1, 2), attention=None)
    gate = 64 * 16 + 16 + 2 * 16 + 16 * 64 + 64
    assert count_parameters(with_gates) - count_parameters(without) == 2 * gate


@pytest.mark.parametrize(
    ("options", "what"), [({"hop_length": 0}, "hop_length"), ({"dilations": ()}, "dilations"), ({"reach": 0}, "reach")]
)
def test_sizes_are_checked(options, what):
    with pytest.raises(ValueError, match=f"^{what}: expected at least"):
        frame_denoiser(**options)


def test_running_mean_by_hand():
    x = np.array([[[3.0, 0.0], [3.0, 6.0], [0.0, 0.0], [6.0, 3.0]]], "float32")
    expected = [[[1.0, 0.0], [2.0, 2.0], [2.0, 2.0], [3.0, 3.0]]]
    np.testing.assert_allclose(np.asarray(running_mean(x, 3)), expected, rtol=1e-6)


@pytest.mark.parametrize("mode", ["channel_wise", "channel_shared"])
def test_thresholds_follow_the_last_positions(mode):
    """0 <= tau < running mean of |x|; a position whose past is silent has a threshold of zero."""
    layer = Shrinkage(mode, window=4)
    x = np.zeros((2, 12, 3), "float32")
    x[:, 6:] = np.random.default_rng(0).standard_normal((2, 6, 3))
    tau, alpha = (np.asarray(t) for t in layer.thresholds(layer(x) * 0 + x))
    mean = np.asarray(running_mean(np.abs(x), 4))
    if mode == "channel_shared":
        mean = mean.mean(axis=-1, keepdims=True)
    assert ((alpha > 0) & (alpha < 1)).all()
    np.testing.assert_allclose(tau, alpha * mean, rtol=1e-6)
    assert (tau[:, :6] == 0).all()
    assert (tau[:, 6:] > 0).all()


def test_contracts():
    check_layer(Shrinkage(window=3), (4, 10, 5))
    check_layer(Magnitude(), (2, 6, 3), has_weights=False)
    causal = {"padding": "causal", "dilation": 2, "window": 3}
    check_layer(ResidualUnit(5, attention="channel_wise", **causal), (4, 10, 5))


def test_shrink_at_subtracts_its_thresholds():
    x, tau = np.array([[[3.0, -3.0, 0.5]]], "float32"), np.array([[[1.0, 4.0, 0.0]]], "float32")
    np.testing.assert_array_equal(np.asarray(ShrinkAt()([x, tau])), [[[2.0, 0.0, 0.5]]])
    with pytest.raises(ValueError, match="of equal shapes"):
        ShrinkAt()([x, tau[..., :2]])


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"padding": "valid"}, "padding"),
        ({"padding": "causal"}, "a window"),
        ({"padding": "causal", "window": 4, "strides": 2}, "strides 1"),
        ({"padding": "causal", "window": 4, "rank": 2}, "rank 1"),
        ({"attention": None, "window": 4}, "window with attention"),
        ({"window": 0}, "window >= 1"),
    ],
)
def test_units_refuse_what_cannot_be(options, what):
    with pytest.raises(ValueError, match=what):
        unit = ResidualUnit(4, **options)
        unit.build((None, 8, 4))


def test_a_window_is_for_signals():
    with pytest.raises(ValueError, match="3 axes"):
        Shrinkage(window=2)(np.zeros((1, 4, 4, 2), "float32"))


def test_it_is_saved_and_loaded(tmp_path):
    model, x = small_denoiser(), signals(1)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(model(x)))

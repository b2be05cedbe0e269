"""The keyword network for streams: causal, whole clips and streams alike, its cost; the layers that it is made of."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import RunningMean, StepConv1D
from drsn_keras.models import count_macs, count_parameters, keyword_network, thresholds
from drsn_keras.models.streaming_keywords import (
    STREAMING_KINDS,
    over_streams,
    step_frames,
    streaming_keyword_network,
)
from layer_contract import check_layer
from random_weights import randomise

N_FRAMES, BANDS, STEP = 30, 6, 4


@pytest.fixture(scope="module")
def model():
    options = {"width": 0.2, "kernel_size": 3, "dilations": (1, 2), "window_frames": 20}
    return randomise(streaming_keyword_network((N_FRAMES, BANDS), 5, "drsn-cw", **options))


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).standard_normal((2, N_FRAMES, BANDS)).astype("float32")


def test_no_answer_depends_on_a_later_frame(model, x):
    every = over_streams(model, every_step=True)
    before = np.asarray(every(x))
    assert before.shape == (2, N_FRAMES // STEP, 5)
    for frame in (0, 7, 8, 27):
        changed = x.copy()
        changed[:, frame] += 1.0
        differs = np.abs(np.asarray(every(changed)) - before).max(axis=(0, 2)) > 0
        assert not differs[: frame // STEP].any()
        assert differs[frame // STEP], "the last frame of a step counts as its first does"


def test_a_clip_is_the_stream_so_far(model, x):
    every, anyhow = over_streams(model, every_step=True), over_streams(model)
    p = np.asarray(every(x))
    np.testing.assert_allclose(model(x), p[:, -1], atol=1e-6)
    for steps in (1, 3, 7):
        np.testing.assert_allclose(anyhow(x[:, : steps * STEP]), p[:, steps - 1], atol=1e-6)
    changed = x.copy()
    changed[:, -2:] = 9.0  # behind the last whole step
    np.testing.assert_array_equal(model(changed), model(x))
    assert step_frames(model) == step_frames(anyhow) == STEP
    assert step_frames(keyword_network((N_FRAMES, BANDS), 5)) is None


def test_the_default_costs_an_eighth_of_windows():
    """At most 75,000 parameters; a second of audio against the window network at ten evaluations a second."""
    model, windows = streaming_keyword_network((98, 40), 12), keyword_network((98, 40), 12)
    assert (count_parameters(model), step_frames(model)) == (72_292, 4)
    a_step = count_macs(over_streams(model, n_frames=4))
    assert a_step == 70_880
    assert 25 * a_step * 8 < 10 * count_macs(windows)


def test_a_step_of_half_the_length_costs_the_same():
    whole, half = (over_streams(streaming_keyword_network((98, 40), 12, stride=n), n_frames=n) for n in (4, 2))
    assert count_macs(whole) == count_macs(half)
    window = [layer.window for layer in half.layers if isinstance(layer, RunningMean)]
    assert window == [50]


@pytest.mark.parametrize("kind", STREAMING_KINDS)
def test_kinds_differ_in_their_thresholds_alone(kind):
    model = streaming_keyword_network((N_FRAMES, BANDS), 3, kind, width=0.2)
    units = {"drsn-cw": 8, "drsn-cs": 1, "resnet": 0}[kind]
    found = thresholds(model, np.ones((2, N_FRAMES, BANDS), "float32"))
    assert [(name, tau.shape) for name, (tau, _) in found.items()] == [
        (f"unit{i}", (2, units)) for i in (1, 2, 3) if units
    ]


def test_thresholds_are_those_of_the_last_position():
    model = randomise(streaming_keyword_network((N_FRAMES, BANDS), 3, width=0.2))
    x = np.random.default_rng(1).standard_normal((2, N_FRAMES, BANDS)).astype("float32")
    shorter = thresholds(over_streams(model), x[:, :-8])["unit1"][0]
    changed = np.concatenate([x[:, :-8], 5 * x[:, -8:]], axis=1)
    assert np.abs(thresholds(model, changed)["unit1"][0] - thresholds(model, x)["unit1"][0]).max() > 0.01
    np.testing.assert_array_equal(thresholds(over_streams(model), changed[:, :-8])["unit1"][0], shorter)


def test_a_front_layer_comes_first(x):
    front = keras.layers.Rescaling(2.0, name="front")
    model = randomise(streaming_keyword_network((N_FRAMES, BANDS), 3, width=0.2, front=front))
    without = streaming_keyword_network((N_FRAMES, BANDS), 3, width=0.2)
    without.set_weights(model.get_weights())
    np.testing.assert_allclose(model(x), without(2 * x), atol=1e-6)
    np.testing.assert_allclose(over_streams(model)(x), model(x), atol=1e-6)


def test_it_is_saved_and_loaded(model, x, tmp_path):
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(x), model(x))
    assert step_frames(again) == STEP


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"kind": "senet"}, "kind: expected one of drsn-cw, drsn-cs, resnet, got 'senet'"),
        ({"width": 0.0}, "width: expected a number above 0"),
        ({"stride": 0}, "stride: expected at least 1"),
        ({"dilations": ()}, "dilations: expected at least one"),
        ({"stem_kernel": 3}, "stem: expected a kernel_size of at least strides, got 3 and 4"),
    ],
)
def test_sizes_are_checked(options, what):
    with pytest.raises(ValueError, match=what):
        streaming_keyword_network((N_FRAMES, BANDS), 3, **options)


def test_contracts():
    check_layer(StepConv1D(5, 4, 2, use_bias=False), (3, 9, 4))
    check_layer(RunningMean(3), (3, 9, 4), has_weights=False)
    check_layer(RunningMean(3, last=True), (3, 9, 4), has_weights=False)


def test_layers_refuse_what_they_are_not_for():
    with pytest.raises(ValueError, match="got dilation_rate, padding"):
        StepConv1D(2, 4, 2, padding="same", dilation_rate=2)
    with pytest.raises(ValueError, match="window >= 1, got 0"):
        RunningMean(0)
    with pytest.raises(ValueError, match="3 axes"):
        RunningMean(2)(np.zeros((1, 4, 4, 2), "float32"))


def test_means_by_hand():
    x = np.array([[[3.0], [0.0], [6.0]]], "float32")
    np.testing.assert_allclose(RunningMean(2)(x)[0, :, 0], [1.5, 1.5, 3.0])
    np.testing.assert_allclose(RunningMean(2, last=True)(x), [[3.0]])
    np.testing.assert_allclose(RunningMean(6, last=True)(x), [[1.5]])  # zeros before the start

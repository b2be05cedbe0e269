"""Lowering: the same function, in primitives, for every network of the project and every target."""

import keras
import numpy as np
import pytest

from drsn_keras.errors import CheckFailed, UsageError
from drsn_keras.export.lowering import TARGETS, check_parity, lower, lowers
from drsn_keras.export.lowering.folding import fold
from drsn_keras.export.lowering.walk import trace
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.frontend.layer import FrontEnd
from drsn_keras.layers import BandMean, Shrinkage, SoftThreshold, SubSpectralNormalization, UnevenDepthwise2D
from drsn_keras.models import catalogue, count_macs, keyword_network
from random_weights import randomise

L = keras.layers


def _logits(model):
    """The same model without its softmax: probabilities would hide differences."""
    model.layers[-1].activation = keras.activations.linear
    return model


def _inputs(model, n=16, seed=1):
    return np.random.default_rng(seed).standard_normal((n, *model.input_shape[1:])).astype("float32")


def _model(*layers, shape=(24, 6)):
    x = inputs = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return randomise(keras.Model(inputs, x))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", catalogue())
def test_every_network_lowers_to_the_same_function(name, target):
    model = _logits(randomise(catalogue()[name]()))
    if target == "ethos-u" and name.startswith(("vibration", "keyword-peers/raw")):
        # Their first convolutions step by 4 to 16.
        with pytest.raises(UsageError, match="cannot be lowered for ethos-u: strides"):
            lower(model, target)
        return
    twin = lower(model, target, _inputs(model))
    assert twin.parity <= 1e-5
    assert np.ptp(twin.predict(_inputs(model))) > 0.1, "an output that says nothing would agree with everything"


def test_parity_fails_where_a_weight_differs():
    model = randomise(keyword_network((20, 8), 3, units=((8, 1), (8, 2))))
    twin = lower(model)
    layer = twin.model.get_layer("unit2.conv_2")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel * 1.01, bias])
    with pytest.raises(CheckFailed, match=r"keyword_drsn_cw, lowered for litert: expected within 1e-05 of Keras, got"):
        check_parity(model, twin, _inputs(model))


@pytest.mark.parametrize(
    "layers",
    [
        [L.Conv1D(5, 4, strides=3, padding="same", activation="relu")],
        [L.Conv1D(5, 3, dilation_rate=4, padding="same")],
        [L.Conv1D(5, 3, dilation_rate=2, padding="causal", activation="tanh")],
        [L.BatchNormalization(), L.Conv1D(5, 5, strides=2, padding="same"), L.BatchNormalization(), L.ReLU()],
        [L.BatchNormalization(), L.Conv1D(5, 5, padding="valid", use_bias=False)],
        [L.BatchNormalization(), L.BatchNormalization(scale=False), L.ReLU(6)],
        [L.BatchNormalization(center=False), L.DepthwiseConv1D(3, strides=2, padding="same"), L.Activation("relu6")],
        [L.SeparableConv1D(7, 3, padding="same"), L.LeakyReLU(negative_slope=0.1)],
        [L.MaxPooling1D(3, 2, padding="same"), L.AveragePooling1D(2)],
        [L.ZeroPadding1D((1, 2)), L.Conv1D(4, 3)],
        [L.Dense(9, activation="sigmoid"), L.GlobalAveragePooling1D(), L.Dense(4), L.Softmax()],
        [L.Conv1D(4, 3), L.Flatten(), L.Dropout(0.5), L.Dense(7)],
        [L.Reshape((12, 12)), L.GaussianNoise(0.1), L.Conv1D(4, 3)],
        [L.Conv1D(5, 3, activation="silu"), L.Activation("swish")],
        [SoftThreshold(0.7)],
        [Shrinkage("channel_shared", hidden=3), Shrinkage("channel_wise")],
    ],
    ids=lambda layers: "-".join(type(layer).__name__ for layer in layers),
)
@pytest.mark.parametrize("target", TARGETS)
def test_rules(layers, target):
    layers = [type(layer).from_config(layer.get_config()) for layer in layers]
    model = _model(*layers)
    assert lower(model, target, _inputs(model)).parity <= 1e-5


def test_image_rules():
    layers = [
        L.BatchNormalization(),
        L.Conv2D(6, (3, 5), strides=2, padding="same"),
        L.DepthwiseConv2D(3, padding="same", activation="relu"),
        L.SeparableConv2D(4, 3),
        L.MaxPooling2D(2),
        L.ZeroPadding2D(((1, 0), (0, 2))),
        L.AveragePooling2D(2, padding="same"),
        L.GlobalAveragePooling2D(),
    ]
    model = _model(*layers, shape=(18, 21, 3))
    assert lower(model, "litert", _inputs(model)).parity <= 1e-5


def test_rules_of_bands():
    """A gain for each group of bands, a mean broadcast back over them, strides over bands alone."""
    x = keras.Input((9, 10, 3))
    y = UnevenDepthwise2D((1, 3), strides=(1, 2), padding="same", name="uneven")(SubSpectralNormalization(5)(x))
    y = SubSpectralNormalization(5, name="norm")(y)
    model = randomise(keras.Model(x, L.Add()([y, BandMean(name="mean")(y)])))
    twin = lower(model, "litert", _inputs(model))
    assert twin.parity <= 1e-5
    kinds = {op.name: op.kind for op in twin.graph.ops()}
    assert (kinds["uneven"], kinds["mean"], kinds["norm"]) == ("conv", "depthwise", "depthwise")


def test_branches_and_models_inside_models():
    inner = _model(L.Conv1D(6, 3, padding="same"), L.ReLU())
    x = keras.Input((24, 6))
    a, b = inner(x), L.Conv1D(6, 1, name="side")(x)
    y = L.Multiply()([L.Add()([a, b]), L.Subtract()([a, b]), L.Maximum()([a, x])])
    model = randomise(keras.Model(x, L.Concatenate()([y, L.Minimum()([a, b])])))
    assert lower(model, "tflm", _inputs(model)).parity <= 1e-5


def test_sequential_models_lower_too():
    model = keras.Sequential([keras.Input((24, 6)), L.Conv1D(3, 3), L.GlobalAveragePooling1D()])
    assert lower(model, "litert", _inputs(model)).parity <= 1e-5


@pytest.mark.parametrize("kind", ["resnet", "drsn-cw", "convnet"])
def test_batch_normalisation_folds_wherever_algebra_allows(kind):
    graph = trace(catalogue()[f"keywords/{kind}"]())
    assert sum(op.kind == "affine" for op in graph.ops()) >= 6
    fold(graph)
    kinds = [op.kind for op in graph.ops()]
    assert "affine" not in kinds
    assert "relu" not in kinds
    # What stays: the pre-activation normalisation of each unit and of the head, whose input the shortcut reads too.
    # The ResNet's head folds through the sum of two convolutions; behind a shrinkage it cannot.
    stays = {op.name for op in graph.ops() if op.kind == "depthwise"}
    units = {"unit1/norm_1", "unit2/norm_1"}
    assert stays == {"convnet": set(), "resnet": units, "drsn-cw": {*units, "head_norm"}}[kind]


def test_the_input_is_padded_with_what_normalises_to_zero():
    model = _model(L.BatchNormalization(name="norm"), L.Conv1D(4, 5, padding="same"))
    graph = trace(model)
    fold(graph)
    (pad,) = (op for op in graph.ops() if op.kind == "pad")
    gamma, beta, mean, variance = (w.numpy() for w in model.get_layer("norm").weights)
    np.testing.assert_allclose((pad.weights["values"] - mean) / np.sqrt(variance + 1e-3) * gamma, -beta, atol=1e-5)


def test_macs_are_those_of_the_model_and_its_shortcuts():
    model = keyword_network((98, 40), 12)
    graph = lower(model).graph
    shortcuts = sum(op.macs for op in graph.ops() if "padded_shortcut" in op.name)
    affine = sum(op.macs for op in graph.ops() if op.kind == "depthwise")
    assert sum(op.macs for op in graph.ops()) - shortcuts - affine == count_macs(model)
    assert shortcuts + affine < 0.05 * count_macs(model)


@pytest.mark.parametrize(
    ("target", "kinds"), [("litert", {"leaky_relu", "sub"}), ("tflm", {"abs", "maximum", "minimum"})]
)
def test_the_target_chooses_the_form_of_the_shrinkage(target, kinds):
    found = {op.kind for op in lower(catalogue()["keywords/drsn-cw"](), target).graph.ops()}
    assert kinds <= found
    assert "shrink" not in found
    assert not found & ({"abs", "minimum", "maximum"} if target == "litert" else {"leaky_relu"})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (L.LSTM(4, return_sequences=True, name="memory"), "memory: cannot be lowered: LSTM; use strided convolutions"),
        (L.LayerNormalization(name="ln"), "ln: cannot be lowered: LayerNormalization; use BatchNormalization"),
        (L.Conv1D(6, 3, groups=2, name="c"), "c: cannot be lowered: Conv1D with groups=2"),
        (L.Conv1D(6, 3, activation="gelu", name="c"), "c: cannot be lowered: Conv1D with activation gelu"),
        (L.UpSampling1D(2, name="up"), "up: cannot be lowered: UpSampling1D; use one of Activation, ActivityRegulariz"),
        (L.BatchNormalization(axis=1, name="bn"), "bn: cannot be lowered: BatchNormalization with axis=1"),
    ],
)
def test_unsupported_layers_are_named_with_what_to_use(layer, message):
    with pytest.raises(UsageError) as error:
        lower(_model(layer))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_a_fault_inside_a_model_is_named_with_its_place():
    inner = keras.Sequential([keras.Input((24, 6)), L.GRU(3, name="memory")], name="inner")
    x = keras.Input((24, 6))
    with pytest.raises(UsageError, match=r"^inner/memory: cannot be lowered: GRU"):
        lower(keras.Model(x, inner(x)))


def test_a_front_end_stays_outside():
    x = keras.Input((16000,))
    with pytest.raises(UsageError, match="FrontEnd; use features as the model's input; the front end's own code"):
        lower(keras.Model(x, FrontEnd(FrontEndSpec())(x)))


def test_long_strides_are_refused_for_ethos_u_only():
    model = _model(L.Conv1D(4, 9, strides=4, padding="same", name="stem"))
    assert lower(model, "tflm", _inputs(model)).parity <= 1e-5
    with pytest.raises(
        UsageError, match=r"stem: cannot be lowered for ethos-u: strides \(4, 1\); use strides of at mo"
    ):
        lower(model, "ethos-u")


def test_models_that_cannot_be_lowered_at_all():
    with pytest.raises(UsageError, match=r"expected a known shape of 1 to 3 axes, got \(None, 4\)"):
        lower(_model(L.Conv1D(4, 3), shape=(None, 4)))
    a, b = keras.Input((4, 4)), keras.Input((4, 4))
    with pytest.raises(UsageError, match="expected one input, got 2"):
        lower(keras.Model([a, b], L.Add()([a, b])))
    with pytest.raises(UsageError, match="target: expected one of litert, tflm, ethos-u, got 'x86'"):
        lower(_model(L.ReLU()), "x86")


def test_a_user_can_teach_a_rule():
    class Double(L.Layer):
        def call(self, x):
            return 2.0 * x

        def compute_output_shape(self, shape):
            return shape

    with pytest.raises(UsageError, match="Double"):
        lower(_model(Double()))

    @lowers(Double)
    def double(layer, to, x):
        return to.binary("add", x, x)

    model = _model(Double())
    assert lower(model, "litert", _inputs(model)).parity <= 1e-5

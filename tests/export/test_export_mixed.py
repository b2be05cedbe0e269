"""Mixed precision: what is named stays at int16 or float, all else is int8, and the result runs and is no worse."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.errors import UsageError
from drsn_keras.export.inspection.flatbuffer import CONVERSIONS, read_file
from drsn_keras.export.inspection.names import layers_in
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.emit import Primitive
from drsn_keras.export.quantization import mixed
from drsn_keras.export.quantization.mixed import quantize_mixed
from drsn_keras.export.quantization.ranges import measure_ranges
from drsn_keras.layers import SoftThreshold
from drsn_keras.models import keyword_network
from random_weights import randomise

INPUTS = np.random.default_rng(1).standard_normal((48, 20, 8)).astype(np.float32)


@pytest.fixture(scope="module", autouse=True)
def converted_once():
    """The float file that everything starts from, once a network: it takes longer than all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixed, "to_tflite", functools.cache(mixed.to_tflite))
        yield


@pytest.fixture(scope="module")
def twin():
    """Four units: enough operators that the quantizer would draw a progress bar."""
    model = randomise(keyword_network((20, 8), 3, "drsn-cw", units=((8, 1), (8, 2), (8, 1), (8, 1))))
    model.layers[-1].activation = keras.activations.linear  # Probabilities would hide differences.
    return lower(model)


@pytest.fixture(scope="module")
def int8(twin):
    return quantize_mixed(twin.model, INPUTS, {})


def _tensors(content):
    """Results of operators, without those of conversions, and constants."""
    file = read_file(content)
    results = [file.tensors[op.outputs[0]] for op in file.operators if op.name not in CONVERSIONS]
    return results, [t for t in file.tensors if t.data is not None]


def _scale(content, part):
    """Scale of the result whose name ends so."""
    return next(t.scales[0] for t in _tensors(content)[0] if t.name.endswith(part))


def _predict(content, inputs, tmp_path):
    (tmp_path / "model.tflite").write_bytes(content)
    return Interpreter(tmp_path / "model.tflite").run_batch(inputs)


def _sqnr_db(expected, found):
    return 10.0 * np.log10(np.sum(expected**2) / np.sum((expected.reshape(found.shape) - found) ** 2))


def test_named_layers_are_kept_and_all_others_are_int8(twin):
    keep = {"unit1/shrinkage": "int16", "unit1/shrinkage/gate": "float", "unit2/conv_1": "float", "head_norm": "int16"}
    results, constants = _tensors(quantize_mixed(twin.model, INPUTS, keep))
    made = {layers_in(t.name)[0]: t.dtype for t in results if layers_in(t.name)}
    assert set(made) >= {layer.name for layer in twin.model.layers} - {"input", "output"} - set(twin.model.output_names)
    for layer, dtype in made.items():
        in_float = layer.startswith("unit1.shrinkage.gate") or layer == "unit2.conv_1"
        in_int16 = layer.startswith("unit1.shrinkage") or layer == "head_norm"
        assert dtype == ("float32" if in_float else "int16" if in_int16 else "int8"), layer
    kernels = {layers_in(t.name)[0]: (t.dtype, len(t.scales)) for t in constants if t.name.endswith("/Conv2D")}
    assert kernels["unit2.conv_1"] == kernels["unit1.shrinkage.gate.squeeze"] == ("float32", 0)
    assert kernels["unit1.conv_1"] == kernels["unit2.shrinkage.gate.squeeze"] == ("int8", 8), "a scale a channel"


def test_nothing_kept_is_int8_without_conversions(int8):
    file = read_file(int8)
    assert set(file.dtype_counts) == {"int8", "int32"}
    assert not {*CONVERSIONS} & set(file.operator_counts)
    assert file.operator_counts["LEAKY_RELU"] == 4, "an operator gets its own name back"


@pytest.mark.parametrize("place", ["stem", "unit1", "unit2/shrinkage", "unit4/conv_2", "classes"])
@pytest.mark.parametrize("precision", ["int16", "float"])
def test_a_kept_layer_does_no_harm(twin, int8, place, precision, tmp_path):
    expected, kept = twin.predict(INPUTS), quantize_mixed(twin.model, INPUTS, {place: precision})
    plain = _sqnr_db(expected, _predict(int8, INPUTS, tmp_path))
    assert plain > 20.0
    assert _sqnr_db(expected, _predict(kept, INPUTS, tmp_path)) > plain - 1.0


def test_everything_kept(twin, int8, tmp_path):
    expected = twin.predict(INPUTS)
    everything = {layer.name.split(".")[0] for layer in twin.model.layers} - {"input", "output"}
    whole = quantize_mixed(twin.model, INPUTS, dict.fromkeys(everything, "float"))
    np.testing.assert_allclose(_predict(whole, INPUTS, tmp_path), expected, atol=1e-4)
    wide = quantize_mixed(twin.model, INPUTS, dict.fromkeys(everything, "int16"))
    assert set(read_file(wide).dtype_counts) == {"int8", "int16", "int32", "int64"}
    # Activations are finer by 48 dB; the weights, still in int8, set the limit.
    plain = _sqnr_db(expected, _predict(int8, INPUTS, tmp_path))
    assert _sqnr_db(expected, _predict(wide, INPUTS, tmp_path)) > plain + 3.0


def test_the_ends_have_the_precision_of_the_layers_there(twin, tmp_path):
    for start, end in (("float", "int16"), ("int16", "float")):
        content = quantize_mixed(twin.model, INPUTS, {"input_norm": start, "classes": end, "unit2": "float"})
        file = read_file(content)
        assert file.tensors[file.inputs[0]].dtype.startswith(start)
        assert file.tensors[file.outputs[0]].dtype.startswith(end)
        assert _sqnr_db(twin.predict(INPUTS), _predict(content, INPUTS, tmp_path)) > 20.0


def test_ranges_are_the_least_and_largest_values(twin):
    loud = np.where(np.arange(len(INPUTS))[:, None, None] == 17, 40.0 * INPUTS, INPUTS)
    scale = np.ptp(measure_ranges(twin.model, loud)["unit1"]) / 255.0
    assert _scale(quantize_mixed(twin.model, loud, {"stem": "int16"}), "unit1/add") == pytest.approx(scale, rel=1e-5)


def test_given_ranges_are_for_int8_and_do_not_clip_int16(twin):
    measured = measure_ranges(twin.model, INPUTS)
    given = {name: (0.5 * least, 0.5 * largest) for name, (least, largest) in measured.items()}
    content = quantize_mixed(twin.model, INPUTS, {"unit2": "int16"}, given)
    assert _scale(content, "unit1/add") == pytest.approx(np.ptp(given["unit1"]) / 255.0, rel=1e-5)
    statistic = max(measured["unit2.shrinkage.statistic"])
    assert _scale(content, "unit2.shrinkage.statistic/Mean") == pytest.approx(statistic / 32767.0, rel=1e-5)
    # But int8 reads the following one.
    assert _scale(content, "unit2/add") == pytest.approx(max(map(abs, given["unit2"])) / 32767.0, rel=1e-5)


@pytest.mark.parametrize(
    ("place", "precision", "message"),
    [
        ("unit1/conv1", "float", r"keep: expected a layer of \w+ \(the nearest: unit1/conv_1, .*\), got 'unit1/conv1'"),
        (
            "unit1/shrink",
            "int16",
            r"keep: expected a layer of \w+ \(the nearest: unit1/shrinkage, .*\), got 'unit1/shrink'",
        ),
        ("input", "float", "keep: expected a layer of .*, got 'input'"),
        ("unit1", "int4", "keep unit1: expected int16 or float, got 'int4'"),
    ],
)
def test_unknown_places_and_precisions(twin, place, precision, message):
    with pytest.raises(UsageError, match=f"^{message}$"):
        quantize_mixed(twin.model, INPUTS, {place: precision})


def test_a_layer_that_is_only_a_constant():
    model = lower(keras.Sequential([keras.Input((12, 4)), SoftThreshold(0.1, name="soft")])).model
    data = np.random.default_rng(0).standard_normal((8, 12, 4)).astype(np.float32)
    with pytest.raises(UsageError, match=r"^keep soft/tau: expected a layer with an operator, got one that the conv"):
        quantize_mixed(model, data, {"soft/tau": "float"})
    assert read_file(quantize_mixed(model, data, {"soft": "float"})).float_tensors


def _between_convolutions(*layers, branches=1):
    """A map of (8, 6, 4), one or two 1 x 1 convolutions, the layers, another convolution; and inputs."""
    rng = np.random.default_rng(3)
    start = tf_keras.Input((8, 6, 4), name="input")
    x = [tf_keras.layers.Conv2D(4, 1, name=f"before_{i}")(start) for i in range(branches)]
    x = x if branches > 1 else x[0]
    for layer in layers:
        x = layer(x)
    model = tf_keras.Model(start, tf_keras.layers.Conv2D(3, 1, name="after")(x), name="net")
    model.set_weights([rng.normal(0.0, 0.5, w.shape) for w in model.get_weights()])
    return model, rng.standard_normal((32, 8, 6, 4)).astype(np.float32)


@pytest.mark.parametrize(("name", "precision"), [("SIN", "int8"), ("SQUARED_DIFFERENCE", "int16")])
def test_an_operator_that_cannot_be_quantised_as_asked(name, precision):
    call = tf.sin if name == "SIN" else lambda x: tf.math.squared_difference(x, x[:, :1])
    model, data = _between_convolutions(tf_keras.layers.Lambda(call, name="odd.one"))
    with pytest.raises(UsageError, match=f"^odd/one: expected an operator .* has at {precision}, got {name} "):
        quantize_mixed(model, data, {"odd": "int16"} if precision == "int16" else {})
    assert name in read_file(quantize_mixed(model, data, {"odd": "float"})).operator_counts


@pytest.mark.parametrize("kind", ["abs", "leaky_relu", "minimum", "relu6"])
def test_operators_that_the_quantizer_does_not_know(kind, tmp_path):
    # ReLU6 behind a maximum: a convolution would take it in.
    before = [Primitive("maximum", {}, name="largest")] if kind == "relu6" else []
    odd = Primitive(kind, {"slope": 0.1}, name="odd")
    model, data = _between_convolutions(*before, odd, branches=2 if kind in {"minimum", "relu6"} else 1)
    for keep, least_db in (({}, 25.0), ({"before_0": "int16", "odd": "int16", "after": "int16"}, 35.0)):
        content = quantize_mixed(model, data, keep)
        assert kind.upper() in read_file(content).operator_counts
        assert {t.dtype for t in _tensors(content)[0] if "/odd/" in t.name} == {"int16" if keep else "int8"}
        assert _sqnr_db(model(data).numpy(), _predict(content, data, tmp_path)) > least_db


def test_it_says_nothing(twin, capfd):
    quantize_mixed(twin.model, INPUTS, {"unit1": "int16"})
    assert capfd.readouterr() == ("", "")

"""Ranges of our own are exactly what the int8 graph computes with, in integers throughout."""

import numpy as np
import pytest
import tf_keras
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from drsn_keras.errors import DataError
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.emit import Primitive
from drsn_keras.export.quantization.fake_quantized import settle_ranges, with_ranges
from drsn_keras.export.quantization.ranges import measure_ranges
from drsn_keras.export.recipe import RANGES
from drsn_keras.export.tflite import to_tflite
from drsn_keras.models import keyword_network
from random_weights import randomise

SHAPE = (20, 8)


def _network():
    return randomise(keyword_network(SHAPE, 3, "drsn-cw", units=((8, 1), (8, 2))))


def _inputs(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, *SHAPE)).astype("float32")


def _interpreter(content, delegates=True):
    kind = OpResolverType.AUTO if delegates else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, num_threads=1, experimental_op_resolver_type=kind)
    interpreter.allocate_tensors()
    return interpreter


def _sqnr_db(expected, found):
    return 10 * np.log10(np.sum(expected**2) / np.sum((found - expected) ** 2))


def _run(content, x):
    """Outputs of an int8 model, as real numbers."""
    interpreter = _interpreter(content)
    (start,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero = start["quantization"]
    found = []
    for one in np.clip(np.rint(x / scale) + zero, -128, 127).astype(np.int8):
        interpreter.set_tensor(start["index"], one.reshape(start["shape"]))
        interpreter.invoke()
        found.append(interpreter.get_tensor(end["index"])[0])
    return (np.array(found, np.float64) - end["quantization"][1]) * end["quantization"][0]


def _partitions(content):
    return sum(op["op_name"] == "DELEGATE" for op in _interpreter(content)._get_ops_details())


@pytest.fixture(scope="module", params=["litert", "tflm"])
def quantised(request):
    """A twin, its settled ranges and its int8 graph."""
    twin = lower(_network(), request.param)
    measured = measure_ranges(twin.model, _inputs(100), "mse")
    return twin, settle_ranges(twin.model, measured), to_tflite(with_ranges(twin.model, measured), "int8")


def test_graph_is_int8_and_one_partition(quantised):
    twin, _, content = quantised
    assert read_file(content).float_tensors == []
    if twin.target == "litert":
        assert _partitions(content) == 1


def test_scales_are_the_ranges(quantised):
    _, settled, content = quantised
    interpreter = _interpreter(content, delegates=False)
    quantisation = {t["index"]: t["quantization"] for t in interpreter.get_tensor_details()}
    # One tensor a layer: activations are fused, nothing is rescaled.
    tensors = [op["outputs"][0] for op in interpreter._get_ops_details()]
    found = sorted(quantisation[i] for i in [*tensors, interpreter.get_input_details()[0]["index"]])
    expected = sorted(((b - a) / 255, -128 - round(a / ((b - a) / 255))) for a, b in settled.values())
    np.testing.assert_allclose([s for s, _ in found], [s for s, _ in expected], rtol=1e-5)
    assert sorted(z for _, z in found) == sorted(z for _, z in expected)


def test_constants_are_int8_and_as_fine_as_can_be(quantised):
    twin, _, content = quantised
    interpreter = _interpreter(content, delegates=False)
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    second = [
        (op["op_name"], tensors[op["inputs"][1]]) for op in interpreter._get_ops_details() if len(op["inputs"]) > 1
    ]
    kernels = [tensor for name, tensor in second if name in {"CONV_2D", "DEPTHWISE_CONV_2D"}]
    assert all(kernel["dtype"] == np.int8 for kernel in kernels)
    assert not any(kernel["quantization_parameters"]["zero_points"].any() for kernel in kernels)
    scales = np.sort(np.concatenate([kernel["quantization_parameters"]["scales"] for kernel in kernels]))
    largest = [
        np.abs(op.weights["kernel"]).max(axis=(0, 1, 3) if op.kind == "depthwise" else (0, 1, 2))
        for op in twin.graph.ops()
        if "kernel" in op.weights
    ]
    np.testing.assert_allclose(scales, np.sort(np.concatenate(largest)) / 127, rtol=1e-5)
    minus = [tensor for name, tensor in second if name == "MUL" and tensor["shape"].size == 0]
    assert minus
    for tensor in minus:
        scale, zero = tensor["quantization"]
        assert scale * (interpreter.get_tensor(tensor["index"]).item() - zero) == pytest.approx(-1.0)


def test_int8_is_close_to_float(quantised):
    twin, _, content = quantised
    # Measured: 47 dB (litert) and 45 dB (tflm); an output of softmax cannot be finer than 1/256.
    x = _inputs(100, seed=1)
    assert _sqnr_db(twin.predict(x), _run(content, x)) > 40


def test_an_outlier_hurts_min_max_most():
    twin = lower(_network(), "litert")
    seen, unseen = _inputs(4000), _inputs(200, seed=1)
    seen[0, 10, 3] = 200.0
    expected = twin.predict(unseen)
    found = {}
    for method in RANGES:
        copy = with_ranges(twin.model, measure_ranges(twin.model, seen, method))
        found[method] = _sqnr_db(expected, copy(unseen.reshape(-1, *copy.input_shape[1:])).numpy())
    # Measured: 28, 35 and 46 dB. A single value that is far enough out counts with its square.
    assert found["mse"] > found["min-max"] + 3
    assert found["percentile"] > found["min-max"] + 10


def test_thresholds_near_zero_stay_in_one_partition():
    # XNNPACK refuses scales more than 1024 apart; a sigmoid of -200 yields zeros alone.
    model = _network()
    for w in model.weights:
        if "excite" in w.path:
            bias = -200.0 if "unit1" in w.path else -10.0
            w.assign(np.full(w.shape, bias if w.path.endswith("bias") else 0.0))
    twin = lower(model, "litert")
    x = _inputs(50)
    measured = measure_ranges(twin.model, x)
    assert measured["unit1.shrinkage.tau"] == (0, 0)
    assert 0 < measured["unit2.shrinkage.tau"][1] < measured["unit2.shrinkage"][1] / 2000
    content = to_tflite(with_ranges(twin.model, measured), "int8")
    assert _partitions(content) == 1
    assert _sqnr_db(twin.predict(x), _run(content, x)) > 40


def test_the_copy_is_the_same_network_and_survives_saving():
    twin = lower(_network(), "litert")
    x = _inputs(50).reshape(-1, *twin.model.input_shape[1:])
    before = twin.model(x).numpy()
    copy = with_ranges(twin.model, measure_ranges(twin.model, x))
    np.testing.assert_allclose(copy(x).numpy(), before, atol=0.02)
    loaded = tf_keras.Model.from_config(copy.get_config())
    loaded.set_weights(copy.get_weights())
    np.testing.assert_array_equal(loaded(x).numpy(), copy(x).numpy())
    copy.set_weights([0 * w for w in copy.get_weights()])
    np.testing.assert_array_equal(twin.model(x).numpy(), before)


def test_kernels_that_copy_or_compare_share_a_range():
    start = tf_keras.Input((4, 4, 2), name="input")
    gate = Primitive("sigmoid", name="gate")(start)
    pooled = Primitive("max_pool", {"size": (2, 2), "strides": (1, 1), "padding": "same"}, name="pooled")(gate)
    twice = Primitive("add", name="twice")([start, start])
    larger = Primitive("maximum", name="larger")([twice, start])
    model = tf_keras.Model(start, Primitive("add", name="sum")([larger, pooled]))
    measured = {"input": (-3, 1), "gate": (0, 1), "pooled": (0, 1), "twice": (-2, 6), "larger": (0, 6), "sum": (0, 7)}
    fixed, hull = (0, 255 / 256), (-3, 6)
    assert settle_ranges(model, measured) == {
        **dict.fromkeys(("gate", "pooled"), fixed), **dict.fromkeys(("input", "twice", "larger"), hull), "sum": (0, 7)
    }  # fmt: skip


def test_a_missing_or_shifted_range_is_refused():
    start = tf_keras.Input((1, 1, 2), name="input")
    model = tf_keras.Model(start, Primitive("relu", name="relu")(start))
    with pytest.raises(DataError, match="ranges, relu: expected a finite range that holds 0, got none"):
        with_ranges(model, {"input": (0, 1)})
    with pytest.raises(DataError, match=r"ranges, input: expected a finite range that holds 0, got \(1, 2\)"):
        with_ranges(model, {"input": (1, 2), "relu": (0, 2)})

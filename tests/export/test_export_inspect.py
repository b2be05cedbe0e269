"""Inspection of a file by itself: costs, memory and partitions are what is known by hand or from elsewhere."""

import math

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drsn_keras.errors import BundleError
from drsn_keras.export.inspection import micro
from drsn_keras.export.inspection.arena import Span, plan, plan_arena
from drsn_keras.export.inspection.costs import layer_costs
from drsn_keras.export.inspection.flatbuffer import File, Operator, Tensor, read_file
from drsn_keras.export.inspection.matching import match_layers
from drsn_keras.export.inspection.names import layers_in, place_of
from drsn_keras.export.inspection.partitions import read_partitions
from drsn_keras.export.lowering import lower
from drsn_keras.export.tflite import to_tflite
from drsn_keras.models import count_macs


def _tensor(index, name="t", dtype="int8", shape=(4,), scale=None, zero_point=0):
    scales = np.float32([] if scale is None else [scale])
    return Tensor(index, name, dtype, shape, 0, None, scales, np.full(scales.size, zero_point), 0)


# What the file says


def test_macs_and_bytes_are_those_of_the_network(cw_litert):
    rows = layer_costs(read_file(cw_litert.int8))
    assert sum(row.macs for row in rows) == sum(op.macs for op in cw_litert.twin.graph.ops())
    # Lowering adds convolutions for shortcuts and for batch normalisation that does not fold.
    added = {row.layer for row in rows if row.layer.endswith(("padded_shortcut", "norm_1", "head_norm"))}
    assert {"unit1/norm_1", "unit2/padded_shortcut"} <= added
    assert sum(row.macs for row in rows if row.layer not in added) == count_macs(cw_litert.model)
    conv = next(row for row in rows if row.layer == "unit1/conv_1")
    assert (conv.operator, conv.dtype, conv.shape) == ("CONV_2D", "int8", (1, 10, 1, 8))
    assert conv.weight_bytes == 9 * 8 * 8 + 4 * 8, "int8 kernel and int32 bias"


def test_shared_constants_count_once():
    weight = Tensor(1, "w", "int8", (2, 3), 7, np.zeros(6, np.uint8), np.float32([1]), np.array([0]), 0)
    tensors = (_tensor(0, shape=(1, 3)), weight, _tensor(2, shape=(1, 2)), _tensor(3, shape=(1, 2)))
    operators = (Operator(0, "FULLY_CONNECTED", (0, 1), (2,)), Operator(1, "FULLY_CONNECTED", (0, 1), (3,)))
    rows = layer_costs(File(operators, tensors, (0,), (3,), 100))
    assert [(row.macs, row.weight_bytes) for row in rows] == [(6, 6), (6, 0)]


def test_dequantised_constants_are_their_own_values():
    data = np.array([-2, 4, 10, 20], np.int8).view(np.uint8)
    tensor = Tensor(0, "w", "int8", (2, 2), 1, data, np.float32([0.5, 2.0]), np.array([0, 1]), 1)
    np.testing.assert_array_equal(tensor.values(), [[-1.0, 6.0], [5.0, 38.0]])


def test_what_is_no_model_is_refused_in_one_line(cw_litert):
    with pytest.raises(BundleError, match="x: expected a TFLite file"):
        read_file(b"nothing of the kind", "x")
    with pytest.raises(BundleError, match="x: expected a whole TFLite file"):
        read_file(cw_litert.int8[: len(cw_litert.int8) // 2], "x")


@pytest.mark.parametrize(
    ("name", "layers", "place"),
    [
        (
            "net/unit1.conv_1/Relu;net/unit1.conv_1/Conv2D;net/stem/BiasAdd",
            ["unit1.conv_1"] * 2 + ["stem"],
            "unit1/conv_1",
        ),
        ("net/quant_unit1.norm/depthwise", ["unit1.norm"], "unit1/norm"),
        ("net_1/unit1_1/conv_1/convolution", ["unit1_1"], "unit1_1/conv_1"),
        ("StatefulPartitionedCall:0", [], "StatefulPartitionedCall:0"),
    ],
)
def test_names_lead_back_to_layers(name, layers, place):
    assert (layers_in(name), place_of(name)) == (layers, place)


# Memory


def test_arena_of_a_chain_by_hand():
    """x feeds a and, as a shortcut, d: in step 1 live x (100), a (60), b (50); in step 2 x, b, c (40)."""
    buffers = [Span("x", 100, 0, 3), Span("a", 60, 0, 1), Span("b", 50, 1, 2), Span("c", 40, 2, 3), Span("d", 30, 3, 3)]
    found = plan(buffers)
    assert (found.live_bytes, found.peak, found.live) == (210, 1, ("x", "a", "b"))
    # In units of 16 bytes: x 0-112, a 112-176, b 176-240, c in a's place, d in b's.
    assert found.placed_bytes == 240


def test_lives_follow_the_operators():
    tensors = tuple(_tensor(i, f"t{i}", shape=(n,)) for i, n in enumerate((64, 32, 32, 16)))
    operators = (
        Operator(0, "RELU", (0,), (1,)),
        Operator(1, "RELU", (1,), (2,)),
        Operator(2, "ADD", (0, 2), (3,)),
    )
    found = plan_arena(File(operators, tensors, (0,), (3,), 0))
    assert (found.live_bytes, found.peak) == (128, 1), "the input lives on: 64 + 32 + 32"
    assert found.placed_bytes == 128


def test_arena_is_what_tflite_micro_takes(cw_litert, cs_tflm):
    pytest.importorskip("tflite_micro")
    for one in (cw_litert.int8, cs_tflm.int8):
        estimate = plan_arena(read_file(one))
        found = micro.measure_micro_arena(one, estimate)
        assert found["total"] == found["head"] + found["tail"]
        assert estimate.placed_bytes <= found["head"] <= 1.2 * estimate.placed_bytes


def test_an_arena_that_cannot_be_measured_says_why(cw_litert, monkeypatch):
    if micro.importlib.util.find_spec("tflite_micro"):
        half = cw_litert.convert("float16")
        reason = micro.measure_micro_arena(half, plan_arena(read_file(half)))["not_measured"]
        assert "TFLite-Micro cannot run it (" in reason
        assert "kTfLiteInt8" in reason, "the engine's own words: it unpacks integers only"
    monkeypatch.setattr(micro.importlib.util, "find_spec", lambda name: None)
    reason = micro.measure_micro_arena(cw_litert.int8, plan_arena(read_file(cw_litert.int8)))["not_measured"]
    assert "tflite-micro is not installed" in reason


# Partitions


def test_a_float_graph_is_one_partition(cw_litert):
    file = read_file(cw_litert.float32)
    found = read_partitions(cw_litert.float32, file)
    assert found.delegated == (tuple(op.index for op in file.operators),)
    assert found.outside == ()


def test_partitions_end_where_xnnpack_has_no_integer_kernel(cs_tflm):
    file = read_file(cs_tflm.int8)
    found = read_partitions(cs_tflm.int8, file)
    assert {"ABS", "MINIMUM", "MAXIMUM"} <= {file.operators[i].name for i in found.outside} <= {
        "ABS", "MINIMUM", "MAXIMUM", "SOFTMAX"
    }  # fmt: skip
    assert len(found.delegated) > 2
    assert sorted([*sum(found.delegated, ()), *found.outside]) == list(range(len(file.operators)))


def test_partitions_agree_with_the_tensors_that_have_no_memory(cs_tflm):
    """LiteRT allocates nothing for what stays inside a partition."""
    file = read_file(cs_tflm.int8)
    parts = {i: n for n, part in enumerate(read_partitions(cs_tflm.int8, file).delegated) for i in part}
    interpreter = Interpreter(model_content=cs_tflm.int8, num_threads=1)
    interpreter.allocate_tensors()
    for op in file.operators:
        (result,) = op.outputs
        readers = [reader.index for reader in file.operators if result in reader.inputs]
        inside = bool(readers) and op.index in parts and {parts.get(i) for i in readers} == {parts[op.index]}
        if inside:
            with pytest.raises(ValueError, match="Tensor data is null"):
                interpreter.get_tensor(result)
        else:
            assert interpreter.get_tensor(result) is not None


# Layers of the twin


@pytest.mark.parametrize("name", ["cw_litert", "cs_tflm"])
def test_every_layer_finds_its_tensor(name, request):
    network = request.getfixturevalue(name)
    file = read_file(network.int8)
    matches = match_layers(network.twin, file)
    assert list(matches) == [op.name for op in network.twin.graph.ops()]
    assert len(set(matches.values())) == len(matches)
    for op in network.twin.graph.ops():
        assert file.tensors[matches[op.name]].elements == math.prod(op.shape)


def test_a_file_of_another_network_is_refused(cw_litert):
    inputs = keras.Input((20, 8))
    other = keras.Model(inputs, keras.layers.Dense(3, name="only")(keras.layers.GlobalAveragePooling1D()(inputs)))
    with pytest.raises(BundleError, match="expected the layers' names of the run's network, lowered for litert"):
        match_layers(cw_litert.twin, read_file(to_tflite(lower(other).model, "float32")))

"""Inspection against the float twin: noise of every layer, resolution of the shrinkage."""

import math
from types import SimpleNamespace

import flatbuffers
import keras
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from drsn_keras.export.inspection.examine import compare
from drsn_keras.export.inspection.flatbuffer import File, Operator, Tensor, read_file
from drsn_keras.export.inspection.layers import NoiseMeter, largest_drops, ratio_db, worst, worst_alone
from drsn_keras.export.inspection.matching import match_layers
from drsn_keras.export.inspection.resolution import ResolutionMeter, Shrink, find_shrinkage
from drsn_keras.export.inspection.sentences import faults, layer_sentence, shrinkage_sentence, weights_note
from drsn_keras.export.lowering import lower
from drsn_keras.export.tflite import to_tflite
from drsn_keras.layers import SoftThreshold
from drsn_keras.models import thresholds


def _rescaled(content, index, factor):
    """The same file, one tensor's range wider by a factor: its integers mean more, so there are fewer of them."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    quantization = model.subgraphs[0].tensors[index].quantization
    quantization.scale = quantization.scale * np.float32(factor)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(index, name="t", dtype="int8", shape=(4,), scale=None, zero_point=0):
    scales = np.float32([] if scale is None else [scale])
    return Tensor(index, name, dtype, shape, 0, None, scales, np.full(scales.size, zero_point), 0)


# Noise


def test_ratio_of_worked_numbers():
    assert ratio_db(25.0, 0.25) == pytest.approx(20.0)
    assert ratio_db(1.0, 0.0) == math.inf
    assert ratio_db(0.0, 1.0) is None


def test_noise_of_one_tensor_by_hand():
    """Scale 0.5: 1 and -2.2 and 0.3 become 1, -2 and 0.5; 100 and -65 are clipped at 63.5 and -64."""
    op = SimpleNamespace(name="conv", inputs=(), weights={})
    file = File((Operator(0, "CONV_2D", (), (0,)),), (_tensor(0, scale=0.5),), (), (0,), 0)
    meter = NoiseMeter(SimpleNamespace(graph=SimpleNamespace(ops=lambda: [op])), file, {"conv": 0})
    meter.add({"conv": np.float32([1.0, -2.2, 0.3, 100.0, -65.0])}, lambda index: np.int8([2, -4, 3, 127, -128]))
    (found,) = meter.layers()
    signal = 1 + 2.2**2 + 0.3**2 + 100**2 + 65**2
    assert found.sqnr_db == pytest.approx(10 * math.log10(signal / (0.2**2 + 1.2**2 + 36.5**2 + 1)), abs=1e-4)
    assert found.local_db == pytest.approx(10 * math.log10(signal / (0.2**2 + 0.2**2 + 36.5**2 + 1)), abs=1e-4)
    assert found.clipped == 0.4


def test_the_float_file_is_its_twin(cw_litert):
    found = compare(cw_litert.twin, cw_litert.float32, cw_litert.inputs[:4])
    assert min(row.sqnr_db for row in found.layers) > 100
    assert found.shrinkage == []
    assert found.weights_db > 120


@pytest.fixture(scope="module")
def healthy(cw_litert):
    return compare(cw_litert.twin, cw_litert.int8, cw_litert.inputs)


def test_a_good_int8_file_is_close_everywhere(healthy):
    assert min(row.sqnr_db for row in healthy.layers) > 15
    assert all(row.local_db >= row.sqnr_db - 1.0 for row in healthy.layers), "rounding alone is never the worse"
    assert 30 < healthy.weights_db < 60, "int8 weights, a scale a channel"
    assert weights_note(healthy.weights_db) is None


def test_a_range_too_wide_is_found(cw_litert, healthy):
    index = match_layers(cw_litert.twin, read_file(cw_litert.int8))["head_norm"]
    found = compare(cw_litert.twin, _rescaled(cw_litert.int8, index, 20.0), cw_litert.inputs)
    (lowest,), (drop,) = worst(found.layers, 1), largest_drops(found.layers, 1)
    assert lowest.layer == drop.layer == "head_norm"
    before = next(row for row in healthy.layers if row.layer == "head_norm")
    # The quantum is 20 times larger: 26 dB.
    assert before.local_db - lowest.local_db == pytest.approx(26.0, abs=1.5)
    assert "head_norm (DEPTHWISE_CONV_2D)" in layer_sentence(lowest)
    assert "its own rounding" in layer_sentence(lowest)
    assert worst_alone(found.layers, 1) == [lowest]


def test_a_range_too_narrow_is_found(cw_litert):
    index = match_layers(cw_litert.twin, read_file(cw_litert.int8))["head_norm"]
    found = compare(cw_litert.twin, _rescaled(cw_litert.int8, index, 0.05), cw_litert.inputs)
    (drop,) = largest_drops(found.layers, 1)
    assert drop.layer == "head_norm"
    assert drop.clipped > 0.1
    assert "its range is too narrow" in layer_sentence(drop)


def test_weights_of_another_run_are_noticed(cw_litert):
    found = compare(lower(cw_litert.fresh(seed=5), "litert"), cw_litert.int8, cw_litert.inputs[:4])
    assert "trained further, pruned, clustered, or from another run" in weights_note(found.weights_db)


# Resolution of the shrinkage


def test_resolution_by_hand():
    """x in steps of 0.5, tau in steps of 0.25 and rounded to 1.0 (float: 1.1)."""
    op = SimpleNamespace
    x, tau, alpha = op(name="x"), op(name="tau"), op(name="alpha")
    reader, output = op(name="s/above", kind="sub"), op(name="s")
    tensors = (
        _tensor(0, scale=0.5),
        _tensor(1, scale=0.25, shape=(1,)),
        _tensor(2),
        _tensor(3, scale=0.5, zero_point=5),
        _tensor(4, scale=0.01, shape=(1,)),
    )
    operators = (Operator(0, "SUB", (0, 1), (2,)), Operator(1, "SUB", (2, 2), (3,)))
    file = File(operators, tensors, (0, 1), (3,), 0)
    meter = ResolutionMeter(
        Shrink("s", x, tau, alpha, reader, output), file, {"x": 0, "tau": 1, "s/above": 2, "s": 3, "alpha": 4}
    )
    stored = {0: np.int8([-6, -2, 3, 5]), 1: np.int8([4]), 3: np.int8([1, 5, 5, 9]), 4: np.int8([50])}
    real = {"x": np.float32([-3.1, -1.05, 1.3, 2.4]), "tau": np.float32([1.1])}
    meter.add(real, stored.__getitem__)
    meter.add(real, {**stored, 1: np.int8([0]), 4: np.int8([51])}.__getitem__)
    found = meter.resolution()
    assert (found.tau_quanta, found.tau_levels, found.alpha_levels) == (pytest.approx(2.2), 2, 2)
    assert (found.dead_float, found.dead_int, found.zero_int, found.tau_zero) == (0.25, 0.125, 0.5, 0.5)


@pytest.mark.parametrize("name", ["cw_litert", "cs_tflm"])
def test_thresholds_are_those_of_the_keras_model(name, request):
    network = request.getfixturevalue(name)
    found = compare(network.twin, network.int8, network.inputs)
    expected = thresholds(network.model, network.inputs)
    if network.target == "tflm":
        # min(max(x, -tau), tau) compares integers: all of them share one quantum, and what it keeps whole becomes 0.
        assert all(block.dead_int <= block.zero_int for block in found.shrinkage)
        assert [block.x_quantum for block in found.shrinkage] == [block.tau_quantum for block in found.shrinkage]
    assert [block.block.removesuffix("/shrinkage") for block in found.shrinkage] == list(expected)
    for block, (tau, _) in zip(found.shrinkage, expected.values(), strict=True):
        assert block.tau_median == pytest.approx(float(np.median(tau)), rel=1e-4)
        assert block.tau_quanta == pytest.approx(block.tau_median / block.x_quantum)
        assert 1 < block.alpha_levels <= 256
        assert 0 < block.dead_float < 1
        assert abs(block.dead_float - block.dead_int) < 0.1


def test_a_lost_dead_zone_is_said(cw_litert):
    index = match_layers(cw_litert.twin, read_file(cw_litert.int8))["unit1/conv_2"]
    block = compare(cw_litert.twin, _rescaled(cw_litert.int8, index, 20.0), cw_litert.inputs).shrinkage[0]
    assert block.block == "unit1/shrinkage"
    assert block.tau_quanta < 2
    sentence = shrinkage_sentence(block, "litert")
    assert "the dead zone has lost its resolution" in sentence
    assert sentence.endswith("keep unit1/shrinkage at int16 (--keep unit1/shrinkage=int16) or train with int8-qat")
    assert "take int16x8 or train with int8-qat" in shrinkage_sentence(block, "tflm")


def test_enough_resolution_needs_no_advice(cw_litert):
    """16-bit activations: thousands of levels."""
    found = compare(cw_litert.twin, cw_litert.convert("int16x8"), cw_litert.inputs)
    assert len(found.shrinkage) == 2
    for block in found.shrinkage:
        assert block.dtype == "int16"
        assert faults(block) == []
        assert "keeps its resolution" in shrinkage_sentence(block, "litert")


@pytest.mark.parametrize("target", ["litert", "tflm"])
def test_a_fixed_threshold_has_a_resolution_too(target, cw_litert):
    inputs = keras.Input((20, 8))
    outputs = keras.layers.GlobalAveragePooling1D()(SoftThreshold(0.5)(keras.layers.Conv1D(4, 3, name="c")(inputs)))
    twin = lower(keras.Model(inputs, outputs), target)
    assert len(find_shrinkage(twin)) == 1
    (block,) = compare(twin, to_tflite(twin.model, "int8", cw_litert.inputs), cw_litert.inputs).shrinkage
    assert (block.alpha_levels, block.tau_levels, block.tau_zero) == (None, 1, 0.0)
    assert block.tau_median == 0.5
    assert abs(block.dead_float - block.dead_int) < 0.05

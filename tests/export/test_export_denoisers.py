"""DnCNN and DRAN on their targets: the same function, integers only, and what eight bits cost."""

import functools

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drsn_keras.errors import UsageError
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.folding import fold
from drsn_keras.export.lowering.walk import trace
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.layers import DynamicConv, NoiseGate
from drsn_keras.models import dncnn, dran
from random_weights import randomise

SMALL = {
    "dncnn-1": functools.partial(dncnn, (48, 1), depth=5, width=8, rank=1),
    "dncnn-2": functools.partial(dncnn, (12, 10, 3), depth=4, width=8),
    "dran-1": functools.partial(dran, (48, 1), width=8, blocks=2, depth=1, rank=1),
    "dran-2": functools.partial(dran, (12, 10, 3), width=8, blocks=2, depth=1),
}
OTHERS = {
    "dncnn-dilated": functools.partial(dncnn, (32, 2), depth=4, width=4, dilations=(1, 2, 4, 1), rank=1),
    "dncnn-plain": functools.partial(dncnn, (32, 1), depth=4, width=4, rank=1, batch_norm=False, residual=False),
    "dran-separate": functools.partial(dran, (32, 1), width=4, blocks=2, depth=1, share_blocks=False, rank=1),
    "dran-wide": functools.partial(dran, (9, 8, 1), width=4, blocks=1, depth=1, kernel_size=5, form="static"),
}
#: Error of the int8 file on its calibration inputs, root mean square in quanta of its output: rounding the output alone
#: makes 0.29.
LOSS = {"dncnn-1": 0.65, "dncnn-2": 0.57, "dran-1": 0.75, "dran-2": 0.62}


def _inputs(model, n=12):
    rng = np.random.default_rng(1)
    return np.clip(0.5 * rng.standard_normal((n, *model.input_shape[1:])), -1, 1).astype("float32")


@functools.cache
def _quantised(name):
    """(Keras model, twin, int8 file) for LiteRT; the catalogue's are converted for TFLite-Micro."""
    model = randomise(SMALL[name]())
    twin = lower(model, "litert", _inputs(model))
    return model, twin, quantize(twin, Recipe(), _inputs(model))


@pytest.mark.parametrize("name", SMALL)
def test_twins_are_the_same_function_and_files_are_integers(name):
    _, twin, content = _quantised(name)
    assert twin.parity <= 1e-5
    assert set(read_file(content).dtype_counts) == {"int8", "int32"}, "int32: biases and shapes"


@pytest.mark.parametrize(("name", "target"), [*((name, "tflm") for name in OTHERS), ("dran-wide", "litert")])
def test_every_option_lowers(name, target):
    model = randomise(OTHERS[name]())
    twin = lower(model, target, _inputs(model))
    assert twin.parity <= 1e-5
    assert np.ptp(twin.predict(_inputs(model)) - _inputs(model)) > 0.1


@pytest.mark.parametrize("name", SMALL)
def test_eight_bits_cost_little(name):
    model, _, content = _quantised(name)
    x = _inputs(model)
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()
    (scale, zero), (output_scale, output_zero) = source["quantization"], sink["quantization"]
    found = []
    for row in np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8):
        interpreter.set_tensor(source["index"], row.reshape(source["shape"]))
        interpreter.invoke()
        found.append(interpreter.get_tensor(sink["index"]).astype(float) - output_zero)
    expected = keras.ops.convert_to_numpy(model(x))
    assert np.std(expected - x) > 3 * output_scale, "a network that takes nothing away would lose nothing"
    errors = np.array(found).reshape(expected.shape) - expected / output_scale
    assert np.sqrt(np.mean(errors**2)) <= LOSS[name]


@pytest.mark.parametrize("name", SMALL)
def test_only_the_softmax_leaves_the_partition(name):
    """XNNPACK has none in integers. The mirrored border is inside."""
    _, twin, content = _quantised(name)
    partitions, outside = delegation(content)
    calls = sum(op.kind == "softmax" for op in twin.graph.ops())
    assert (partitions, outside) == (calls + 1, ("SOFTMAX",) * calls)


def test_a_shared_branch_is_stored_once():
    """Its kernels: two calls of the branch have other activations, so other biases, but the same integers."""
    file = read_file(_quantised("dran-1")[2])
    kernels = {}
    for op in file.operators:
        if op.name == "CONV_2D":
            kernel = file.tensors[op.inputs[1]]
            kernels.setdefault((kernel.shape, kernel.data.tobytes()), []).append(kernel.buffer)
    twice = [buffers for (shape, _), buffers in kernels.items() if shape == (4 * 8, 3, 1, 8)]
    assert [len(buffers) for buffers in twice] == [2]
    assert len(set(twice[0])) == 1


def test_normalisation_folds_into_the_sum_of_a_dynamic_convolution():
    x = keras.Input((16, 4))
    y = keras.layers.ReLU()(keras.layers.BatchNormalization()(DynamicConv(6, name="dynamic")(x)))
    graph = trace(randomise(keras.Model(x, y)))
    fold(graph)
    kinds = [op.kind for op in graph.ops()]
    assert not {"affine", "depthwise", "relu"} & set(kinds)
    assert kinds.count("conv") == 5, "K kernels as one, two of the attention, shares for every output, the sum"
    (total,) = (op for op in graph.ops() if op.name == "dynamic/sum")
    assert total.options["activation"] == "relu"


def test_a_border_that_is_longer_than_the_map_is_named():
    x = keras.Input((None, 2))
    model = keras.Model(x, NoiseGate(3, kernel_size=5, name="gate")(x))
    with pytest.raises(
        UsageError, match=r"^gate: cannot be lowered: NoiseGate with a map of \(2,\), which ends before"
    ):
        trace(model, frames=2)

"""Published keyword networks on LiteRT: integers throughout, one partition, and what eight bits cost."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.lowering import lower
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.models import catalogue
from random_weights import randomise

NAMES = [name for name in catalogue() if name.startswith("keyword-peers/")]


def _answers(content: bytes, x: np.ndarray) -> tuple[np.ndarray, float]:
    """Outputs of an int8 file for inputs in the Keras model's shape, and their quantum."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    (scale, zero), (out_scale, out_zero) = source["quantization"], sink["quantization"]
    found = []
    for one in np.clip(np.round(x / scale) + zero, -128, 127).astype(np.int8):
        interpreter.set_tensor(source["index"], one.reshape(source["shape"]))
        interpreter.invoke()
        found.append(out_scale * (interpreter.get_tensor(sink["index"]).astype(float).ravel() - out_zero))
    return np.array(found), out_scale


@pytest.mark.parametrize("name", NAMES)
def test_eight_bits_keep_the_logits(name):
    """Within 1.5 quanta, root mean square, over clips of different spectra; rounding the output alone makes 0.29."""
    model = randomise(catalogue()[name]())
    model.layers[-1].activation = keras.activations.linear
    rng = np.random.default_rng(0)
    steps, bands = model.input_shape[1:]
    noise = rng.uniform(0.3, 1.0, (24, 1, 1)) * rng.standard_normal((24, steps, bands))
    x = (rng.normal(0.0, 1.0, (24, 1, bands)) + noise).astype("float32")
    twin = lower(model, "litert", x)
    content = quantize(twin, Recipe(), x)
    assert set(read_file(content).dtype_counts) == {"int8", "int32"}, "int32: biases and shapes"
    assert delegation(content)[0] == 1
    exact = twin.predict(x).reshape(len(x), -1)
    found, quantum = _answers(content, x)
    error = np.sqrt(np.mean(np.square(found - exact))) / quantum
    assert error <= 1.5, f"{error:.2f}"

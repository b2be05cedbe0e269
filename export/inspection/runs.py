"""The same inputs through the float twin and through the bundle, with every layer's result."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import tf_keras
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from drsn_keras.edge.interpreter import quantize
from drsn_keras.model_card import TensorSpec

from ..lowering import Twin
from ..lowering.emit import layer_name

#: What a tensor of the bundle holds, by index, as stored.
Stored = Callable[[int], np.ndarray]
_BATCH = 16


def paired_runs(twin: Twin, content: bytes, inputs: np.ndarray) -> Iterator[tuple[dict[str, np.ndarray], Stored]]:
    """Run one input after the other.

    Parameters
    ----------
    twin : Twin
    content : bytes
        The bundle's model.
    inputs : np.ndarray [shape=(n, ...)]

    Yields
    ------
    real : dict
        Results of the twin's layers [shape=(height, width, channels), float32] by the name of the primitive.
    stored : callable
        Gives the integers (or floats) of a tensor of the bundle, valid until the next input.
    """
    # Plain kernels: a delegate keeps no intermediate results.
    interpreter = Interpreter(
        model_content=content,
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    spec = TensorSpec(tuple(entry["shape"]), np.dtype(entry["dtype"]).name, *entry["quantization"])
    inputs = np.asarray(inputs, np.float32).reshape(-1, *twin.graph.input.shape)
    probe, names = _probe(twin)
    for start in range(0, len(inputs), _BATCH):
        batch = inputs[start : start + _BATCH]
        results = [np.asarray(values) for values in probe(batch, training=False)]
        for i, x in enumerate(batch):
            x = x.reshape(spec.shape)
            interpreter.set_tensor(entry["index"], quantize(x, spec) if spec.scale > 0 else x)
            interpreter.invoke()
            # A constant has one row for all inputs.
            yield {name: v[min(i, len(v) - 1)] for name, v in zip(names, results, strict=True)}, interpreter.get_tensor


def _probe(twin: Twin) -> tuple[tf_keras.Model, list[str]]:
    """The twin with every layer's result as an output."""
    names = [op.name for op in twin.graph.ops()]
    outputs = [
        twin.model.input if op is twin.graph.input else twin.model.get_layer(layer_name(op)).output
        for op in twin.graph.ops()
    ]
    return tf_keras.Model(twin.model.input, outputs), names

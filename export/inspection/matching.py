"""Which tensor of a bundle holds the result of which layer of its float twin."""

from __future__ import annotations

import math

from drsn_keras.errors import BundleError, mismatch

from ..lowering import Twin
from ..lowering.emit import layer_name
from ..lowering.ir import Op
from .flatbuffer import CONVERSIONS, File
from .names import first_known

#: Below this share of layers found, the file is not a lowering of this network.
_ENOUGH = 0.5


def match_layers(twin: Twin, file: File) -> dict[str, int]:
    """Find each layer's result in a file.

    The converter names a result after the layers that were fused into it, the last one first, so a tensor belongs to
    the first layer in its name that the twin knows; where several do (a kernel and its activation apart), the last one
    that is computed. The graph's ends carry the signature's names and are matched by their position.

    Returns
    -------
    dict
        Tensor's index by the name of the primitive (``unit1/conv_1``), in the twin's order of execution. Layers that
        the converter folded away are missing.

    Raises
    ------
    BundleError
        If most layers are missing: a file that was not lowered, or another network's.
    """
    ops = {layer_name(op): op for op in twin.graph.ops() if op.kind != "constant"}
    found: dict[str, int] = {}
    for operator in file.operators:
        tensor = file.tensors[operator.outputs[0]]
        known = first_known(tensor.name, ops)
        if operator.name not in CONVERSIONS and known is not None and tensor.elements == math.prod(ops[known].shape):
            found[ops[known].name] = tensor.index
    share = len(found) / max(1, len(ops) - 2)
    if share < _ENOUGH:
        expected = f"the layers' names of the run's network, lowered for {twin.target}"
        raise BundleError(mismatch("tensors of the model file", expected, f"{100 * share:.0f} % of them"))
    found[twin.graph.input.name] = _start(file)
    found[twin.graph.output.name] = _end(file)
    return {op.name: found[op.name] for op in ops.values() if op.name in found}


def read_by(file: File, matches: dict[str, int], reader: Op, position: int) -> int | None:
    """The tensor that a layer's operator reads at a position, as it reads it (converted to its own precision)."""
    operator = file.producers().get(matches.get(reader.name, -1))
    if operator is None or position >= len(operator.inputs):
        return None
    return operator.inputs[position]


def _start(file: File) -> int:
    """The input; behind a QUANTIZE where a float input is quantised in the graph."""
    (start,) = file.inputs
    readers = [op for op in file.operators if start in op.inputs]
    return readers[0].outputs[0] if [op.name for op in readers] == ["QUANTIZE"] else start


def _end(file: File) -> int:
    (end,) = file.outputs
    producer = file.producers().get(end)
    return producer.inputs[0] if producer is not None and producer.name == "DEQUANTIZE" else end

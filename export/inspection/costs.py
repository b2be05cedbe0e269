"""What every operator of a file costs: multiply-accumulates and bytes of weights."""

from __future__ import annotations

import dataclasses

from .flatbuffer import File, Operator
from .names import place_of

#: Operators whose second input is a kernel that every output position sees.
_KERNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": -1, "FULLY_CONNECTED": 0}


@dataclasses.dataclass(frozen=True)
class LayerCost:
    """One operator of the file.

    Parameters
    ----------
    index, tensor : int
        Of the operator, and of its result.
    layer : str
        Place in the network, such as ``unit1/conv_1``.
    operator, dtype : str
    shape : tuple of int
        Of the result, with its batch of one.
    macs : int
        Multiply-accumulates; convolutions and fully connected operators only.
    weight_bytes : int
        Constants that it is the first to read.
    """

    index: int
    tensor: int
    layer: str
    operator: str
    dtype: str
    shape: tuple[int, ...]
    macs: int
    weight_bytes: int


def layer_costs(file: File) -> list[LayerCost]:
    """Every operator in execution order, but for those that only unpack a weight.

    A constant that several operators share counts for the first of them: the sum is what the file stores.
    """
    constants = file.unpacked()
    counted: set[int] = set()
    rows = []
    for op in file.operators:
        if op.outputs[0] in constants:
            continue
        result = file.tensors[op.outputs[0]]
        n_bytes = 0
        for index in op.inputs:
            constant = constants.get(index)
            if constant is not None and constant.buffer not in counted:
                counted.add(constant.buffer)
                n_bytes += len(constant.data)
        layer = "result" if result.index in file.outputs else place_of(result.name)
        macs = operator_macs(file, op)
        rows.append(LayerCost(op.index, result.index, layer, op.name, result.dtype, result.shape, macs, n_bytes))
    return rows


def operator_macs(file: File, op: Operator) -> int:
    """Multiply-accumulates of one operator; 0 for what is elementwise."""
    if op.name not in _KERNELS:
        return 0
    kernel, result = file.tensors[op.inputs[1]], file.tensors[op.outputs[0]]
    return result.elements // kernel.shape[_KERNELS[op.name]] * kernel.elements

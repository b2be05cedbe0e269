"""Files of one int8 operator with scales of choice, which a converter would not make, and TFLite-Micro's answers."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


@dataclasses.dataclass(frozen=True)
class Map:
    """Shape, scale and zero point of an int8 tensor."""

    shape: tuple[int, ...]
    scale: float
    zero: int


def one_operator(
    name: str, options: str, settings: dict, inputs: Sequence[Map], output: Map, constants: Sequence[np.ndarray] = ()
) -> bytes:
    """A .tflite file.

    Parameters
    ----------
    name, options : str
        Of the schema: ``"MEAN"``, ``"ReducerOptions"``; no options where the operator has none.
    settings : dict
        Fields of the options.
    inputs : sequence of Map
    output : Map
    constants : sequence of np.ndarray [int32]
        Inputs behind the others.
    """
    model = schema.ModelT()
    model.version = 3
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
    model.operatorCodes = [code]
    model.buffers = [schema.BufferT()]
    tensors = [_int8(x) for x in inputs]
    for values in constants:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.astype("<i4").tobytes(), np.uint8)
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.buffer = list(values.shape), schema.TensorType.INT32, len(model.buffers)
        model.buffers.append(buffer)
        tensors.append(tensor)
    tensors.append(_int8(output))
    operator = schema.OperatorT()
    operator.inputs, operator.outputs = list(range(len(tensors) - 1)), [len(tensors) - 1]
    if options:
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, options + "T")()
        for key, value in settings.items():
            setattr(operator.builtinOptions, key, value)
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = tensors, [operator]
    graph.inputs, graph.outputs = list(range(len(inputs))), operator.outputs
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _int8(x: Map) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.shape, tensor.type = list(x.shape), schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [x.scale], [x.zero]
    return tensor


def in_micro(folder: Path, cases: Sequence[tuple[bytes, Sequence[np.ndarray]]]) -> list[np.ndarray]:
    """Outputs of TFLite-Micro for (file, inputs [shape=(n, ...)]) pairs."""
    for number, (content, inputs) in enumerate(cases):
        path = folder / f"{number:04}.tflite"
        path.write_bytes(content)
        np.savez(path.with_suffix(".npz"), **{str(index): x for index, x in enumerate(inputs)})
    runner = Path(__file__).with_name("micro_operators.py")
    done = subprocess.run([sys.executable, str(runner), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [np.load(folder / f"{number:04}.npy") for number in range(len(cases))]

"""Build a .tflite file of int8 operators tensor by tensor, with scales and shapes of choice."""

from __future__ import annotations

import dataclasses

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema


@dataclasses.dataclass(frozen=True)
class Map:
    """A computed tensor; ``rms`` is roughly what its real values reach, by which the next scale is chosen."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero: int
    rms: float


class Graph:
    """A model file that grows operator by operator."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.codes: dict[str, int] = {}
        self.buffers = [schema.BufferT()]
        self.tensors: list[schema.TensorT] = []
        self.operators: list[schema.OperatorT] = []
        self.maps: list[Map] = []

    def scale(self, rms: float) -> float:
        """One with which values of that size spread over int8, now and then clamped."""
        return float(np.float32(rms / self.rng.uniform(15, 80)))

    def zero(self) -> int:
        """Mostly near the middle; the corners too."""
        anywhere, middle = int(self.rng.integers(-128, 128)), int(self.rng.integers(-30, 30))
        return int(self.rng.choice([-128, 127, 0, anywhere, middle], p=[0.15, 0.05, 0.1, 0.2, 0.5]))

    def tensor(self, shape: tuple[int, ...], kind: int, scales: list[float], zeros: list[int], axis: int = 0) -> int:
        """Index of a new tensor."""
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.tensors)}".encode()
        tensor.shape, tensor.type, tensor.buffer = list(shape), kind, 0
        if scales:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = scales, zeros
            tensor.quantization.quantizedDimension = axis
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def constant(self, values: np.ndarray, scales: list[float] = (), zeros: list[int] = (), axis: int = 0) -> int:
        """Index of a constant of int8 or int32."""
        kind = schema.TensorType.INT8 if values.dtype == np.int8 else schema.TensorType.INT32
        index = self.tensor(values.shape, kind, list(scales), list(zeros), axis)
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
        self.tensors[index].buffer = len(self.buffers)
        self.buffers.append(buffer)
        return index

    def map(self, shape: tuple[int, ...], scale: float, zero: int, rms: float) -> Map:
        """A new computed tensor."""
        index = self.tensor(shape, schema.TensorType.INT8, [scale], [zero])
        return Map(index, tuple(shape), float(np.float32(scale)), zero, rms)

    def operator(self, name: str, options: str, settings: dict, inputs: list[int], output: Map) -> Map:
        """Append an operator."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self.codes.setdefault(name, len(self.codes))
        operator.inputs, operator.outputs = list(inputs), [output.index]
        if options:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, options + "T")()
            for key, value in settings.items():
                setattr(operator.builtinOptions, key, value)
        self.operators.append(operator)
        self.maps.append(output)
        return output

    def content(self, output: Map) -> bytes:
        """The file."""
        model = schema.ModelT()
        model.version, model.buffers = 3, self.buffers
        model.operatorCodes = []
        for name in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
            code.version = 1
            model.operatorCodes.append(code)
        graph = schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs = [self.maps[0].index], [output.index]
        model.subgraphs = [graph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

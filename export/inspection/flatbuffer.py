"""What a TFLite file says about itself: operators and tensors, read with LiteRT's own schema classes."""

from __future__ import annotations

import dataclasses
import struct
from collections import Counter

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from drsn_keras.errors import BundleError, mismatch

#: Between stored and computed precision; they belong to no layer.
CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
_BITS = {"INT2": 2, "INT4": 4, "UINT4": 4, "BOOL": 8, "BFLOAT16": 16, "FLOAT8_E4M3FN": 8, "FLOAT8_E5M2": 8}


@dataclasses.dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor. real = scales * (integer - zero_points), along ``axis`` where there is more than one scale.

    ``data`` holds the bytes of a constant [shape=(n,), uint8] and is None for what is computed. ``buffer`` tells
    constants apart that the file stores once for several tensors.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    buffer: int
    data: np.ndarray | None
    scales: np.ndarray
    zero_points: np.ndarray
    axis: int

    @property
    def elements(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def n_bytes(self) -> int:
        """Size in memory."""
        return -(-self.elements * self.bits // 8)

    @property
    def bits(self) -> int:
        """Size of one value."""
        name = self.dtype.upper()
        return _BITS[name] if name in _BITS else 8 * np.dtype(self.dtype).itemsize

    @property
    def is_float(self) -> bool:
        """Whether it holds floating-point numbers."""
        return "float" in self.dtype

    def values(self) -> np.ndarray:
        """A constant's real numbers [shape=self.shape, float64].

        Raises
        ------
        ValueError
            For a tensor that is computed, or stored in less than a byte a value.
        """
        if self.data is None or self.bits < 8:
            raise ValueError(f"{self.name}: expected a constant of whole bytes, got {self.dtype}")
        stored = np.frombuffer(self.data.tobytes(), self.dtype).reshape(self.shape).astype(np.float64)
        if not self.scales.size:
            return stored
        along = [1] * len(self.shape)
        if self.scales.size > 1:
            along[self.axis] = self.scales.size
        return (stored - self.zero_points.reshape(along)) * self.scales.astype(np.float64).reshape(along)


@dataclasses.dataclass(frozen=True)
class Operator:
    """One operator; ``inputs`` and ``outputs`` are indices of tensors, left-out optional inputs are dropped.

    ``options`` are the numbers of the operator's own table by the schema's names (strideW, padding, keepDims ...).
    """

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, int | float | bool] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, eq=False)
class File:
    """Operators in execution order, tensors by index, and which tensors go in and out."""

    operators: tuple[Operator, ...]
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    size_bytes: int

    @property
    def operator_counts(self) -> dict[str, int]:
        """Number of each operator, most frequent first."""
        return dict(Counter(op.name for op in self.operators).most_common())

    @property
    def dtype_counts(self) -> dict[str, int]:
        """Number of tensors of each type, most frequent first."""
        return dict(Counter(tensor.dtype for tensor in self.tensors).most_common())

    @property
    def float_tensors(self) -> list[str]:
        """Names of the tensors in floating point."""
        return [tensor.name for tensor in self.tensors if tensor.is_float]

    def producers(self) -> dict[int, Operator]:
        """The operator that writes each computed tensor."""
        return {index: op for op in self.operators for index in op.outputs}

    def unpacked(self) -> dict[int, Tensor]:
        """Constants behind tensors: each constant itself, and what a DEQUANTIZE makes of one."""
        found = {tensor.index: tensor for tensor in self.tensors if tensor.data is not None}
        for op in self.operators:
            if op.name in CONVERSIONS and op.inputs[0] in found:
                found[op.outputs[0]] = found[op.inputs[0]]
        return found


def read_file(content: bytes, what: object = "model") -> File:
    """Read a flatbuffer; ``what`` is the name that errors give it.

    Raises
    ------
    BundleError
        If the bytes are no TFLite file, or one of several graphs (control flow).
    """
    if content[4:8] != b"TFL3":
        raise BundleError(mismatch(what, "a TFLite file (TFL3)", "something else"))
    try:
        model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
        if len(model.subgraphs) != 1:
            raise BundleError(mismatch(what, "one graph", len(model.subgraphs)))
        (graph,) = model.subgraphs
        tensors = tuple(_tensor(i, t, model.buffers) for i, t in enumerate(graph.tensors))
        operators = tuple(_operator(i, op, model.operatorCodes) for i, op in enumerate(graph.operators))
        ends = (tuple(map(int, graph.inputs)), tuple(map(int, graph.outputs)))
    except (struct.error, ValueError, IndexError, TypeError, AttributeError, KeyError) as error:
        raise BundleError(mismatch(what, "a whole TFLite file", f"a damaged one ({error})")) from None
    return File(operators, tensors, *ends, size_bytes=len(content))


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if not name.startswith("_")}


_OPERATORS, _TYPES = _names(schema.BuiltinOperator), _names(schema.TensorType)


def _tensor(index: int, tensor: schema.TensorT, buffers: list) -> Tensor:
    data = buffers[tensor.buffer].data
    quantization = tensor.quantization
    scales = None if quantization is None else quantization.scale
    found = scales is not None and len(scales) > 0
    return Tensor(
        index,
        (tensor.name or b"").decode("utf-8", "replace"),
        _TYPES[tensor.type].lower(),
        () if tensor.shape is None else tuple(map(int, tensor.shape)),
        int(tensor.buffer),
        None if data is None or not len(data) else np.asarray(data, np.uint8),
        np.asarray(scales, np.float32) if found else np.zeros(0, np.float32),
        np.asarray(quantization.zeroPoint, np.int64) if found else np.zeros(0, np.int64),
        int(quantization.quantizedDimension) if found else 0,
    )


def _operator(index: int, op: schema.OperatorT, codes: list) -> Operator:
    code = codes[op.opcodeIndex]
    # Files of before 2020 have the code in the narrow field only.
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    name = code.customCode.decode("utf-8", "replace") if code.customCode else _OPERATORS[number]
    inputs = tuple(int(i) for i in op.inputs if i >= 0)
    options = {} if op.builtinOptions is None else vars(op.builtinOptions)
    numbers = {key: value for key, value in options.items() if isinstance(value, int | float)}
    return Operator(index, name, inputs, tuple(map(int, op.outputs)), numbers)

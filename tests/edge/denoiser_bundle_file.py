"""Write denoisers' bundles without TensorFlow: a step of a stream, and a piece of fixed length.

The stream's frames are HOP samples; frame i of the answer is the mean of frames i and i - 1 of what came in. The
piece's answer is the piece times a weight for each place.
"""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import MODEL_NAME, ModelCard, sha256_of

HOP, FRAMES, RATE_HZ = 4, 3, 16000
STEP = HOP * FRAMES
PIECE = 10
#: Of all tensors of the int8 stream: 1.0 is beyond it, 0.5 and its half are whole numbers of it.
SCALE = 1 / 128
LEVEL = {"loud_db": -20.0, "window_samples": 8}


def write_stream_bundle(folder: Path, int8: bool = False, **changes) -> Path:
    """The bundle of a stream of sound; ``changes`` are fields of its card."""
    content = stream_model(int8)
    spec = SignalSpec(shape=(100, HOP), sample_rate_hz=RATE_HZ)
    stream = {"frames": FRAMES, "states": 1, "state_bytes": HOP * (1 if int8 else 4), "delay_samples": STEP}
    fields = {"stream": stream, "training": {"level": LEVEL}, "scheme": "int8" if int8 else "float32", **changes}
    return _write(folder, content, spec, StepInterpreter, **fields)


def write_piece_bundle(folder: Path, weights: np.ndarray, **signal) -> Path:
    """The bundle of pieces of as many samples as there are weights; ``signal`` are fields of the specification."""
    spec = SignalSpec(**{"shape": (len(weights), 1), "sample_rate_hz": 100, "unit": "mV", "full_scale": 2.0, **signal})
    return _write(folder, piece_model(weights), spec, Interpreter, scheme="float32")


def averaged(y: np.ndarray) -> np.ndarray:
    """What the stream's model makes of a signal [shape=(n,)]."""
    frames = np.pad(y, (0, -len(y) % HOP)).reshape(-1, HOP)
    return (0.5 * (frames + np.concatenate([np.zeros((1, HOP)), frames[:-1]]))).reshape(-1)[: len(y)]


def _write(folder: Path, content: bytes, spec: SignalSpec, kind: type, **fields) -> Path:
    folder.mkdir(parents=True)
    path = folder / MODEL_NAME
    path.write_bytes(content)
    runner = kind(path)
    ModelCard(
        name="by hand",
        task="denoise",
        model="set by hand",
        labels=(),
        front_end=spec.to_dict(),
        input=runner.input,
        output=runner.output,
        sha256=sha256_of(path),
        size_bytes=len(content),
        **fields,
    ).write(folder)
    return folder


def stream_model(int8: bool = False) -> bytes:
    """[frames, last frame] to [means, last frame]: join, convolve, cut."""
    model = ModelFile(int8)
    frames, state = model.tensor((1, FRAMES, 1, HOP)), model.tensor((1, 1, 1, HOP))
    joined = model.tensor((1, FRAMES + 1, 1, HOP))
    join = schema.ConcatenationOptionsT()
    join.axis = 1
    # The state is what came before the frames.
    model.operator("CONCATENATION", [state, frames], joined, "ConcatenationOptions", join)
    kernel = np.stack([0.5 * np.eye(HOP), 0.5 * np.eye(HOP)], axis=1)[:, :, None].astype(np.float32)
    means = model.tensor((1, FRAMES, 1, HOP))
    convolve = schema.Conv2DOptionsT()
    convolve.padding, convolve.strideH, convolve.strideW = schema.Padding.VALID, 1, 1
    convolve.dilationHFactor = convolve.dilationWFactor = 1
    inputs = [joined, model.kernel(kernel), model.bias(np.zeros(HOP))]
    model.operator("CONV_2D", inputs, means, "Conv2DOptions", convolve)
    kept = model.tensor((1, 1, 1, HOP))
    places = [model.integers([0, FRAMES, 0, 0]), model.integers([1, 1, 1, HOP])]
    model.operator("SLICE", [joined, *places], kept, "SliceOptions", schema.SliceOptionsT())
    return model.content([frames, state], [means, kept])


def piece_model(weights: np.ndarray) -> bytes:
    """Samples times weights."""
    model = ModelFile(False)
    x, y = model.tensor((1, len(weights), 1)), model.tensor((1, len(weights), 1))
    w = model.constant(np.asarray(weights, np.float32).reshape(1, -1, 1), schema.TensorType.FLOAT32)
    model.operator("MUL", [x, w], y, "MulOptions", schema.MulOptionsT())
    return model.content([x], [y])


class ModelFile:
    """A model file that grows operator by operator; integer tensors are all of one scale."""

    def __init__(self, int8: bool) -> None:
        self.int8 = int8
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []
        self.graph.tensors, self.graph.operators = [], []

    def tensor(self, shape: tuple[int, ...]) -> int:
        kind = schema.TensorType.INT8 if self.int8 else schema.TensorType.FLOAT32
        return self._add(shape, kind, [SCALE] if self.int8 else [])

    def constant(self, values: np.ndarray, kind: int, scales: list[float] = ()) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        index = self._add(values.shape, kind, list(scales))
        self.graph.tensors[index].buffer = len(self.model.buffers)
        self.model.buffers.append(buffer)
        return index

    def integers(self, values: list[int]) -> int:
        return self.constant(np.array(values, np.int32), schema.TensorType.INT32)

    def kernel(self, values: np.ndarray) -> int:
        if not self.int8:
            return self.constant(values, schema.TensorType.FLOAT32)
        return self.constant(np.round(values * 128).astype(np.int8), schema.TensorType.INT8, [1 / 128])

    def bias(self, values: np.ndarray) -> int:
        if not self.int8:
            return self.constant(values.astype(np.float32), schema.TensorType.FLOAT32)
        return self.constant(values.astype(np.int32), schema.TensorType.INT32, [SCALE / 128])

    def _add(self, shape: tuple[int, ...], kind: int, scales: list[float]) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = f"t{len(self.graph.tensors)}".encode(), list(shape), kind
        if scales:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale, tensor.quantization.zeroPoint = scales, [0]
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name: str, inputs: list[int], output: int, kind: str, options: object) -> None:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, name)
        # Versions in which the int8 kernels came.
        code.version = {"CONV_2D": 3, "CONCATENATION": 2, "SLICE": 2}.get(name, 1) if self.int8 else 1
        operator.opcodeIndex, operator.inputs, operator.outputs = len(self.model.operatorCodes), inputs, [output]
        operator.builtinOptionsType, operator.builtinOptions = getattr(schema.BuiltinOptions, kind), options
        self.model.operatorCodes.append(code)
        self.graph.operators.append(operator)

    def content(self, inputs: list[int], outputs: list[int]) -> bytes:
        self.graph.inputs, self.graph.outputs = inputs, outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

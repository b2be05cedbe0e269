"""Write a float bundle that tells a low-pitched machine from a high-pitched one, without TensorFlow.

A window is 1024 samples at 12 kHz, shown as its spectrum; the two logits are the mean level of the lower half less that
of the upper half, and the reverse. The novelty model knows the two kinds of noise at the levels of :func:`machine`.
"""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.frontend import WindowSpec
from drsn_keras.machinery.novelty import NoveltyModel, novelty_features
from drsn_keras.model_card import MODEL_NAME, ModelCard, sha256_of
from drsn_keras.monitor_spec import MonitorSpec

LABELS = ("normal", "fault")
WINDOW = WindowSpec(sample_rate_hz=12000, n_samples=1024, hop_length=512, full_scale=8.0, channels=("spectrum",))


def machine(label: str, seconds: float, seed: int = 0, rate_hz: int = 12000) -> np.ndarray:
    """Noise of 1 g RMS, mostly below 3 kHz ("normal") or mostly above ("fault"), float64 [g]."""
    n = round(seconds * rate_hz)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    below = np.fft.rfftfreq(n, 1 / rate_hz) < 3000.0
    y = np.fft.irfft(np.where(below == (label == "normal"), spectrum, 0.1 * spectrum), n)
    return y / y.std()


def write_vibration_bundle(folder: Path, **changes) -> Path:
    """The bundle; ``changes`` are fields of its :class:`MonitorSpec`."""
    folder.mkdir(parents=True)
    path = folder / MODEL_NAME
    path.write_bytes(network())
    runner = Interpreter(path)
    spec = MonitorSpec("g", ("normal",), 0.6, 1.0, fitted().to_dict(), protocol="made by hand")
    ModelCard(
        name="pitch",
        task="vibration",
        model="set by hand",
        scheme="float32",
        labels=LABELS,
        front_end=WINDOW.to_dict(),
        input=runner.input,
        output=runner.output,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        monitor={**spec.to_dict(), **changes},
    ).write(folder)
    return folder


def fitted() -> NoveltyModel:
    """What the two machines look like, and a threshold that 0.2 % of their windows exceed."""
    windows = [np.lib.stride_tricks.sliding_window_view(machine(label, 40, 1), 1024)[::512] for label in LABELS]
    features = novelty_features(np.concatenate(windows), 12000)
    model = NoveltyModel.fit(features, np.repeat([0, 1], [len(w) for w in windows]))
    return model.with_threshold(1.2 * model.distance(features), 0.002)


def network() -> bytes:
    """(1, 512, 1) spectrum to two probabilities: a fully connected layer and a softmax."""
    half = np.repeat([1.0, -1.0], 256) / 256.0
    weights = np.stack([half, -half]).astype(np.float32)
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.description = 3, [graph], b"pitch"
    model.buffers = [schema.BufferT()]
    graph.tensors, graph.operators = [], []
    shown, w = _tensor(model, (1, 512, 1)), _tensor(model, weights.shape, weights)
    logits, answer = _tensor(model, (1, 2)), _tensor(model, (1, 2))
    graph.inputs, graph.outputs = [shown], [answer]
    codes, options = schema.BuiltinOperator, schema.BuiltinOptions
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    _operator(model, codes.FULLY_CONNECTED, [shown, w, -1], logits, options.FullyConnectedOptions)
    _operator(model, codes.SOFTMAX, [logits], answer, options.SoftmaxOptions, softmax)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor(model: schema.ModelT, shape: tuple[int, ...], values: np.ndarray | None = None) -> int:
    tensor, graph = schema.TensorT(), model.subgraphs[0]
    tensor.name, tensor.shape, tensor.type, tensor.buffer = f"t{len(graph.tensors)}".encode(), list(shape), 0, 0
    if values is not None:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.buffer = len(model.buffers)
        model.buffers.append(buffer)
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _operator(model: schema.ModelT, code: int, inputs: list[int], output: int, kind: int, options=None) -> None:
    entry, operator = schema.OperatorCodeT(), schema.OperatorT()
    entry.builtinCode = entry.deprecatedBuiltinCode = code
    entry.version = 1
    model.operatorCodes = [*(model.operatorCodes or []), entry]
    operator.opcodeIndex, operator.inputs, operator.outputs = len(model.operatorCodes) - 1, inputs, [output]
    operator.builtinOptionsType = kind
    operator.builtinOptions = schema.FullyConnectedOptionsT() if options is None else options
    model.subgraphs[0].operators.append(operator)

"""int8 throughout, but for named layers at int16 or float: ai-edge-quantizer with ranges of our own."""

from __future__ import annotations

import contextlib
import difflib
import io
import re
import warnings
from collections.abc import Iterable, Mapping

import numpy as np
import tf_keras
from ai_edge_litert.tools import flatbuffer_utils
from ai_edge_quantizer import algorithm_manager, qtyping, quantizer

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.training.quiet import native_stderr_aside

from ..inspection.names import layers_in
from ..recipe import KEEPS
from ..tflite import to_tflite
from .fake_quantized import settle_ranges
from .ranges import Range, measure_ranges

_CODES, _TYPES = flatbuffer_utils.BuiltinOperator, flatbuffer_utils.TensorType
_ANY, _NO_QUANTIZE = qtyping.TFLOperationName.ALL_SUPPORTED, algorithm_manager.AlgorithmName.NO_QUANTIZE
_TYPE = {"int8": _TYPES.INT8, "int16": _TYPES.INT16, "float": _TYPES.FLOAT32}
#: Operators that LiteRT computes in int8 and int16 but the quantizer does not know, and would leave in float without a
#: word: while it works they go by the name of one whose tensors follow the same rules.
_STAND_INS = {
    _CODES.LEAKY_RELU: _CODES.RELU,
    _CODES.RELU6: _CODES.RELU,
    _CODES.ABS: _CODES.RELU,
    _CODES.MINIMUM: _CODES.MAXIMUM,
}


def quantize_mixed(
    twin_model: tf_keras.Model,
    inputs: np.ndarray,
    keep: Mapping[str, str],
    ranges: Mapping[str, Range] | None = None,
    in_float: Iterable[str] = (),
) -> bytes:
    """Quantise a twin to int8 with int8 weights a channel, and keep named layers at more.

    Parameters
    ----------
    twin_model : tf_keras.Model
        ``Twin.model``.
    inputs : np.ndarray [shape=(n, ...)]
        Calibration inputs.
    keep : mapping of {"int16", "float"}
        By place in the Keras model: a layer (``unit1/conv_1``) or all below a prefix (``unit1/shrinkage``); the longest
        place that fits counts. ``int16`` means activations in int16, weights still in int8; ``float`` float32 for both.
        Between precisions stand QUANTIZE and DEQUANTIZE.
    ranges : mapping of (least, largest), optional
        By layer name, as :func:`~drsn_keras.export.quantization.ranges.measure_ranges` returns, for all that int8
        operators read; by default the least and the largest value over ``inputs``, which int16 always gets: a range
        that clips so as to spare 8 bits would only clip there.
    in_float : names of the twin's layers
        Those without a good integer form (``Graph.floats``): in float, whatever ``keep`` says.

    Returns
    -------
    bytes
        A flatbuffer. Its input has the precision of what reads it (int8 where readers differ), its output that of the
        last layer.

    Raises
    ------
    UsageError
        For an unknown place or precision, a layer without an operator of its own, or an operator that cannot be
        quantised as asked.
    DataError
        If there are no inputs, or a range is missing or does not hold 0.
    """
    kept = {**_kept_layers(twin_model, keep), **dict.fromkeys(in_float, "float")}
    whole = measure_ranges(twin_model, inputs)
    whole, ranges = (settle_ranges(twin_model, one) for one in (whole, whole if ranges is None else ranges))
    model = _read(to_tflite(twin_model, "float32"))
    (graph,) = model.subgraphs
    layers = _layers(graph, twin_model)
    for place in keep:
        if not any(_covers(place, name) for names in layers.values() for name in names):
            raise UsageError(mismatch(f"keep {place}", "a layer with an operator", "one that the converter folds away"))
    precisions = _precisions(model, layers, kept)
    layers.update(dict.fromkeys(graph.inputs, twin_model.input_names))
    read_in_int8 = {i for op in graph.operators if precisions[op.outputs[0]] == "int8" for i in op.inputs}
    wide = {i for i, precision in precisions.items() if precision == "int16"} - read_in_int8
    result = _quantize(model, precisions, {i: (whole if i in wide else ranges)[n[0]] for i, n in layers.items()})
    _check(model, result, layers, precisions)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(result))


def _place(layer: str) -> str:
    return layer.replace(".", "/")


def _covers(place: str, layer: str) -> bool:
    return f"{_place(layer)}/".startswith(f"{place}/")


def _kept_layers(model: tf_keras.Model, keep: Mapping[str, str]) -> dict[str, str]:
    """Precision by layer name, for those that are named."""
    layers = [layer.name for layer in model.layers if layer.name not in model.input_names]
    parts = [_place(name).split("/") for name in layers]
    places = sorted({"/".join(names[:n]) for names in parts for n in range(1, len(names) + 1)})
    for place, precision in keep.items():
        if precision not in KEEPS:
            raise UsageError(mismatch(f"keep {place}", " or ".join(KEEPS), repr(precision)))
        if place not in places:
            nearest = ", ".join(difflib.get_close_matches(place, places, n=3, cutoff=0.0))
            raise UsageError(mismatch("keep", f"a layer of {model.name} (the nearest: {nearest})", repr(place)))
    return {name: keep[place] for place in sorted(keep, key=len) for name in layers if _covers(place, name)}


def _read(content: bytes) -> flatbuffer_utils.ModelT:
    return flatbuffer_utils.read_model_from_bytearray(bytearray(content))


def _name(graph: flatbuffer_utils.SubGraphT, index: int) -> str:
    return graph.tensors[index].name.decode()


def _layers(graph: flatbuffer_utils.SubGraphT, model: tf_keras.Model) -> dict[int, list[str]]:
    """Layers that every operator's result was made of, by tensor, the one that the result belongs to first."""
    known = {layer.name for layer in model.layers}
    results = [op.outputs[0] for op in graph.operators]  # None of a twin's operators has two.
    found = {index: [name for name in layers_in(_name(graph, index)) if name in known] for index in results}
    # The graph's output has the signature's name.
    found.update({index: list(model.output_names) for index in graph.outputs if not found.get(index)})
    # A name may also mention layers that nothing but a constant is shared with: those have results of their own.
    own = {names[0] for names in found.values()}
    return {index: [names[0], *(name for name in names[1:] if name not in own)] for index, names in found.items()}


def _precisions(
    model: flatbuffer_utils.ModelT, layers: Mapping[int, list[str]], kept: Mapping[str, str]
) -> dict[int, str]:
    """Precision of the input and of every operator's result, by tensor."""
    (graph,) = model.subgraphs
    found: dict[int, str] = {}
    for op in graph.operators:
        code = model.operatorCodes[op.opcodeIndex].builtinCode
        # A reshape that nobody names computes nothing: it goes with what it reads.
        default = found.get(op.inputs[0], "int8") if code == _CODES.RESHAPE else "int8"
        found[op.outputs[0]] = next((kept[name] for name in layers[op.outputs[0]] if name in kept), default)
    (start,) = graph.inputs
    readers = {found[op.outputs[0]] for op in graph.operators if start in op.inputs}
    return {**found, start: readers.pop() if len(readers) == 1 else "int8"}


def _quantize(
    model: flatbuffer_utils.ModelT, precisions: Mapping[int, str], ranges: Mapping[int, Range]
) -> flatbuffer_utils.ModelT:
    """Run the quantizer. Its own calibration averages the ranges of all inputs, which clips the loud ones."""
    (graph,) = model.subgraphs
    statistics = {}
    for index, ends in ranges.items():
        least, largest = np.reshape(np.float32(ends), (2, *(1 for _ in graph.tensors[index].shape)))
        statistics[_name(graph, index)] = {"min": least, "max": largest}
    disguised = {i: c.builtinCode for i, c in enumerate(model.operatorCodes) if c.builtinCode in _STAND_INS}
    _rename(model, {i: _STAND_INS[code] for i, code in disguised.items()})
    engine = quantizer.Quantizer(bytes(flatbuffer_utils.convert_object_to_bytearray(model)))
    engine.add_static_config(".*", _ANY, activation_num_bits=8, weight_num_bits=8)
    for index, precision in precisions.items():
        only = f"^{re.escape(_name(graph, index))};$"
        if precision == "int16":
            engine.add_static_config(only, _ANY, activation_num_bits=16, weight_num_bits=8)
        elif precision == "float":
            engine.update_quantization_recipe(only, _ANY, algorithm_key=_NO_QUANTIZE)
    # Progress bars that it does not let be switched off, and LiteRT's news.
    with native_stderr_aside(), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        # It asks LiteRT for all tensors, to look at their names only.
        warnings.filterwarnings("ignore", message="Warning: Enabling `experimental_preserve_all_tensors`")
        content = engine.quantize(statistics, enable_progress_bar=False, enable_progress_report=False).quantized_model
    result = _read(content)
    _rename(result, disguised)  # It appends operators' codes and moves none.
    return result


def _rename(model: flatbuffer_utils.ModelT, codes: Mapping[int, int]) -> None:
    for index, code in codes.items():
        model.operatorCodes[index].builtinCode = model.operatorCodes[index].deprecatedBuiltinCode = code


def _check(
    model: flatbuffer_utils.ModelT,
    result: flatbuffer_utils.ModelT,
    layers: Mapping[int, list[str]],
    precisions: Mapping[int, str],
) -> None:
    """Refuse what the quantizer did not do: it passes over operators that it has no rule for."""
    types = {tensor.name: tensor.type for tensor in result.subgraphs[0].tensors}
    (graph,) = model.subgraphs
    for op in graph.operators:
        index = op.outputs[0]
        if types[graph.tensors[index].name] != _TYPE[precisions[index]]:
            place, code = _place(layers[index][0]), flatbuffer_utils.opcode_to_name(model, op.opcodeIndex)
            expected = f"an operator that ai-edge-quantizer has at {precisions[index]}"
            raise UsageError(mismatch(place, expected, f"{code} (it can be kept at float)"))

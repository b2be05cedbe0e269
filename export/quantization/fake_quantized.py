"""A twin with fake quantisation behind every activation: how the converter is told ranges of our own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.errors import DataError, mismatch

from .ranges import Range

#: TFLite's int8 kernels fix these results' scale and zero point: 1/256 and -128, for tanh 1/128 and 0.
_FIXED = {"sigmoid": (0.0, 255.0 / 256.0), "softmax": (0.0, 255.0 / 256.0), "tanh": (-1.0, 127.0 / 128.0)}
#: Operators whose integer kernels copy or compare values: inputs and result must have one scale.
_ALIKE = (
    *("reshape", "pad", "reflect_pad", "reflect_join", "max_pool", "average_pool", "concat", "join", "last"),
    *("maximum", "minimum", "transpose", "crop", "upsample"),
)
#: XNNPACK adds and subtracts where each operand's scale is 1/1024 to 256 of the result's; a factor of two is margin.
_FINEST, _COARSEST = 512.0, 128.0


@tf_keras.utils.register_keras_serializable(package="drsn_keras_export")
class FakeQuantization(tf_keras.layers.Layer):
    """Rounding to 8 bits over a fixed range, in float.

    Parameters
    ----------
    least, largest : float
        The range; it holds 0.
    """

    def __init__(self, least: float, largest: float, **kwargs) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.largest = largest

    def call(self, inputs):
        return tf.quantization.fake_quant_with_min_max_args(inputs, self.least, self.largest, num_bits=8)

    def get_config(self) -> dict:
        return {**super().get_config(), "least": self.least, "largest": self.largest}


def with_ranges(model: tf_keras.Model, ranges: Mapping[str, Range]) -> tf_keras.Model:
    """Copy a twin, with fake quantisation behind the input and every activation.

    ``to_tflite(copy, "int8")`` then needs no calibration and uses the ranges of :func:`settle_ranges`.

    Parameters
    ----------
    model : tf_keras.Model
        A twin (``Twin.model``).
    ranges : mapping of (least, largest)
        By layer name, as :func:`~drsn_keras.export.quantization.ranges.measure_ranges` returns.

    Returns
    -------
    tf_keras.Model
        Layers keep their names; behind layer ``x`` stands ``x.range``.

    Raises
    ------
    DataError
        If a layer has no range, or one that is not finite or does not hold 0.
    """
    return rebuilt(model, settle_ranges(model, ranges))


def rebuilt(
    model: tf_keras.Model,
    ranges: Mapping[str, Range],
    wrap: Callable[[tf_keras.layers.Layer], tf_keras.layers.Layer] = lambda layer: layer,
) -> tf_keras.Model:
    """Copy a twin layer by layer, each copy wrapped, with fake quantisation behind the layers that ``ranges`` names."""
    made, starts = {}, {}
    for layer in model.layers:
        if isinstance(layer, tf_keras.layers.InputLayer):
            starts[id(layer.output)] = y = tf_keras.Input(layer.output.shape[1:], name=layer.name)
        else:
            copy = type(layer).from_config(layer.get_config())
            parts = [made[id(one)] for one in _inputs(layer)]
            y = wrap(copy)(parts if len(parts) > 1 else parts[0])
            copy.set_weights(layer.get_weights())
        if layer.name in ranges:
            y = FakeQuantization(*ranges[layer.name], name=f"{layer.name}.range")(y)
        made[id(layer.output)] = y
    ends = [made[id(tensor)] for tensor in model.outputs]
    one = len(model.inputs) == len(ends) == 1
    begin = [starts[id(tensor)] for tensor in model.inputs]
    return tf_keras.Model(begin[0] if one else begin, ends[0] if one else ends, name=model.name)


def settle_ranges(model: tf_keras.Model, ranges: Mapping[str, Range]) -> dict[str, Range]:
    """The ranges that tensors really get, as integer kernels leave some no choice.

    Sigmoid, softmax and tanh have fixed ones. Reshaping, padding, pooling, concatenation, maximum and minimum share one
    among inputs and result: the hull of the inputs'; so a state has the scale of what is joined to it, step after step.
    In a sum or difference, a range that is far narrower than the others is widened until XNNPACK takes the operator.
    Where only zeros were seen, it is as wide as the layer's input.

    Parameters
    ----------
    model : tf_keras.Model
    ranges : mapping of (least, largest)
        As for :func:`with_ranges`.

    Returns
    -------
    dict of (least, largest)
        By layer name.

    Raises
    ------
    DataError
        As of :func:`with_ranges`.
    """
    layers = {layer.name: layer for layer in model.layers}
    settled = {name: _checked(name, ranges) for name in layers}
    fixed = {layer.name: _FIXED[kind] for layer in model.layers if (kind := _kind(layer)) in _FIXED}
    settled.update(fixed)
    groups = _groups(model)
    for names in groups.values():
        # Not of those that only pass values on: a copy of a fixed range has no value outside it.
        makers = [name for name in names if not _passes_on(layers[name])]
        hull = min(settled[name][0] for name in makers), max(settled[name][1] for name in makers)
        settled.update(dict.fromkeys(names, hull))

    def width(name: str) -> float:
        return settled[name][1] - settled[name][0]

    def widen(name: str, least: float) -> None:
        if (factor := least / width(name)) > 1.0:
            wide = settled[name][0] * factor, settled[name][1] * factor
            settled.update(dict.fromkeys(groups[name], wide))

    for layer in model.layers:
        reads = _reads(layer)
        widest = max(map(width, reads), default=1.0)
        if width(layer.name) < np.finfo(np.float32).tiny:
            settled.update(dict.fromkeys(groups[layer.name], (-widest, widest)))
        if _kind(layer) in {"add", "sub"}:
            widen(layer.name, widest / _COARSEST)
            for name in reads:
                widen(name, width(layer.name) / _FINEST)
    # Fixed ones again: the converter puts a rescaling between them and their group.
    return {**settled, **fixed}


def _groups(model: tf_keras.Model) -> dict[str, set[str]]:
    """By layer name, the names of all whose outputs must have one scale."""
    groups = {layer.name: {layer.name} for layer in model.layers}
    for layer in model.layers:
        if _kind(layer) in _ALIKE:
            joined = groups[layer.name].union(*(groups[name] for name in _reads(layer)))
            groups.update(dict.fromkeys(joined, joined))
    return groups


def _checked(name: str, ranges: Mapping[str, Range]) -> Range:
    least, largest = (float(end) for end in ranges.get(name, (np.nan, np.nan)))
    if not (np.isfinite(largest - least) and least <= 0.0 <= largest):
        raise DataError(mismatch(f"ranges, {name}", "a finite range that holds 0", ranges.get(name, "none")))
    return least, largest


def _kind(layer: tf_keras.layers.Layer) -> str:
    return getattr(layer, "kind", type(layer).__name__)


def _passes_on(layer: tf_keras.layers.Layer) -> bool:
    """Whether all values of an output were an input's, or lie between them."""
    return _kind(layer) in _ALIKE and "values" not in layer.options


def _inputs(layer: tf_keras.layers.Layer) -> list:
    if isinstance(layer, tf_keras.layers.InputLayer):
        return []
    return layer.input if isinstance(layer.input, list) else [layer.input]


def _reads(layer: tf_keras.layers.Layer) -> list[str]:
    """Names of the layers whose outputs a layer reads."""
    return [tensor._keras_history.layer.name for tensor in _inputs(layer)]

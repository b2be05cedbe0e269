"""Primitives to a tf_keras model: what the converter and tensorflow-model-optimization understand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tf_keras

from .ir import Graph, Op


@tf_keras.utils.register_keras_serializable(package="drsn_keras_export")
class Primitive(tf_keras.layers.Layer):
    """An elementwise operator, a mean, a reshape or a padding: everything that is no convolution.

    Parameters
    ----------
    kind : str
        A key of ``CALLS``.
    options : dict
    """

    def __init__(self, kind: str, options: dict | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.kind = kind
        self.options = dict(options or {})

    def call(self, inputs):
        parts = inputs if isinstance(inputs, list | tuple) else [inputs]
        result = CALLS[self.kind](self.options, *parts)
        activation = self.options.get("activation")
        return result if activation is None else _ACTIVATIONS[activation](result)

    def get_config(self) -> dict:
        return {**super().get_config(), "kind": self.kind, "options": self.options}


def _pad(options: dict, x):
    rows, columns = options["rows"], options["columns"]
    values = options.get("values")
    if values is None:
        return tf.pad(x, ((0, 0), tuple(rows), tuple(columns), (0, 0)))
    for axis, amounts in ((1, rows), (2, columns)):
        parts = [x]
        for n, where in zip(amounts, (0, len(parts) + 1), strict=True):
            if n:
                shape = [1, *x.shape[1:]]
                shape[axis] = n
                edge = tf.constant(np.broadcast_to(np.float32(values), shape))
                parts.insert(where, tf.tile(edge, (tf.shape(x)[0], 1, 1, 1)))
        x = tf.concat(parts, axis) if len(parts) > 1 else x
    return x


def _reflect_join(options: dict, x):
    for axis, (n, _) in ((1, options["rows"]), (2, options["columns"])):
        # One position at a time: what lies behind the border moves on by one each time.
        for i in range(1, 2 * n, 2):
            last = x.shape[axis] - 1
            before, after = (x[:, at : at + 1] if axis == 1 else x[:, :, at : at + 1] for at in (i, last - i))
            x = tf.concat([before, x, after], axis)
    return x


def _constant(options: dict, x):
    values = options.get("values")
    return tf.fill((1, 1, 1, 1), options["value"]) if values is None else tf.constant(values, tf.float32)[None]


def _upsample(options: dict, x):
    return tf.raw_ops.ResizeBilinear(images=x, size=options["size"], align_corners=True)


def _pool(pool: Callable, options: dict, x):
    return pool(x, options["size"], options["strides"], options["padding"].upper())


_ACTIVATIONS = {"relu": tf.nn.relu, "relu6": tf.nn.relu6}
CALLS: dict[str, Callable] = {
    "relu": lambda options, x: tf.nn.relu(x),
    "relu6": lambda options, x: tf.nn.relu6(x),
    "leaky_relu": lambda options, x: tf.nn.leaky_relu(x, options["slope"]),
    "abs": lambda options, x: tf.abs(x),
    "negate": lambda options, x: x * -1.0,
    "sigmoid": lambda options, x: tf.sigmoid(x),
    "tanh": lambda options, x: tf.tanh(x),
    "softmax": lambda options, x: tf.nn.softmax(x),
    "rsqrt": lambda options, x: tf.math.rsqrt(x + options["epsilon"]),
    "add": lambda options, a, b: a + b,
    "sub": lambda options, a, b: a - b,
    "mul": lambda options, a, b: a * b,
    "div": lambda options, a, b: a / b,
    "maximum": lambda options, a, b: tf.maximum(a, b),
    "minimum": lambda options, a, b: tf.minimum(a, b),
    "mean": lambda options, x: tf.reduce_mean(x, (1, 2), keepdims=True),
    "constant": _constant,
    "concat": lambda options, *parts: tf.concat(parts, 3),
    "join": lambda options, *parts: tf.concat(parts, 1),
    "last": lambda options, x: x[:, -options["count"] :],
    "pad": _pad,
    "reflect_pad": lambda options, x: tf.pad(x, ((0, 0), options["rows"], options["columns"], (0, 0)), "REFLECT"),
    "reflect_join": _reflect_join,
    "reshape": lambda options, x: tf.reshape(x, (-1, *options["shape"])),
    "transpose": lambda options, x: tf.transpose(x, (0, *(1 + axis for axis in options["axes"]))),
    "crop": lambda options, x: x[:, : options["size"][0], : options["size"][1]],
    "upsample": _upsample,
    "max_pool": lambda options, x: _pool(tf.nn.max_pool2d, options, x),
    "average_pool": lambda options, x: _pool(tf.nn.avg_pool2d, options, x),
}


def emit(graph: Graph, name: str) -> tf_keras.Model:
    """A functional model of :class:`Primitive`, Conv2D and DepthwiseConv2D layers, weights set.

    With states its inputs are the step's input, then every state, and its outputs the step's output, then every state
    for the next step.
    """
    start = tf_keras.Input(graph.input.shape, name="input")
    states = [tf_keras.Input(state.shape, name=layer_name(state)) for state, _ in graph.states]
    made = {id(graph.input): start, **{id(op): x for (op, _), x in zip(graph.states, states, strict=True)}}
    weights = []
    for op in graph.ops():
        if op.kind == "input":
            continue
        inputs = [made[id(one)] for one in op.inputs]
        layer = _layer(op)
        made[id(op)] = layer(inputs if len(inputs) > 1 else inputs[0])
        if "kernel" in op.weights:
            weights.append((layer, op))
    ends = [made[id(graph.output)], *(made[id(kept)] for _, kept in graph.states)]
    model = tf_keras.Model([start, *states], ends, name=name) if states else tf_keras.Model(start, ends[0], name=name)
    for layer, op in weights:
        layer.set_weights([op.weights["kernel"].astype(np.float32), op.weights["bias"].astype(np.float32)])
    return model


def layer_name(op: Op) -> str:
    """The twin's layer of a primitive; TensorFlow keeps ``/`` for itself."""
    return op.name.replace("/", ".")


def _layer(op: Op) -> tf_keras.layers.Layer:
    options = op.options
    if op.kind == "conv":
        return tf_keras.layers.Conv2D(
            op.shape[2],
            op.weights["kernel"].shape[:2],
            options["strides"],
            options["padding"],
            dilation_rate=options["dilation"],
            activation=options["activation"],
            name=layer_name(op),
        )
    if op.kind == "depthwise":
        # TensorFlow's kernel wants equal strides; along an axis of length 1 any will do.
        strides = (options["strides"][0],) * 2 if op.shape[1] == 1 else options["strides"]
        return tf_keras.layers.DepthwiseConv2D(
            op.weights["kernel"].shape[:2],
            strides,
            options["padding"],
            dilation_rate=options["dilation"],
            activation=options["activation"],
            name=layer_name(op),
        )
    plain = {k: v for k, v in options.items() if v is not None}
    if op.kind == "reshape":
        plain["shape"] = list(options.get("to", op.shape))
    if op.kind in {"crop", "upsample"}:
        plain["size"] = list(op.shape[:2])
    if op.kind == "last":
        plain["count"] = op.shape[0]
    if "values" in op.weights:
        plain["values"] = op.weights["values"].tolist()
    return Primitive(op.kind, plain, name=layer_name(op))

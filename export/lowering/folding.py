"""Batch normalisation and activations disappear into their neighbours wherever the algebra allows."""

from __future__ import annotations

import numpy as np

from .ir import Graph, Op

_LINEAR = ("conv", "depthwise")
#: Operators with a fused activation on every target.
_ACTIVATED = ("conv", "depthwise", "add", "sub", "mul")


def fold(graph: Graph) -> None:
    """Fold all affine maps and activations, in place. What results is the same function.

    In this order, until nothing changes: an affine map into the linear operator before it, two into one, through a sum
    of linear operators, into the linear operator behind it (where that pads, the map is padded with the values that
    normalise to zero). What is left (pre-activation batch normalisation whose input is also the shortcut's) becomes a
    depthwise 1 x 1 convolution: a weight a channel is exact in int8, which a tensor of factors would not be.
    """
    while any(step(graph) for step in (_into_producer, _merge, _through_sum, _into_reader)):
        pass
    for op in graph.ops():
        if op.kind == "affine":
            _as_depthwise(op)
    while _activation(graph):
        pass


def _only_reader(graph: Graph, op: Op) -> Op | None:
    readers = graph.readers()[id(op)]
    return readers[0] if len(readers) == 1 and op is not graph.output else None


def _scale_outputs(op: Op, scale: np.ndarray, shift: np.ndarray) -> None:
    kernel, bias = op.weights["kernel"], op.weights["bias"]
    # conv: (h, w, in, out); depthwise: (h, w, channels, 1)
    op.weights["kernel"] = kernel * (scale if op.kind == "conv" else scale[:, None])
    op.weights["bias"] = bias * scale + shift


def _into_producer(graph: Graph) -> bool:
    for op in graph.ops():
        if op.kind != "affine":
            continue
        (x,) = op.inputs
        if x.kind in _LINEAR and x.options["activation"] is None and _only_reader(graph, x) is op:
            _scale_outputs(x, op.weights["scale"], op.weights["shift"])
            graph.replace(op, x)
            return True
    return False


def _merge(graph: Graph) -> bool:
    for op in graph.ops():
        if op.kind == "affine" and op.inputs[0].kind == "affine" and _only_reader(graph, op.inputs[0]) is op:
            first = op.inputs[0]
            op.weights["shift"] = first.weights["shift"] * op.weights["scale"] + op.weights["shift"]
            op.weights["scale"] = first.weights["scale"] * op.weights["scale"]
            op.inputs = first.inputs
            return True
    return False


def _through_sum(graph: Graph) -> bool:
    for op in graph.ops():
        if op.kind != "affine" or op.inputs[0].kind != "add":
            continue
        total = op.inputs[0]
        parts = total.inputs
        foldable = (
            _only_reader(graph, total) is op
            and parts[0] is not parts[1]
            and total.options.get("activation") is None
            and all(
                p.kind in _LINEAR and p.shape == total.shape and p.options["activation"] is None
                and _only_reader(graph, p) is total
                for p in parts
            )
        )  # fmt: skip
        if foldable:
            _scale_outputs(parts[0], op.weights["scale"], op.weights["shift"])
            _scale_outputs(parts[1], op.weights["scale"], np.zeros_like(op.weights["shift"]))
            graph.replace(op, total)
            return True
    return False


def _into_reader(graph: Graph) -> bool:
    for op in graph.ops():
        if op.kind != "affine":
            continue
        reader = _only_reader(graph, op)
        if reader is None or reader.kind not in _LINEAR:
            continue
        scale, shift = op.weights["scale"], op.weights["shift"]
        kernel = reader.weights["kernel"]
        padded = reader.options["padding"] == "same" and kernel.shape[:2] != (1, 1)
        if padded and not np.all(shift == 0) and not _pad_with(op, reader):
            continue
        if reader.kind == "conv":
            reader.weights["bias"] = reader.weights["bias"] + np.einsum("hwio,i->o", kernel, shift)
            reader.weights["kernel"] = kernel * scale[:, None]
        else:
            reader.weights["bias"] = reader.weights["bias"] + np.einsum("hwco,c->c", kernel, shift)
            reader.weights["kernel"] = kernel * scale[:, None]
        if reader.inputs[0] is op:
            reader.inputs = op.inputs
        return True
    return False


def _pad_with(op: Op, reader: Op) -> bool:
    """Pad before the affine map instead of after it, with what it maps to zero; False where a scale is zero."""
    scale, shift = op.weights["scale"], op.weights["shift"]
    if np.any(scale == 0):
        return False
    amounts = []
    kernel = reader.weights["kernel"].shape
    options = reader.options
    for n, out, k, s, d in zip(
        op.shape[:2], reader.shape[:2], kernel[:2], options["strides"], options["dilation"], strict=True
    ):
        total = max((out - 1) * s + (k - 1) * d + 1 - n, 0)
        amounts.append((total // 2, total - total // 2))
    rows, columns = amounts
    shape = (op.shape[0] + sum(rows), op.shape[1] + sum(columns), op.shape[2])
    pad = Op("pad", f"{op.name}/pad", op.inputs, shape, {"values": -shift / scale}, {"rows": rows, "columns": columns})
    reader.inputs = (pad,)
    options["padding"] = "valid"
    return True


def _as_depthwise(op: Op) -> None:
    scale = op.weights["scale"]
    op.kind = "depthwise"
    op.weights = {"kernel": scale[None, None, :, None], "bias": op.weights["shift"]}
    op.options = {"strides": (1, 1), "padding": "valid", "dilation": (1, 1), "activation": None}


def _activation(graph: Graph) -> bool:
    for op in graph.ops():
        if op.kind in ("relu", "relu6"):
            (x,) = op.inputs
            if x.kind in _ACTIVATED and x.options.get("activation") is None and _only_reader(graph, x) is op:
                x.options["activation"] = op.kind
                graph.replace(op, x)
                return True
    return False

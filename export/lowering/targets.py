"""The same network in the form that each target's kernels prefer."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError

from ..recipe import TARGETS
from .ir import Graph, Op

#: The NPU's convolutions step at most so far.
_ETHOS_U_STRIDE = 3


def specialise(graph: Graph, target: str) -> None:
    """Replace soft thresholding and \\|x\\| by the target's form, in place.

    Targets: ``litert`` is XNNPACK on a Raspberry Pi or a workstation, ``tflm`` TFLite-Micro and our C engine,
    ``ethos-u`` Arm's NPU.

    ``litert``: relu(x - tau) - relu(-tau - x), and leaky_relu(x, -1) for \\|x\\|: XNNPACK has no integer MINIMUM,
    MAXIMUM, ABS or NEG; slices and a concatenation for a mirrored border, as MIRROR_PAD would split its partition.
    ``tflm`` and ``ethos-u``: x - min(max(x, -tau), tau), two operators fewer that write a map. A signal is
    doubled by shifts and products, because the integer RESIZE_BILINEAR there rounds the step from position to position
    to 1/1024, which adds up, and C has none; a convolution over joined channels becomes the sum of convolutions over
    the parts, because C does not join channels. ``ethos-u``: a long stride in time over a wide position, where it can.

    Raises
    ------
    UsageError
        Where the target cannot run an operator, naming the place.
    """
    if target not in TARGETS:
        raise UsageError(f"target: expected one of {', '.join(TARGETS)}, got {target!r}")
    if target == "ethos-u" and (floats := graph.floats()):
        raise UsageError(
            f"{floats[0].name}: cannot be lowered for ethos-u: it has no integer form; use --target litert, where it "
            "stays in float, or a network without it"
        )
    for op in graph.ops():
        if op.kind == "shrink":
            graph.replace(op, _shrinkage(op, target))
        elif op.kind == "abs" and target == "litert":
            op.kind, op.options = "leaky_relu", {"slope": -1.0}
        elif op.kind == "reflect_pad" and target == "litert":
            op.kind = "reflect_join"
        elif op.kind == "upsample" and target != "litert" and op.shape[1] == op.inputs[0].shape[1] == 1:
            graph.replace(op, _doubled(op))
        elif op.kind == "conv" and op.inputs[0].kind == "concat" and target != "litert":
            graph.replace(op, _sum_over_parts(op))
        elif target == "ethos-u" and max(op.options.get("strides", (1,))) > _ETHOS_U_STRIDE:
            if (wide := _over_wide_positions(op)) is not None:
                graph.replace(op, wide)
                continue
            raise UsageError(
                f"{op.name}: cannot be lowered for ethos-u: strides {op.options['strides']}; use strides of at most "
                f"{_ETHOS_U_STRIDE}, or pooling behind a smaller stride"
            )


def _shrinkage(op: Op, target: str) -> Op:
    x, tau = op.inputs
    # tau * -1: a constant 0 as an operand (0 - tau) gets a scale of 4e-9, which breaks the delegate's partition.
    minus = Op("negate", f"{op.name}/minus_tau", (tau,), tau.shape)
    if target == "litert":
        above = Op("sub", f"{op.name}/above", (x, tau), op.shape, options={"activation": "relu"})
        below = Op("sub", f"{op.name}/below", (minus, x), op.shape, options={"activation": "relu"})
        return Op("sub", op.name, (above, below), op.shape, options={"activation": None})
    high = Op("maximum", f"{op.name}/at_least_minus_tau", (x, minus), op.shape)
    inside = Op("minimum", f"{op.name}/at_most_tau", (high, tau), op.shape)
    return Op("sub", op.name, (x, inside), op.shape, options={"activation": None})


def _doubled(op: Op) -> Op:
    """Every position becomes two: itself, and a share of the way to the position before it or behind it."""
    (x,) = op.inputs
    n, _, channels = x.shape
    one, width = np.eye(channels), 2 * channels
    # Beyond the ends stand zeros, of which the share is none.
    towards = np.zeros((3, 1, channels, width))
    towards[0, 0, :, :channels], towards[2, 0, :, channels:] = one, one
    towards[1, 0] = np.tile(-one, (1, 2))
    share = np.arange(n)[:, None] / (2 * n - 1) * np.ones(channels)
    both = Op("conv", f"{op.name}/both", (x,), (n, 1, width), _weights(np.tile(one, (1, 2))[None, None]), _options())
    way = Op("conv", f"{op.name}/way", (x,), (n, 1, width), _weights(towards), _options("same"))
    values = {"values": np.concatenate([share, share[::-1]], axis=1)[:, None]}
    shares = Op("constant", f"{op.name}/shares", (x,), (n, 1, width), values)
    part = Op("mul", f"{op.name}/part", (way, shares), (n, 1, width))
    total = Op("add", f"{op.name}/sum", (both, part), (n, 1, width), options={"activation": None})
    return Op("reshape", op.name, (total,), op.shape)


def _over_wide_positions(op: Op) -> Op | None:
    """A convolution in time over the positions of a stride side by side, so that its own stride is 1.

    None where the stride does not divide kernel and input.
    """
    (x,), kernel, stride = op.inputs, op.weights.get("kernel"), op.options["strides"][0]
    if op.kind != "conv" or op.options["padding"] != "valid" or op.options["dilation"] != (1, 1) or x.shape[1] != 1:
        return None
    if x.shape[0] % stride or kernel.shape[0] % stride:
        return None
    rows, channels = x.shape[0] // stride, x.shape[2] * stride
    wide = Op("reshape", f"{op.name}/side_by_side", (x,), (rows, 1, channels))
    weights = {**op.weights, "kernel": kernel.reshape(-1, 1, channels, kernel.shape[3])}
    return Op("conv", op.name, (wide,), op.shape, weights, {**op.options, "strides": (1, 1)})


def _sum_over_parts(op: Op) -> Op:
    """A convolution over the parts of a concatenation instead of the whole."""
    total, at = None, 0
    for number, part in enumerate(op.inputs[0].inputs):
        kernel = op.weights["kernel"][:, :, at : at + part.shape[2]]
        at += part.shape[2]
        weights = _weights(kernel, None if number else op.weights["bias"])
        one = Op("conv", f"{op.name}/part_{number}", (part,), op.shape, weights, {**op.options, "activation": None})
        total = one if total is None else Op("add", f"{op.name}/sum_{number}", (total, one), op.shape)
    total.name, total.options = op.name, {**total.options, "activation": op.options["activation"]}
    return total


def _weights(kernel: np.ndarray, bias: np.ndarray | None = None) -> dict[str, np.ndarray]:
    return {"kernel": kernel, "bias": np.zeros(kernel.shape[3]) if bias is None else bias}


def _options(padding: str = "valid") -> dict:
    return {"strides": (1, 1), "padding": padding, "dilation": (1, 1), "activation": None}

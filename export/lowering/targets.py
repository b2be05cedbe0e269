"""The same network in the form that each target's kernels prefer."""

from __future__ import annotations

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
    ``tflm`` and ``ethos-u``: x - min(max(x, -tau), tau), two operators fewer that write a map.

    Raises
    ------
    UsageError
        Where the target cannot run an operator, naming the place.
    """
    if target not in TARGETS:
        raise UsageError(f"target: expected one of {', '.join(TARGETS)}, got {target!r}")
    for op in graph.ops():
        if op.kind == "shrink":
            graph.replace(op, _shrinkage(op, target))
        elif op.kind == "abs" and target == "litert":
            op.kind, op.options = "leaky_relu", {"slope": -1.0}
        elif op.kind == "reflect_pad" and target == "litert":
            op.kind = "reflect_join"
        elif target == "ethos-u" and max(op.options.get("strides", (1,))) > _ETHOS_U_STRIDE:
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

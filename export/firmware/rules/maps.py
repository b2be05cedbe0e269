"""MEAN, pooling, SOFTMAX, PAD, CONCATENATION and parts of a map."""

from __future__ import annotations

import math

import numpy as np

from ...inspection.flatbuffer import Operator, Tensor
from ..arithmetic import Scale, mean_scale, quantize_multiplier
from ..step import Step
from .convolution import fused_range
from .geometry import window
from .registry import Scope, ends, generates, stored

#: Integer bits of the softmax's differences, the reference's choice.
_SOFTMAX_BITS = 5


@generates("MEAN", fewest=2)
def mean(scope: Scope, op: Operator) -> Step:
    """Mean over all positions, for each channel."""
    positions, channels = mean_size(scope, op)
    name = mean_struct(scope, op, scope.tensor(op.inputs[0]))
    return _step(scope, op, "drsn_mean_s8", "mean_s8.c", f"&{name}, {{0}}, {{out}}, {positions}u, {channels}u")


def mean_struct(scope: Scope, op: Operator, x: Tensor) -> str:
    """Name of the drsn_mean of a MEAN over x."""
    y = scope.tensor(op.outputs[0])
    positions, _ = mean_size(scope, op)
    scale = mean_scale(ends(x)[0], ends(y)[0], positions)
    largest = 255 * positions << max(0, -scale.right_shift)
    scope.expect(largest < 2**31, op, "sums below 2,147,483,648", f"{positions} values that reach {largest:,}")
    return scope.constants.struct(
        "drsn_mean",
        scale=f"{{{scale.multiplier}, {scale.right_shift}}}",
        input_zero=ends(x)[1],
        output_zero=ends(y)[1],
    )


def mean_size(scope: Scope, op: Operator) -> tuple[int, int]:
    """Positions and channels; only a mean over every axis but batch and channels is known."""
    x, y, axes = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), scope.tensor(op.inputs[1])
    scope.expect(axes.data is not None and axes.dtype == "int32", op, "constant axes", axes.dtype)
    rank = len(x.shape)
    found = {int(a) % rank for a in stored(axes).reshape(-1) if -rank <= a < rank}
    wanted = {i for i in range(1, rank - 1) if x.shape[i] > 1}
    fits = wanted <= found <= set(range(1, rank - 1)) | {i for i in range(rank - 1) if x.shape[i] == 1}
    scope.expect(fits and rank > 1, op, "a mean over all axes but batch and channels", f"axes {sorted(found)}")
    channels = x.shape[-1]
    scope.expect(y.elements == channels, op, f"{channels} means", y.shape)
    return x.elements // channels, channels


@generates("AVERAGE_POOL_2D", "MAX_POOL_2D")
def pool(scope: Scope, op: Operator) -> Step:
    """Average or maximum of windows; both stay on their input's scale."""
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    scope.expect(ends(x) == ends(y), op, "one scale for input and output", f"{ends(x)} and {ends(y)}")
    kernel = int(op.options.get("filterHeight", 0)), int(op.options.get("filterWidth", 0))
    scope.expect(min(kernel) >= 1, op, "a window of at least 1", kernel)
    geometry = window(scope, op, kernel, x.shape[-1])
    low, high = fused_range(scope, op, y)
    name = scope.constants.struct("drsn_pool", geometry=geometry.initialiser(), low=low, high=high)
    kind = "average" if op.name.startswith("AVERAGE") else "max"
    return _step(scope, op, f"drsn_{kind}_pool_s8", "pool_s8.c", f"&{name}, {{0}}, {{out}}")


@generates("SOFTMAX")
def softmax(scope: Scope, op: Operator) -> Step:
    """Softmax over the last axis onto scale 1/256."""
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    scope.expect(ends(y) == (1 / 256, -128), op, "an output scale of 1/256 and zero point -128", ends(y))
    columns = x.shape[-1]
    # So many exponentials cannot leave the 12 integer bits of the reference's sum.
    scope.expect(x.shape == y.shape and columns <= 511, op, "rows of at most 511", f"{x.shape} to {y.shape}")
    beta = float(np.float32(op.options.get("beta", 1.0)))
    scope.expect(math.isfinite(beta) and beta > 0, op, "a beta above 0", beta)
    scale, diff_min = softmax_scale(beta, ends(x)[0])
    scope.expect(scale.right_shift <= 0, op, "logits on a scale of at least 2**-26", ends(x)[0])
    name = scope.constants.struct(
        "drsn_softmax", multiplier=scale.multiplier, left_shift=-scale.right_shift, diff_min=diff_min
    )
    return _step(
        scope, op, "drsn_softmax_s8", "softmax_s8.c", f"&{name}, {{0}}, {{out}}, {x.elements // columns}u, {columns}u"
    )


def softmax_scale(beta: float, input_scale: float) -> tuple[Scale, int]:
    """beta * input scale in Q5.26, and the smallest difference to the largest logit that still counts."""
    real = min(beta * input_scale * 2 ** (31 - _SOFTMAX_BITS), 2.0**31 - 1)
    scale = quantize_multiplier(real)
    largest = ((1 << _SOFTMAX_BITS) - 1) * 2.0 ** (31 - _SOFTMAX_BITS) / 2.0**-scale.right_shift
    return scale, -math.floor(largest)


@generates("PAD", fewest=2)
@generates("PADV2", fewest=3)
def pad(scope: Scope, op: Operator) -> Step:
    """A border of the zero point (PAD) or of a constant (PADV2)."""
    x, y, amounts = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), scope.tensor(op.inputs[1])
    scope.expect(amounts.data is not None and amounts.dtype == "int32", op, "constant paddings", amounts.dtype)
    scope.expect(ends(x) == ends(y), op, "one scale for input and output", f"{ends(x)} and {ends(y)}")
    rank = len(x.shape)
    pairs = stored(amounts)
    fits = (
        rank > 1 and pairs.shape == (rank, 2) and (pairs >= 0).all() and not pairs[0].any() and (pairs < 65_536).all()
    )
    scope.expect(fits, op, "paddings of 0 to 65535, none for the batch", pairs.tolist())
    wanted = tuple(int(n + p.sum()) for n, p in zip(x.shape, pairs, strict=True))
    scope.expect(y.shape == wanted, op, f"an output of {wanted}", y.shape)
    sides = [1] * (4 - rank) + list(x.shape[1:])
    edges = np.concatenate([np.zeros((4 - rank, 2), np.int64), pairs[1:]])
    value = ends(x)[1] if op.name == "PAD" else _pad_value(scope, op)
    before, after = (", ".join(map(str, edges[:, i])) for i in (0, 1))
    name = scope.constants.struct(
        "drsn_pad",
        height=sides[0],
        width=sides[1],
        channels=sides[2],
        before=f"{{{before}}}",
        after=f"{{{after}}}",
        value=value,
    )
    return _step(scope, op, "drsn_pad_s8", "pad_s8.c", f"&{name}, {{0}}, {{out}}")


def _pad_value(scope: Scope, op: Operator) -> int:
    value = scope.tensor(op.inputs[2])
    fits = value.data is not None and value.dtype == "int8" and value.elements == 1
    scope.expect(fits, op, "one constant int8 value", f"{value.dtype} {value.shape}")
    scope.expect(ends(value) == ends(scope.tensor(op.inputs[0])), op, "a value on the input's scale", ends(value))
    return int(stored(value).reshape(-1)[0])


@generates("CONCATENATION", most=0, computed=False)
def concatenation(scope: Scope, op: Operator) -> Step:
    """Parts behind each other along the outermost axis that is longer than one; constants among them."""
    y = scope.tensor(op.outputs[0])
    axis, rank = int(op.options.get("axis", 0)), len(y.shape)
    scope.expect(-rank <= axis < rank, op, f"an axis of {y.shape}", axis)
    axis %= rank
    parts = [scope.tensor(i) for i in op.inputs]
    fits = all(
        len(p.shape) == rank and p.shape == (*y.shape[:axis], p.shape[axis], *y.shape[axis + 1 :]) for p in parts
    )
    scope.expect(
        fits and all(p.dtype == "int8" for p in parts), op, f"int8 parts of {y.shape}", [p.shape for p in parts]
    )
    scope.expect(math.prod(y.shape[:axis]) == 1, op, "parts along the outermost axis", f"axis {axis} of {y.shape}")
    scope.expect(sum(p.elements for p in parts) == y.elements, op, f"{y.elements} values", [p.shape for p in parts])
    scope.expect(len({ends(p) for p in (*parts, y)}) == 1, op, "one scale and zero point", "several")
    scope.expect(int(op.options.get("fusedActivationFunction", 0)) == 0, op, "no activation", "one")
    copies, at = [], 0
    computed = tuple(dict.fromkeys(i for i in op.inputs if scope.tensor(i).data is None))
    scope.expect(computed, op, "a computed part", "constants only")
    starts = {}
    for index, part in zip(op.inputs, parts, strict=True):
        if part.data is None:
            text = f"{{{computed.index(index)}}}"
            starts[index] = at
        else:
            text = scope.constants.array("int8_t", stored(part).reshape(-1))
        copies.append((text, at, part.elements))
        at += part.elements
    # One computed part may lie in its place before: then only the constants are copied.
    in_place = starts if len(computed) == 1 and list(op.inputs).count(computed[0]) == 1 else {}
    return Step(y.name, (op.index,), "memcpy", "", "", computed, op.outputs[0], in_place=in_place, copies=tuple(copies))


@generates("STRIDED_SLICE", fewest=4)
@generates("SLICE", fewest=3)
def part(scope: Scope, op: Operator) -> Step:
    """A part along the outermost axis that is longer than one: bytes behind each other."""
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    bounds = [scope.tensor(i) for i in op.inputs[1:]]
    rank = len(x.shape)
    known = all(b.data is not None and b.dtype == "int32" and b.elements == rank for b in bounds)
    scope.expect(known, op, f"constant bounds for {rank} axes", [b.shape for b in bounds])
    scope.expect(ends(x) == ends(y), op, "one scale for input and output", f"{ends(x)} and {ends(y)}")
    begin = stored(bounds[0]).reshape(-1)
    if op.name == "STRIDED_SLICE":
        masks = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")
        plain = all(int(op.options.get(mask, 0)) == 0 for mask in masks) and (stored(bounds[2]) == 1).all()
        scope.expect(plain, op, "steps of 1 and no axis added or left out", stored(bounds[2]).tolist())
        from_start = int(op.options.get("beginMask", 0))
        begin = np.array([0 if from_start >> axis & 1 else int(b) for axis, b in enumerate(begin)])
    begin = [int(b) + n if b < 0 else int(b) for b, n in zip(begin, x.shape, strict=True)]
    fits = len(y.shape) == rank and all(b >= 0 and b + m <= n for b, m, n in zip(begin, y.shape, x.shape, strict=True))
    scope.expect(fits, op, f"a part of {x.shape}", f"{y.shape} from {begin}")
    cut = [axis for axis in range(rank) if y.shape[axis] != x.shape[axis]]
    outermost = not cut or (len(cut) == 1 and math.prod(x.shape[: cut[0]]) == 1)
    scope.expect(outermost, op, "a part along the outermost axis", f"{y.shape} of {x.shape}")
    start = sum(b * math.prod(x.shape[axis + 1 :]) for axis, b in enumerate(begin))
    copies = ((f"{{0}} + {start}" if start else "{0}", 0, y.elements),)
    return Step(y.name, (op.index,), "memcpy", "", "", (op.inputs[0],), op.outputs[0], copies=copies)


def _step(scope: Scope, op: Operator, kernel: str, source: str, arguments: str) -> Step:
    name = scope.tensor(op.outputs[0]).name
    return Step(name, (op.index,), kernel, source, f"{kernel}({arguments});", (op.inputs[0],), op.outputs[0])

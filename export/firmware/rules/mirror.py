"""MIRROR_PAD."""

from __future__ import annotations

import numpy as np

from ...inspection.flatbuffer import Operator
from ..step import Step
from .registry import Scope, ends, generates, stored

#: Of the schema: the outermost position is not repeated, or is.
_REFLECT, _SYMMETRIC = 0, 1


@generates("MIRROR_PAD", fewest=2)
def mirror_pad(scope: Scope, op: Operator) -> Step:
    """A border that mirrors the map along height and width."""
    x, y, amounts = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), scope.tensor(op.inputs[1])
    scope.expect(amounts.data is not None and amounts.dtype == "int32", op, "constant paddings", amounts.dtype)
    scope.expect(ends(x) == ends(y), op, "one scale for input and output", f"{ends(x)} and {ends(y)}")
    mode, rank = int(op.options.get("mode", -1)), len(x.shape)
    scope.expect(mode in (_REFLECT, _SYMMETRIC), op, "mode REFLECT or SYMMETRIC", mode)
    scope.expect(3 <= rank <= 4, op, "maps of 3 or 4 axes", x.shape)
    pairs = stored(amounts)
    fits = pairs.shape == (rank, 2) and not pairs[0].any() and not pairs[-1].any()
    scope.expect(fits, op, "paddings of height and width only", pairs.tolist())
    # So far a map can be mirrored once.
    most = np.array(x.shape)[:, None] - (1 if mode == _REFLECT else 0)
    scope.expect(bool(((pairs >= 0) & (pairs <= most)).all()), op, "paddings within the map", pairs.tolist())
    wanted = tuple(int(n + p.sum()) for n, p in zip(x.shape, pairs, strict=True))
    scope.expect(y.shape == wanted, op, f"an output of {wanted}", y.shape)
    sides = [1] * (4 - rank) + list(x.shape[1:])
    edges = np.concatenate([np.zeros((4 - rank, 2), np.int64), pairs[1:-1]])
    before, after = (", ".join(map(str, edges[:, i])) for i in (0, 1))
    name = scope.constants.struct(
        "drsn_mirror_pad",
        height=sides[0],
        width=sides[1],
        channels=sides[2],
        before=f"{{{before}}}",
        after=f"{{{after}}}",
        edge=mode,
    )
    kernel = "drsn_mirror_pad_s8"
    call = f"{kernel}(&{name}, {{0}}, {{out}});"
    return Step(y.name, (op.index,), kernel, "mirror_pad_s8.c", call, (op.inputs[0],), op.outputs[0])

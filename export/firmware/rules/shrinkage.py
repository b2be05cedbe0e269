"""The shrinkage, found again in the operators that the lowering made of it, and done in two passes over the map.

First pass: |x| and its mean, without a map of |x|. Between them the small threshold network. Second pass:
x - min(max(x, -tau), tau) and the residual sum, without a map in between.
"""

from __future__ import annotations

from ...inspection.flatbuffer import Operator
from ..step import Step
from ..tables import TABLES
from .convolution import fused_range
from .elementwise import add_form, add_members
from .maps import mean_size, mean_struct
from .registry import Scope
from .unary import unary_table


def fuse(scope: Scope, op: Operator, waiting: dict[int, Operator]) -> tuple[Step, list[Operator]] | None:
    """A fused step that ends at ``op``'s pattern and the operators it replaces, or None.

    Parameters
    ----------
    scope : Scope
    op : Operator
        Where a pattern may begin: |x| (any function of one value) or MAXIMUM.
    waiting : operators by index that no step stands for yet
    """
    if op.name in TABLES:
        return _statistics(scope, op, waiting)
    if op.name == "MAXIMUM":
        return _shrinkage(scope, op, waiting)
    return None


def _only_reader(scope: Scope, op: Operator, name: str, waiting: dict[int, Operator]) -> Operator | None:
    """The one operator that reads what ``op`` writes, if it is of this name, is waiting and nothing else needs it."""
    readers = scope.network.readers(op.outputs[0])
    if (
        len(readers) == 1
        and readers[0].name == name
        and readers[0].index in waiting
        and op.outputs[0] != scope.network.output
    ):
        return readers[0]
    return None


def _statistics(scope: Scope, op: Operator, waiting: dict[int, Operator]) -> tuple[Step, list[Operator]] | None:
    mean = _only_reader(scope, op, "MEAN", waiting)
    if mean is None:
        return None
    positions, channels = mean_size(scope, mean)
    table = scope.constants.array("int8_t", unary_table(scope, op))
    name = mean_struct(scope, mean, scope.tensor(mean.inputs[0]))
    step = Step(
        scope.tensor(mean.outputs[0]).name,
        (op.index, mean.index),
        "drsn_shrink_mean_s8",
        "shrink_mean_s8.c",
        f"drsn_shrink_mean_s8(&{name}, {table}, {{0}}, {{out}}, {positions}u, {channels}u);",
        (op.inputs[0],),
        mean.outputs[0],
    )
    return step, [op, mean]


def _shrinkage(scope: Scope, op: Operator, waiting: dict[int, Operator]) -> tuple[Step, list[Operator]] | None:
    x, minus_tau = op.inputs
    lower = _only_reader(scope, op, "MINIMUM", waiting)
    place = scope.network.place
    if lower is None or place(lower.inputs[0]) != op.outputs[0]:
        return None
    tau = lower.inputs[1]
    subtract = _only_reader(scope, lower, "SUB", waiting)
    if subtract is None or tuple(map(place, subtract.inputs)) != (place(x), lower.outputs[0]):
        return None
    tensors = [scope.tensor(i) for i in (x, minus_tau, tau)]
    size = tensors[0].elements
    channels = tensors[0].shape[-1]
    thresholds = tensors[1].elements
    if any(scope.tensor(one.outputs[0]).shape != tensors[0].shape for one in (op, lower, subtract)):
        return None
    # A threshold along another axis may have as many values as there are channels.
    if any(t.data is not None or t.shape[-1] != thresholds for t in tensors[1:]):
        return None
    if tensors[0].data is not None or thresholds != tensors[2].elements or thresholds not in (1, channels):
        return None
    ends = {(float(t.scales[0]), int(t.zero_points[0])) for t in (*tensors, scope.tensor(lower.outputs[0]))}
    form = add_form(scope, subtract)[1]
    if len(ends) != 1 or form is None or thresholds == size:
        return None
    if any(scope.tensor(one.outputs[0]).elements != size for one in (op, lower, subtract)):
        return None
    low, high = fused_range(scope, subtract, scope.tensor(subtract.outputs[0]))
    members = {"subtract": _struct(add_members(form, low, high))}
    replaced = [op, lower, subtract]
    residual = _residual(scope, subtract, waiting)
    if residual is not None:
        add, other, added = residual
        low, high = fused_range(scope, add, scope.tensor(add.outputs[0]))
        members["add"] = _struct(add_members(added, low, high))
        replaced.append(add)
    else:
        members["add"] = "{0, 0, 0, 0, 0, 0}"
    name = scope.constants.struct("drsn_shrink", **members)
    last = replaced[-1]
    inputs = (x, minus_tau, tau) if residual is None else (x, minus_tau, tau, other)
    pointer = "NULL" if residual is None else "{3}"
    tau_step = int(thresholds > 1)
    step = Step(
        scope.tensor(last.outputs[0]).name,
        tuple(o.index for o in replaced),
        "drsn_shrink_apply_s8",
        "shrink_apply_s8.c",
        f"drsn_shrink_apply_s8(&{name}, {{0}}, {{1}}, {{2}}, {tau_step}u, {pointer}, {{out}}, "
        f"{size // channels}u, {channels}u);",
        inputs,
        last.outputs[0],
        in_place={x: 0} if residual is None else {x: 0, other: 0},
    )
    return step, replaced


def _residual(scope: Scope, subtract: Operator, waiting: dict[int, Operator]):
    """The ADD behind the shrinkage, its other operand, and its form with the shrunk value first."""
    add = _only_reader(scope, subtract, "ADD", waiting)
    place = scope.network.place
    others = [] if add is None else [i for i in add.inputs if place(i) != subtract.outputs[0]]
    if len(others) != 1:
        return None
    (other,) = others
    tensor = scope.tensor(other)
    sizes = {t.elements for t in (tensor, scope.tensor(subtract.outputs[0]), scope.tensor(add.outputs[0]))}
    if tensor.data is not None or len(sizes) != 1:
        return None
    form = add_form(scope, add)[1]
    if form is None:
        return None
    if add.inputs[0] == other:
        form = type(form)(form.b_factor, form.a_factor, form.offset, form.shift)
    return add, other, form


def _struct(members: dict[str, int]) -> str:
    return "{" + ", ".join(f".{name} = {value}" for name, value in members.items()) + "}"

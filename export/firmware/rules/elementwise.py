"""ADD, SUB, MUL, MAXIMUM, MINIMUM: two maps, or a map and a value for each channel (or for all)."""

from __future__ import annotations

import dataclasses

import numpy as np

from ...inspection.flatbuffer import Operator
from ..arithmetic import Scale, add_reference, add_scales, clamp, quantize_multiplier
from ..linear_form import AddForm, find_add
from ..step import Step
from .convolution import affine_step, fused_range
from .registry import Scope, ends, generates, stored
from .unary import table_step

_VALUES = np.arange(-128, 128, dtype=np.int64)


@dataclasses.dataclass(frozen=True)
class Operands:
    """The larger operand first. ``step`` is 1 if b has an element for each channel (or each of a), 0 if it has one."""

    a: int
    b: int
    swapped: bool
    full: bool
    step: int
    positions: int
    channels: int


@generates("ADD", "SUB", fewest=2, computed=False)
def add(scope: Scope, op: Operator) -> Step:
    """One multiply-add an operand where that is provably the same, else the reference's own arithmetic."""
    operands = _operands(scope, op)
    a, b, y = (scope.tensor(i) for i in (*op.inputs, op.outputs[0]))
    low, high = fused_range(scope, op, y)
    negative = op.name == "SUB"
    reference, form = add_form(scope, op)
    constant = next((t for t in (a, b) if t.data is not None), None)
    if constant is not None:
        first = constant is a
        values = stored(constant).reshape(-1) + 128
        lines = reference[values] if first else reference[:, values].T
        slope = (-1.0 if negative and first else 1.0) * ends(b if first else a)[0] / ends(y)[0]
        step = _with_constant(scope, op, operands, lines, np.full(len(values), slope), low, high)
        if step is not None:
            return step
    if form is None:
        return _add_exact(scope, op, operands, low, high)
    if operands.swapped:
        form = dataclasses.replace(form, a_factor=form.b_factor, b_factor=form.a_factor)
    name = scope.constants.struct("drsn_add", **add_members(form, low, high))
    if operands.full:
        call = f"drsn_add_s8(&{name}, {{0}}, {{1}}, {{out}}, {operands.positions * operands.channels}u);"
        return _step(scope, op, operands, "drsn_add_s8", "add_s8.c", call)
    call = f"drsn_add_channels_s8(&{name}, {{0}}, {{1}}, {operands.step}u, {{out}}, {_size(operands)});"
    return _step(scope, op, operands, "drsn_add_channels_s8", "add_s8.c", call)


def add_form(scope: Scope, op: Operator) -> tuple[np.ndarray, AddForm | None]:
    """What ADD or SUB returns for every pair [shape=(256, 256)], first operand in rows, and its exact linear form."""
    a, b, y = (scope.tensor(i) for i in (*op.inputs, op.outputs[0]))
    low, high = fused_range(scope, op, y)
    (a_scale, a_zero), (b_scale, b_zero), (y_scale, y_zero) = ends(a), ends(b), ends(y)
    negative = op.name == "SUB"
    scales = add_scales(a_scale, b_scale, y_scale)
    # 2 ** 28 at most after the first rounding, so that the sum and a left shift of it hold in 31 bits.
    scope.expect(scales.output.right_shift >= -2, op, "scales that are not so far apart", f"{a_scale} to {y_scale}")
    raw = add_reference(scales, (_VALUES - a_zero)[:, None], (_VALUES - b_zero)[None, :], negative)
    reference = clamp(raw + y_zero, low, high)
    form = find_add(a_scale / y_scale, (-1.0 if negative else 1.0) * b_scale / y_scale, reference, low, high)
    return reference, form


def add_members(form: AddForm, low: int, high: int) -> dict[str, int]:
    """Members of drsn_add."""
    return {
        "a_factor": form.a_factor,
        "b_factor": form.b_factor,
        "offset": form.offset,
        "shift": form.shift,
        "low": low,
        "high": high,
    }


@generates("MUL", fewest=2, computed=False)
def multiply(scope: Scope, op: Operator) -> Step:
    """Products; by a constant a line for each channel where that is provably the same."""
    operands = _operands(scope, op)
    y = scope.tensor(op.outputs[0])
    low, high = fused_range(scope, op, y)
    a, b = (scope.tensor(i) for i in op.inputs)
    (a_scale, a_zero), (b_scale, b_zero), (y_scale, y_zero) = ends(a), ends(b), ends(y)
    scale = quantize_multiplier(a_scale * b_scale / y_scale)
    scope.expect(scale.right_shift > -14, op, "scales whose product fits", f"{a_scale} * {b_scale} / {y_scale}")
    constant = next((t for t in (a, b) if t.data is not None), None)
    if constant is not None:
        other_zero = a_zero if constant is b else b_zero
        weights = stored(constant).reshape(-1) - ends(constant)[1]
        lines = clamp(scale.rescale(weights[:, None] * (_VALUES - other_zero)[None, :]) + y_zero, low, high)
        step = _with_constant(scope, op, operands, lines, weights * (a_scale * b_scale / y_scale), low, high)
        if step is not None:
            return step
    first, second = (b, a) if operands.swapped else (a, b)
    name = scope.constants.struct(
        "drsn_multiply",
        scale=_scale(scale),
        a_zero=ends(first)[1],
        b_zero=ends(second)[1],
        output_zero=y_zero,
        low=low,
        high=high,
    )
    call = f"drsn_multiply_s8(&{name}, {{0}}, {{1}}, {operands.step}u, {{out}}, {_size(operands)});"
    return _step(scope, op, operands, "drsn_multiply_s8", "multiply_s8.c", call)


@generates("MAXIMUM", "MINIMUM", fewest=2, computed=False)
def extremum(scope: Scope, op: Operator) -> Step:
    """The larger or smaller integer: the reference does not rescale, so all three must be on one scale."""
    operands = _operands(scope, op)
    tensors = [scope.tensor(i) for i in (*op.inputs, op.outputs[0])]
    scope.expect(len({ends(t) for t in tensors}) == 1, op, "one scale and zero point", [ends(t) for t in tensors])
    larger = np.maximum if op.name == "MAXIMUM" else np.minimum
    constant = next((t for t in tensors[:2] if t.data is not None), None)
    if constant is not None:
        scope.expect(constant.elements == 1, op, "a constant of one value", constant.shape)
        return table_step(scope, op, larger(_VALUES, int(stored(constant).reshape(-1)[0])), from_minimum=True)
    kernel = f"drsn_{op.name.lower()}_s8"
    call = f"{kernel}({{0}}, {{1}}, {operands.step}u, {{out}}, {_size(operands)});"
    return _step(scope, op, operands, kernel, "extremum_s8.c", call)


def _operands(scope: Scope, op: Operator) -> Operands:
    a, b, y = (scope.tensor(i) for i in (*op.inputs, op.outputs[0]))
    scope.expect(a.dtype == b.dtype == "int8", op, "int8 inputs", f"{a.dtype} and {b.dtype}")
    scope.expect(a.data is None or b.data is None, op, "a computed input", "two constants")
    swapped = b.elements > a.elements or (a.data is not None and a.elements == b.elements)
    large, small = (b, a) if swapped else (a, b)
    scope.expect(large.data is None, op, "a computed operand at least as large as the constant", large.shape)
    scope.expect(y.elements == large.elements, op, f"{large.elements} outputs", y.elements)
    scope.expect(y.shape == _broadcast(a.shape, b.shape), op, f"an output of {a.shape} and {b.shape}", y.shape)
    channels = y.shape[-1]
    positions = y.elements // channels
    indices = tuple(reversed(op.inputs)) if swapped else op.inputs
    if small.elements == large.elements:
        same = [n for n in small.shape if n != 1] == [n for n in large.shape if n != 1]
        scope.expect(same, op, "equal shapes", f"{a.shape} and {b.shape}")
        return Operands(*indices, swapped, True, 1, 1, y.elements)
    if small.elements == 1:
        return Operands(*indices, swapped, False, 0, positions, channels)
    per_channel = small.elements == channels and small.shape[-1] == channels
    scope.expect(per_channel, op, "equal shapes, a value for each channel or one value", f"{a.shape} and {b.shape}")
    return Operands(*indices, swapped, False, 1, positions, channels)


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        return None


def _with_constant(
    scope: Scope, op: Operator, operands: Operands, lines: np.ndarray, slopes: np.ndarray, low: int, high: int
) -> Step | None:
    """A function of one value for each constant: a table where there is one, else a line for each channel, or None."""
    if len(lines) == 1:
        return table_step(scope, op, lines[0], from_minimum=True)
    if operands.full and scope.tensor(op.outputs[0]).shape[-1] != len(lines):
        # A constant for each element of a map: a line for each would be eight times its size.
        return None
    return affine_step(scope, op, slopes, lines, low, high, operands.positions)


def _add_exact(scope: Scope, op: Operator, operands: Operands, low: int, high: int) -> Step:
    a, b, y = (scope.tensor(i) for i in (operands.a, operands.b, op.outputs[0]))
    scales = add_scales(ends(a)[0], ends(b)[0], ends(y)[0])
    negative = op.name == "SUB"
    name = scope.constants.struct(
        "drsn_add_exact",
        a_scale=_scale(scales.a),
        b_scale=_scale(scales.b),
        output_scale=_scale(scales.output),
        a_zero=ends(a)[1],
        b_zero=ends(b)[1],
        output_zero=ends(y)[1],
        low=low,
        high=high,
        a_negative=int(negative and operands.swapped),
        b_negative=int(negative and not operands.swapped),
    )
    call = f"drsn_add_exact_s8(&{name}, {{0}}, {{1}}, {operands.step}u, {{out}}, {_size(operands)});"
    return _step(scope, op, operands, "drsn_add_exact_s8", "add_exact_s8.c", call)


def _step(scope: Scope, op: Operator, operands: Operands, kernel: str, source: str, call: str) -> Step:
    inputs = (operands.a, operands.b)
    b = scope.tensor(operands.b)
    if b.data is not None:
        inputs = inputs[:1]
        call = call.replace("{1}", scope.constants.array("int8_t", stored(b).reshape(-1)))
    return Step(
        scope.tensor(op.outputs[0]).name,
        (op.index,),
        kernel,
        source,
        call,
        inputs,
        op.outputs[0],
        in_place=dict.fromkeys(inputs if operands.full else inputs[:1], 0),
    )


def _size(operands: Operands) -> str:
    return f"{operands.positions}u, {operands.channels}u"


def _scale(scale: Scale) -> str:
    return f"{{{scale.multiplier}, {scale.right_shift}}}"

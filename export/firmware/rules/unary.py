"""Functions of one value: a table of 256 bytes."""

from __future__ import annotations

import math

import numpy as np

from ...inspection.flatbuffer import Operator
from ..step import Step
from ..tables import TABLES
from .registry import Scope, ends, generates


@generates(*TABLES)
def unary(scope: Scope, op: Operator) -> Step:
    """Any of the functions that :mod:`..tables` computes."""
    return table_step(scope, op, unary_table(scope, op))


def unary_table(scope: Scope, op: Operator) -> np.ndarray:
    """256 entries in the order of bytes."""
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    scope.expect(x.elements == y.elements, op, f"{x.elements} values", y.elements)
    slope = op.options.get("alpha", float("nan"))
    scope.expect(op.name != "LEAKY_RELU" or math.isfinite(slope), op, "a finite slope (alpha)", slope)
    scope.expect(
        op.name != "RELU6" or ends(x) == ends(y), op, "one scale for input and output", f"{ends(x)}, {ends(y)}"
    )
    return TABLES[op.name](op, x, y)


def table_step(scope: Scope, op: Operator, table: np.ndarray, from_minimum: bool = False) -> Step:
    """A look-up; ``from_minimum``: the table begins at -128 and is turned into the order of bytes."""
    (computed,) = [i for i in op.inputs if scope.tensor(i).data is None]
    name = scope.constants.array("int8_t", np.roll(table, 128) if from_minimum else table)
    elements = scope.tensor(op.outputs[0]).elements
    return Step(
        scope.tensor(op.outputs[0]).name,
        (op.index,),
        "drsn_table_s8",
        "table_s8.c",
        f"drsn_table_s8({name}, {{0}}, {{out}}, {elements}u);",
        (computed,),
        op.outputs[0],
        in_place={computed: 0},
    )

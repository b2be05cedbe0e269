"""The primitives that a network is lowered to: a small graph on maps of (height, width, channels)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

#: (height, width, channels); a signal is (time, 1, channels), a vector (1, 1, channels).
Shape = tuple[int, int, int]


@dataclasses.dataclass(eq=False)
class Op:
    """One primitive and what it reads.

    Parameters
    ----------
    kind : str
        A key of :data:`drsn_keras.export.lowering.emit.EMITTERS` or one that folding removes (``affine``, ``shrink``).
    name : str
        Place in the Keras model, such as ``unit1/conv_1``; unique in a graph.
    inputs : tuple of Op
    shape : Shape
        Of the result, without the batch.
    weights : dict of np.ndarray, float64
        ``kernel`` [shape=(height, width, in, out)], ``bias`` [shape=(out,)], ``scale`` / ``shift`` ...
    options : dict
        ``strides``, ``padding``, ``activation`` and whatever the kind needs.
    """

    kind: str
    name: str
    inputs: tuple[Op, ...]
    shape: Shape
    weights: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    options: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one evaluation; convolutions only."""
        if "kernel" not in self.weights:
            return 0
        return self.shape[0] * self.shape[1] * int(self.weights["kernel"].size)


@dataclasses.dataclass
class Graph:
    """One input, one output, and all between.

    A graph that computes a stream step by step has ``states`` besides: pairs of what a step is given of the one before
    and what it hands to the next. ``in_float`` names operations without a good integer form.
    """

    input: Op
    output: Op
    output_shape: tuple[int, ...]
    states: tuple[tuple[Op, Op], ...] = ()
    in_float: frozenset[str] = frozenset()

    def ops(self) -> list[Op]:
        """Every operation that the output and the next step need, in an order of execution."""
        found: dict[int, Op] = {}
        for end in (self.output, *(kept for _, kept in self.states)):
            # Iterative: a deep network must not meet Python's recursion limit.
            stack: list[tuple[Op, Iterator[Op]]] = [(end, iter(end.inputs))]
            while stack:
                op, rest = stack[-1]
                for one in rest:
                    if id(one) not in found:
                        stack.append((one, iter(one.inputs)))
                        break
                else:
                    found.setdefault(id(op), op)
                    stack.pop()
        return list(found.values())

    def floats(self) -> list[Op]:
        """Operations that stay in float where all others become integers."""
        return [op for op in self.ops() if op.name in self.in_float]

    def readers(self) -> dict[int, list[Op]]:
        """Operations that read each one, by ``id``."""
        readers: dict[int, list[Op]] = {id(op): [] for op in self.ops()}
        for op in self.ops():
            for one in op.inputs:
                readers[id(one)].append(op)
        return readers

    def replace(self, old: Op, new: Op) -> None:
        """Let every reader of ``old`` read ``new``, but for ``new`` itself."""
        for op in self.ops():
            if op is not new:
                op.inputs = tuple(new if one is old else one for one in op.inputs)
        if self.output is old:
            self.output = new

"""From the operators of a file to kernel calls in order."""

from __future__ import annotations

import dataclasses

import numpy as np

from .network import Network
from .rules import RULES, Scope, check_operator, fuse
from .step import Constants, Step


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """Kernel calls in order, and the constants that they name."""

    network: Network
    steps: tuple[Step, ...]
    constants: Constants

    @property
    def sources(self) -> tuple[str, ...]:
        """Files of the engine that it needs."""
        return tuple(sorted({step.source for step in self.steps if step.source}))


def compile_network(network: Network) -> Program:
    """Choose a kernel for every operator; shrinkages become one step for each pass over their map.

    Raises
    ------
    BundleError
        Naming the operator that cannot be generated, and why.
    """
    for op in network.operators:
        check_operator(network, op)
    scope = Scope(network, Constants())
    waiting = {op.index: op for op in network.operators}
    placed: list[tuple[int, Step]] = []
    for op in network.operators:
        if op.index not in waiting:
            continue
        try:
            with np.errstate(over="raise", invalid="raise"):
                fused = fuse(scope, op, waiting)
                step, replaced = fused if fused is not None else (RULES[op.name](scope, op), [op])
        except (OverflowError, FloatingPointError):
            # Scales as no converter writes them: the reference's own integers overflow.
            raise network.refuse(op, "scales that are not so far apart", "an overflow") from None
        for one in replaced:
            del waiting[one.index]
        # What the last of the replaced operators reads is written by then.
        placed.append((max(one.index for one in replaced), step))
    return Program(network, tuple(step for _, step in sorted(placed, key=lambda p: p[0])), scope.constants)

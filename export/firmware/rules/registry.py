"""Which rule turns which operator into kernel calls."""

from __future__ import annotations

from collections.abc import Callable

from ...inspection.flatbuffer import Operator, Tensor
from ..network import Network
from ..step import Constants, Step

Rule = Callable[["Scope", Operator], Step]
RULES: dict[str, Rule] = {}


class Scope:
    """What a rule works with: the network, and where constants go."""

    def __init__(self, network: Network, constants: Constants) -> None:
        self.network, self.constants = network, constants

    def tensor(self, index: int) -> Tensor:
        """A tensor of the file."""
        return self.network.tensors[index]

    def refuse(self, op: Operator, expected: object, got: object) -> Exception:
        """The error to raise, with the operator's place."""
        return self.network.refuse(op, expected, got)

    def expect(self, condition: bool, op: Operator, expected: object, got: object) -> None:
        """Raise that error unless ``condition``."""
        if not condition:
            raise self.refuse(op, expected, got)


def generates(*names: str) -> Callable[[Rule], Rule]:
    """Register a rule for operators of these names."""

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES[name] = rule
        return rule

    return register


def ends(tensor: Tensor) -> tuple[float, int]:
    """Scale and zero point of a tensor that has one."""
    return float(tensor.scales[0]), int(tensor.zero_points[0])


def stored(tensor: Tensor) -> object:
    """Integers of a constant [shape=tensor.shape, int64]."""
    import numpy as np

    return np.frombuffer(tensor.data.tobytes(), tensor.dtype).reshape(tensor.shape).astype(np.int64)

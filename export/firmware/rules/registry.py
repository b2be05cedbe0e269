"""Which rule turns which operator into kernel calls."""

from __future__ import annotations

from collections.abc import Callable

from ...inspection.flatbuffer import Operator, Tensor
from ..network import Network
from ..step import Constants, Step

Rule = Callable[["Scope", Operator], Step]
RULES: dict[str, Rule] = {}
#: Fewest and most inputs of each operator, and whether the first has to be computed.
_INPUTS: dict[str, tuple[int, int, bool]] = {}
#: More parts than any graph joins.
_MANY = 65_535


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


def generates(*names: str, fewest: int = 1, most: int | None = None, computed: bool = True) -> Callable[[Rule], Rule]:
    """Register a rule for operators of these names.

    Parameters
    ----------
    *names : str
    fewest, most : int
        Inputs that they may have; ``most`` is ``fewest`` by default, 0 for any number.
    computed : bool
        Whether the first input may not be a constant.
    """

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES[name] = rule
            _INPUTS[name] = fewest, fewest if most is None else most or _MANY, computed
        return rule

    return register


def check_operator(network: Network, op: Operator) -> None:
    """That an operator has a rule, and the inputs and the output that its rule takes for granted.

    Raises
    ------
    BundleError
        If not.
    """
    if op.name not in RULES:
        raise network.refuse(op, f"one of {', '.join(sorted(RULES))}", op.name)
    fewest, most, computed = _INPUTS[op.name]
    if len(op.outputs) != 1:
        raise network.refuse(op, "one output", len(op.outputs))
    if not fewest <= len(op.inputs) <= most:
        numbers = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise network.refuse(op, f"{numbers} inputs", len(op.inputs))
    if computed and network.tensors[op.inputs[0]].data is not None:
        raise network.refuse(op, "a computed input", "a constant")


def ends(tensor: Tensor) -> tuple[float, int]:
    """Scale and zero point of a tensor that has one."""
    return float(tensor.scales[0]), int(tensor.zero_points[0])


def stored(tensor: Tensor) -> object:
    """Integers of a constant [shape=tensor.shape, int64]."""
    import numpy as np

    return np.frombuffer(tensor.data.tobytes(), tensor.dtype).reshape(tensor.shape).astype(np.int64)

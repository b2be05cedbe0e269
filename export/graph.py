"""What is inside a TFLite file: operators and tensors, as the file says, before any delegate touches them."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


@dataclasses.dataclass(frozen=True)
class Graph:
    """Operators in execution order and tensors as (name, dtype name, shape)."""

    operators: tuple[str, ...]
    tensors: tuple[tuple[str, str, tuple[int, ...]], ...]

    @property
    def operator_counts(self) -> dict[str, int]:
        """Number of each operator, most frequent first."""
        return dict(Counter(self.operators).most_common())


def read_graph(content: bytes) -> Graph:
    """List a flatbuffer's operators and tensors."""
    # Without default delegates the list is the file's own; with them it would also show the partitions.
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    operators = tuple(op["op_name"] for op in interpreter._get_ops_details())
    tensors = tuple(
        (t["name"], np.dtype(t["dtype"]).name, tuple(int(n) for n in t["shape"]))
        for t in interpreter.get_tensor_details()
    )
    return Graph(operators, tensors)


def float_tensors(content: bytes) -> list[str]:
    """Names of all tensors in floating point."""
    return [name for name, dtype, _ in read_graph(content).tensors if dtype.startswith("float")]

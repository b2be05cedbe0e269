"""What is inside a TFLite file: operators and tensors, as the file says, before any delegate touches them."""

from __future__ import annotations

import dataclasses
from collections import Counter

from .inspection.flatbuffer import read_file


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
    file = read_file(content)
    return Graph(tuple(op.name for op in file.operators), tuple((t.name, t.dtype, t.shape) for t in file.tensors))


def float_tensors(content: bytes) -> list[str]:
    """Names of all tensors in floating point."""
    return read_file(content).float_tensors

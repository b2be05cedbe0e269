"""How much memory the activations need at least, and where they would lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from .flatbuffer import File

#: TFLite-Micro aligns every buffer to this many bytes.
ALIGNMENT = 16


@dataclasses.dataclass(frozen=True)
class Span:
    """A buffer: ``n_bytes`` that must last from step ``first`` to step ``last``, both included."""

    name: str
    n_bytes: int
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class Arena:
    """Memory for activations.

    Parameters
    ----------
    live_bytes : int
        Largest sum of buffers that live at once: no plan can need less.
    placed_bytes : int
        What a greedy plan needs, every buffer aligned to 16 bytes.
    peak : int
        The step at which most bytes live.
    live : tuple of str
        Buffers that live then, largest first.
    """

    live_bytes: int
    placed_bytes: int
    peak: int
    live: tuple[str, ...]


def plan_arena(file: File) -> Arena:
    """The arena of a file, from its own order of execution.

    Every computed tensor has a buffer of its own (a RESHAPE too, which engines may alias); the graph's input lives from
    the first operator to its last reader, its output to the end. Kernels' scratch memory and an engine's book-keeping
    come on top.
    """
    return plan(spans(file))


def spans(file: File) -> list[Span]:
    """Life of every activation, in steps (indices of operators)."""
    constants = file.unpacked()
    first = dict.fromkeys(file.inputs, 0)
    last = dict.fromkeys(file.inputs, 0)
    for op in file.operators:
        for index in op.inputs:
            last[index] = op.index
        for index in op.outputs:
            first[index] = op.index
            last.setdefault(index, op.index)
    last.update(dict.fromkeys(file.outputs, len(file.operators) - 1))
    return [Span(file.tensors[i].name, file.tensors[i].n_bytes, first[i], last[i]) for i in first if i not in constants]


def plan(buffers: Sequence[Span]) -> Arena:
    """Sum what lives at each step, and place the buffers greedily: the largest first, each as low as it fits.

    Raises
    ------
    ValueError
        Without a buffer.
    """
    if not buffers:
        raise ValueError("buffers: expected at least one, got none")
    steps = range(1 + max(b.last for b in buffers))
    sums = [sum(b.n_bytes for b in buffers if b.first <= step <= b.last) for step in steps]
    peak = max(steps, key=sums.__getitem__)
    live = sorted((b for b in buffers if b.first <= peak <= b.last), key=lambda b: -b.n_bytes)
    placed: list[tuple[int, int, Span]] = []
    for buffer in sorted(buffers, key=lambda b: (-b.n_bytes, b.first)):
        size = -(-buffer.n_bytes // ALIGNMENT) * ALIGNMENT
        low = 0
        for start, end, other in sorted(placed, key=lambda p: p[0]):
            if other.last < buffer.first or other.first > buffer.last:
                continue
            if low + size <= start:
                break
            low = max(low, end)
        placed.append((low, low + size, buffer))
    return Arena(sums[peak], max(end for _, end, _ in placed), peak, tuple(b.name for b in live))

"""Which operators XNNPACK takes over from LiteRT's own kernels, and in how many pieces."""

from __future__ import annotations

import dataclasses

from ai_edge_litert.interpreter import Interpreter

from drsn_keras.training.quiet import native_stderr_aside

from .flatbuffer import File, read_file

_DELEGATE = "DELEGATE"


@dataclasses.dataclass(frozen=True)
class Partitions:
    """Indices of the file's operators: those of each delegated partition, and those that LiteRT runs itself.

    Every operator outside splits the graph: what it reads and writes leaves XNNPACK's own layout.
    """

    delegated: tuple[tuple[int, ...], ...]
    outside: tuple[int, ...]


def read_partitions(content: bytes, file: File) -> Partitions:
    """Let LiteRT delegate as it does on a device, one thread, and read what became of each operator."""
    with native_stderr_aside():  # LiteRT announces the delegate.
        interpreter = Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
    nodes = interpreter._get_ops_details()[len(file.operators) :]
    delegated = tuple(
        _between(file, {int(i) for i in node["inputs"]}, [int(i) for i in node["outputs"]])
        for node in nodes
        if node["op_name"] == _DELEGATE
    )
    inside = {index for partition in delegated for index in partition}
    return Partitions(delegated, tuple(op.index for op in file.operators if op.index not in inside))


def delegation(content: bytes) -> tuple[int, tuple[str, ...]]:
    """How many partitions XNNPACK makes, and the operators that it leaves, in the order of execution."""
    file = read_file(content)
    found = read_partitions(content, file)
    return len(found.delegated), tuple(file.operators[i].name for i in found.outside)


def _between(file: File, inputs: set[int], outputs: list[int]) -> tuple[int, ...]:
    """Operators that a delegate node replaces.

    LiteRT lists the replaced operators beside the node and marks none of them. But the node's inputs are all tensors
    that its operators read from outside, constants among them, so whatever leads back from its outputs and is no input
    was made inside.
    """
    producers = file.producers()
    found: set[int] = set()
    todo = list(outputs)
    while todo:
        tensor = todo.pop()
        op = None if tensor in inputs else producers.get(tensor)
        if op is not None and op.index not in found:
            found.add(op.index)
            todo.extend(op.inputs)
    return tuple(sorted(found))

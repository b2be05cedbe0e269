"""An int8 TFLite file as the generator sees it: checked once, so that no later step can be surprised by it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from drsn_keras.errors import BundleError, mismatch

from ..inspection.flatbuffer import File, Operator, Tensor, read_file

#: No map, kernel or vector of a microcontroller is beyond these; damage is.
LARGEST_SIDE = 65_535
LARGEST_TENSOR = 2**22
#: Of input and output: their values in units of 2^-31 fit into 64 bits.
LARGEST_SCALE = 2**23
#: Operators that only rename a tensor.
ALIASES = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS")
#: Operators that copy part of a map: what writes a state does so in the state's own memory.
STATE_WRITERS = ("STRIDED_SLICE", "SLICE")
_CONSTANT_TYPES = ("int8", "int32")


@dataclasses.dataclass(frozen=True, eq=False)
class Network:
    """Operators without the renaming ones, which only give a tensor another shape.

    ``places`` leads from such another name to the tensor whose memory it is; ``input`` and ``output`` are the one
    tensor that goes in and the one that comes out, by place. A network that computes a stream step by step has
    ``states`` besides: what a step is given of the one before, and what it writes for the next, pair by pair.
    """

    what: str
    operators: tuple[Operator, ...]
    tensors: tuple[Tensor, ...]
    places: dict[int, int]
    input: int
    output: int
    states: tuple[tuple[int, int], ...] = ()

    def place(self, index: int) -> int:
        """The tensor whose memory a tensor is."""
        return self.places.get(index, index)

    def readers(self, index: int) -> list[Operator]:
        """Operators that read a tensor, by whatever name."""
        return [op for op in self.operators if self.place(index) in map(self.place, op.inputs)]

    def refuse(self, op: Operator, expected: object, got: object) -> BundleError:
        """The error that an operator cannot be generated, with its place in the file."""
        return BundleError(
            mismatch(f"{self.what}, operator {op.index} {plain(op.name)}", expected, plain(str(got), 200))
        )


def plain(text: str, longest: int = 60) -> str:
    """Text out of the file on one short line."""
    return "".join(c if c.isprintable() else "?" for c in text[:longest])


def read_network(content: bytes, what: object) -> Network:
    """Read and check a TFLite file.

    Raises
    ------
    BundleError
        If it is damaged, not all int8, not for a batch of one, or has other inputs and outputs than one of each, or one
        of each and states.
    """
    file = read_file(content, what)
    _check_indices(file, what)
    ends = (file.inputs, file.outputs)
    if not ends[0] or len(ends[0]) != len(ends[1]):
        expected = "one input and one output, or states besides, as many out as in"
        raise BundleError(mismatch(what, expected, f"{len(ends[0])} and {len(ends[1])}"))
    used = {i for op in file.operators for i in (*op.inputs, *op.outputs)} | {*ends[0], *ends[1]}
    for index in sorted(used):
        _check_tensor(file.tensors[index], what)
    places: dict[int, int] = {}
    operators = []
    for op in file.operators:
        source = op.inputs[0]
        if op.name not in ALIASES or file.tensors[source].data is not None:
            operators.append(op)
            continue
        if file.tensors[op.outputs[0]].elements != file.tensors[source].elements:
            raise BundleError(mismatch(f"{what}, operator {op.index} {op.name}", "as many values", "another number"))
        places[op.outputs[0]] = places.get(source, source)
    output = places.get(file.outputs[0], file.outputs[0])
    for end, name in ((file.inputs[0], "input"), (output, "output")):
        if file.tensors[end].dtype != "int8" or file.tensors[end].data is not None:
            raise BundleError(mismatch(f"{what}, {name}", "a computed int8 tensor", file.tensors[end].dtype))
        if (scale := float(file.tensors[end].scales[0])) > LARGEST_SCALE:
            raise BundleError(mismatch(f"{what}, {name}", f"a scale of at most {LARGEST_SCALE:,}", scale))
    states = tuple(zip(ends[0][1:], ends[1][1:], strict=True))
    network = Network(str(what), tuple(operators), file.tensors, places, file.inputs[0], output, states)
    _check_states(network)
    _check_order(network)
    return network


def _check_states(network: Network) -> None:
    """Every state goes in as it came out, from an operator that runs when nothing needs the old one any more."""
    writers = {index: op for op in network.operators for index in op.outputs}
    for number, (state, kept) in enumerate(network.states, start=1):
        where = f"{network.what}, state {number}"
        before, after = network.tensors[state], network.tensors[kept]
        alike = before.shape == after.shape and before.dtype == after.dtype == "int8"
        if (
            not alike
            or before.data is not None
            or (before.scales[0], before.zero_points[0])
            != (
                after.scales[0],
                after.zero_points[0],
            )
        ):
            raise BundleError(mismatch(where, f"int8 {before.shape} on one scale, in and out", after.shape))
        writer = writers.get(kept)
        if writer is None or writer.name not in STATE_WRITERS or len(network.readers(kept)) or kept == network.output:
            got = "none" if writer is None else plain(writer.name)
            raise BundleError(mismatch(where, f"an operator that writes it ({', '.join(STATE_WRITERS)})", got))
        if late := [op for op in network.readers(state) if op.index >= writer.index]:
            raise network.refuse(late[0], "an old state only before the new one is written", "a later use")


def _check_indices(file: File, what: object) -> None:
    count = len(file.tensors)
    named = [*file.inputs, *file.outputs, *(i for op in file.operators for i in (*op.inputs, *op.outputs))]
    if any(not 0 <= i < count for i in named):
        raise BundleError(mismatch(what, f"tensors 0 to {count - 1}", "an operator that names another"))
    if any(not op.outputs or not op.inputs for op in file.operators):
        raise BundleError(mismatch(what, "inputs and outputs at every operator", "one without"))


def _check_tensor(tensor: Tensor, what: object) -> None:
    """Type, size, and that the numbers of a constant are all there."""
    where = f"{what}, tensor {tensor.index} ({plain(tensor.name)})"
    constant = tensor.data is not None
    if tensor.dtype not in (_CONSTANT_TYPES if constant else ("int8",)):
        raise BundleError(mismatch(where, "int8 (convert with --scheme int8)", tensor.dtype))
    if len(tensor.shape) > 4 or any(not 1 <= n <= LARGEST_SIDE for n in tensor.shape):
        raise BundleError(mismatch(where, f"at most 4 sides of 1 to {LARGEST_SIDE}", tensor.shape[:8]))
    if math.prod(tensor.shape) > LARGEST_TENSOR:
        raise BundleError(mismatch(where, f"at most {LARGEST_TENSOR:,} values", f"{math.prod(tensor.shape):,}"))
    if constant and len(tensor.data) != tensor.n_bytes:
        raise BundleError(mismatch(where, f"{tensor.n_bytes} bytes", f"{len(tensor.data)}"))
    if tensor.dtype == "int8":
        if tensor.scales.size < 1 or not np.all(np.isfinite(tensor.scales)) or not np.all(tensor.scales > 0):
            raise BundleError(mismatch(where, "a scale above 0", tensor.scales[:4].tolist()))
        if tensor.zero_points.size < 1 or np.any(np.abs(tensor.zero_points) > 128) or np.any(tensor.zero_points == 128):
            raise BundleError(mismatch(where, "zero points of -128 to 127", tensor.zero_points[:4].tolist()))
        if not constant and tensor.scales.size != 1:
            raise BundleError(mismatch(where, "one scale", tensor.scales.size))
        if not constant and (not tensor.shape or (len(tensor.shape) > 1 and tensor.shape[0] != 1)):
            raise BundleError(mismatch(where, "a batch of one", tensor.shape))


def _check_order(network: Network) -> None:
    """Every tensor is written once, before it is read; the output is written."""
    written = {network.input, *(state for state, _ in network.states)}
    for op in network.operators:
        where = f"{network.what}, operator {op.index} {op.name}"
        for index in map(network.place, op.inputs):
            if network.tensors[index].data is None and index not in written:
                raise BundleError(mismatch(where, "inputs that are written before", f"tensor {index}"))
        for index in op.outputs:
            if index in written or index in network.places or network.tensors[index].data is not None:
                raise BundleError(mismatch(where, "an output that nothing else writes", f"tensor {index}"))
            written.add(index)
    if network.output not in written - {network.input, *(state for state, _ in network.states)}:
        raise BundleError(mismatch(network.what, "operators that compute the output", "none that does"))

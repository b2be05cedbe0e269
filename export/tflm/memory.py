"""The arena that TFLite-Micro needs for a model: measured where its Python package is installed, else estimated."""

from __future__ import annotations

import dataclasses
import subprocess

from drsn_keras.errors import BundleError, CheckFailed, mismatch

from ..inspection.arena import ALIGNMENT, plan_arena
from ..inspection.micro import is_installed, measure_micro_arena, smallest_micro_arena
from .model_file import Model

#: More than any microcontroller has; a file that asks for it is damaged.
_LARGEST = 64 * 2**20
#: Book-keeping on a 64-bit machine, from above: in all, an operator, a tensor, a channel of a convolution.
_ONCE, _OPERATOR, _TENSOR, _CHANNEL = 2560, 180, 24, 8
#: While it plans, it needs so much for every tensor where activations will lie: more than they do in a small network.
_PLANNING = 66
#: By how much a 64-bit machine needs more than a Cortex-M4 with the same kernels [%].
DESKTOP_PERCENT = (7, 19)


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes of the arena.

    Parameters
    ----------
    arena_bytes : int
        With this it starts: measured in steps of 16 bytes, or estimated.
    allocated_bytes, activation_bytes, bookkeeping_bytes : int, optional
        What TFLite-Micro says that it keeps, in all and by part; None where it is not installed.
    """

    arena_bytes: int
    allocated_bytes: int | None = None
    activation_bytes: int | None = None
    bookkeeping_bytes: int | None = None

    @property
    def measured(self) -> bool:
        """Whether TFLite-Micro was asked."""
        return self.allocated_bytes is not None


def needed_memory(model: Model) -> Memory:
    """Ask TFLite-Micro, in a process of its own.

    Raises
    ------
    BundleError
        If the activations are larger than any microcontroller's memory.
    CheckFailed
        If TFLite-Micro does not start with the model.
    """
    plan = plan_arena(model.file)
    if plan.placed_bytes > _LARGEST:
        raise BundleError(
            mismatch(f"{model.path}, activations", f"at most {_LARGEST:,} bytes", f"{plan.placed_bytes:,}")
        )
    if not is_installed():
        planning = _PLANNING * len(model.file.tensors)
        return Memory(_up(max(plan.placed_bytes, planning) + _bookkeeping(model)))
    found = measure_micro_arena(model.content, plan)
    if "not_measured" in found:
        raise CheckFailed(f"{model.path}: {found['not_measured']}")
    try:
        smallest = smallest_micro_arena(model.content, found["total"])
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{model.path}: TFLite-Micro does not start in time") from None
    return Memory(smallest, found["total"], found["head"], found["tail"])


def _bookkeeping(model: Model) -> int:
    file = model.file
    results = [file.tensors[op.outputs[0]] for op in file.operators if op.name in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    channels = sum(tensor.shape[-1] if tensor.shape else 1 for tensor in results)
    return _ONCE + _OPERATOR * len(file.operators) + _TENSOR * len(file.tensors) + _CHANNEL * channels


def _up(n_bytes: int) -> int:
    return -(-n_bytes // ALIGNMENT) * ALIGNMENT

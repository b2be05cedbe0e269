"""Open a bundle or a bare file, and refuse what TFLite-Micro could not run or would read past its end."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np

from drsn_keras.errors import BundleError, CheckFailed, mismatch
from drsn_keras.model_card import ModelCard, TensorSpec, read_bundle

from ..inspection.flatbuffer import File, Tensor, read_file
from .operators import method, unknown

_INTEGERS = frozenset({"int4", "int8", "uint8", "int16", "int32", "int64", "bool"})
#: What the example can feed and read.
_ENDS = ("int8", "int16")
#: No microcontroller has more memory for a tensor.
_LARGEST = 2**26


@dataclasses.dataclass(frozen=True, eq=False)
class Model:
    """A model that TFLite-Micro has all operators for.

    ``path`` is the model file; ``card`` is None, and ``labels`` is empty, for a file without a bundle.
    """

    path: Path
    content: bytes
    file: File
    input: TensorSpec
    output: TensorSpec
    card: ModelCard | None

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return () if self.card is None else self.card.labels

    @property
    def methods(self) -> list[str]:
        """What the resolver has to be told, each once, sorted."""
        return sorted(method(name) for name in self.file.operator_counts)


def open_model(path: Path) -> Model:
    """Read a bundle folder or a .tflite file.

    Raises
    ------
    BundleError
        If it is damaged, or holds what no integer model has.
    CheckFailed
        If it computes in floating point, or needs an operator that TFLite-Micro does not have.
    """
    if path.is_file():
        card = None
    else:
        card, path = read_bundle(path)
    content = path.read_bytes()
    file = read_file(content, path)
    _check_structure(path, file)
    _check_types(path, file, card)
    if missing := unknown(file.operator_counts):
        names = ", ".join(name if name.isidentifier() else repr(name) for name in missing)
        advice = "; drsn-export convert RUN --target tflm makes a graph without" if _of_others(card) else ""
        raise CheckFailed(f"{path}: TFLite-Micro has no operator {names}{advice}")
    ends = [_end(path, name, file.tensors[i]) for name, (i,) in (("input", file.inputs), ("output", file.outputs))]
    if card is not None and math.prod(ends[1].shape) != len(card.labels):
        raise BundleError(mismatch(f"{path}, output", f"{len(card.labels)} values (the card's labels)", ends[1].shape))
    return Model(path, content, file, *ends, card)


def _of_others(card: ModelCard | None) -> bool:
    return card is not None and card.target != "tflm"


def _check_structure(path: Path, file: File) -> None:
    """Everything that is pointed at must be there: the device checks nothing."""
    if not file.operators:
        raise BundleError(mismatch(path, "operators", "none"))
    for name, ends in (("input", file.inputs), ("output", file.outputs)):
        if len(ends) != 1:
            raise BundleError(mismatch(path, f"one {name}", len(ends)))
    ends = [*file.inputs, *file.outputs]
    for index in (*ends, *(i for op in file.operators for i in (*op.inputs, *op.outputs))):
        if not 0 <= index < len(file.tensors):
            raise BundleError(mismatch(path, f"a tensor below {len(file.tensors)}", index))
    known = {*file.inputs, *(tensor.index for tensor in file.tensors if tensor.data is not None)}
    for op in file.operators:
        if not op.outputs or not known.issuperset(op.inputs):
            fault = "others" if op.outputs else "no result"
            raise BundleError(mismatch(f"{path}, operator {op.index}", "inputs made before it and a result", fault))
        known.update(op.outputs)
    if not known.issuperset(file.outputs):
        raise BundleError(mismatch(f"{path}, output", "the result of an operator", "none"))


def _check_types(path: Path, file: File, card: ModelCard | None) -> None:
    odd = [tensor for tensor in file.tensors if tensor.dtype not in _INTEGERS]
    if odd:
        more = f" and {len(odd) - 1} more" if len(odd) > 1 else ""
        advice = "; drsn-export convert RUN --scheme int8 makes one" if card is not None else ""
        found = f"{odd[0].dtype} in tensor {odd[0].name!r}{more}"
        raise CheckFailed(mismatch(path, "an integer model", f"{found}{advice}"))
    for tensor in file.tensors:
        what = f"{path}, tensor {tensor.name!r}"
        if any(n < 1 for n in tensor.shape) or math.prod(tensor.shape) > _LARGEST:
            raise BundleError(mismatch(what, f"a fixed shape of at most {_LARGEST:,} values", tensor.shape))
        if tensor.data is not None and len(tensor.data) != tensor.n_bytes:
            raise BundleError(mismatch(what, f"a constant of {tensor.n_bytes} bytes", len(tensor.data)))


def _end(path: Path, name: str, tensor: Tensor) -> TensorSpec:
    if tensor.dtype not in _ENDS:
        raise CheckFailed(mismatch(f"{path}, {name}", " or ".join(_ENDS), tensor.dtype))
    one = len(tensor.scales) == len(tensor.zero_points) == 1
    if not one or not np.isfinite(tensor.scales[0]) or not tensor.scales[0] > 0:
        raise BundleError(mismatch(f"{path}, {name}", "one scale above 0", tensor.scales.tolist() or "none"))
    return TensorSpec(tensor.shape, tensor.dtype, float(tensor.scales[0]), int(tensor.zero_points[0]))

"""What is turned into C: a bundle, or a bare model file."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec, SignalSpec, WindowSpec, front_end_from_dict
from drsn_keras.model_card import CARD_NAME, ModelCard, TensorSpec, read_bundle

from ..inspection.flatbuffer import Tensor
from .network import Network, read_network

#: A model of a microcontroller is smaller; what is larger is something else.
_LARGEST_FILE = 2**26


@dataclasses.dataclass(frozen=True, eq=False)
class Source:
    """A model file with what is known about it; ``card`` and ``signal`` are None for a bare file."""

    path: Path
    content: bytes
    network: Network
    card: ModelCard | None = None
    signal: FrontEndSpec | WindowSpec | SignalSpec | None = None


def open_source(path: Path) -> Source:
    """Open a bundle folder or a .tflite file and check that its parts agree.

    Raises
    ------
    UsageError
        If there is nothing.
    BundleError
        If the model is damaged or not int8, or where it and the card disagree.
    """
    if not path.exists():
        raise UsageError(mismatch(path, "a bundle folder or a .tflite file", "nothing there"))
    if not path.is_dir() and not path.is_file():
        raise UsageError(mismatch(path, "a bundle folder or a .tflite file", "something else"))
    if not path.is_dir():
        content = _read(path)
        return Source(path, content, read_network(content, path))
    card, model = read_bundle(path)
    where = path / CARD_NAME
    content = _read(model)
    network = read_network(content, model)
    for name, said in (("input", card.input), ("output", card.output)):
        _agree(f"{where}, {name}", network.tensors[getattr(network, name)], said)
    try:
        signal = front_end_from_dict(card.front_end)
    except (UsageError, BundleError) as error:
        raise BundleError(f"{where}: {error}") from None
    shape = signal.shape
    if card.stream:
        shape = (card.stream["frames"], *shape[1:])
    if len(network.states) != card.stream.get("states", 0):
        raise BundleError(mismatch(f"{where}, stream, states", f"{len(network.states)} (the model file)", card.stream))
    if math.prod(shape) != math.prod(card.input.shape):
        raise BundleError(mismatch(f"{where}, front_end", f"the model's input {card.input.shape}", shape))
    if not card.is_denoiser and math.prod(card.output.shape) != len(card.labels):
        raise BundleError(mismatch(f"{where}, labels", math.prod(card.output.shape), len(card.labels)))
    return Source(model, content, network, card, signal)


def _read(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise BundleError(mismatch(path, f"a model of at most {_LARGEST_FILE:,} bytes", f"{size:,}"))
    return path.read_bytes()


def _agree(what: str, tensor: Tensor, said: TensorSpec) -> None:
    found = TensorSpec(tensor.shape, tensor.dtype, float(tensor.scales[0]), int(tensor.zero_points[0]))
    # By the place of an output its shape may be the one before a RESHAPE: the number of values tells.
    same = (math.prod(found.shape), found.dtype, found.zero_point) == (
        math.prod(said.shape),
        said.dtype,
        said.zero_point,
    )
    if not same or not math.isclose(found.scale, said.scale, rel_tol=1e-6):
        raise BundleError(mismatch(what, f"{found} (the model file)", said))

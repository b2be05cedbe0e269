"""Look into a bundle: what its file holds, and with the run behind it, where it loses precision."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.edge.bundle import Bundle

from ..lowering import Twin
from .arena import Arena, plan_arena
from .costs import LayerCost, layer_costs
from .flatbuffer import File, read_file
from .layers import LayerNoise, NoiseMeter
from .matching import match_layers
from .micro import measure_micro_arena
from .partitions import Partitions, read_partitions
from .resolution import Resolution, ResolutionMeter, find_shrinkage
from .runs import paired_runs


@dataclasses.dataclass(frozen=True, eq=False)
class Contents:
    """What a model file says by itself."""

    file: File
    layers: list[LayerCost]
    partitions: Partitions
    arena: Arena
    micro: dict[str, int | str]

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one evaluation."""
        return sum(row.macs for row in self.layers)

    @property
    def weight_bytes(self) -> int:
        """All constants."""
        return sum(row.weight_bytes for row in self.layers)


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """A bundle against its float twin.

    ``unmatched`` are layers of the twin that have no tensor of their own in the bundle; ``shrinkage`` holds the blocks
    that compute in integers.
    """

    inputs: int
    layers: list[LayerNoise]
    shrinkage: list[Resolution]
    unmatched: list[str]

    @property
    def weights_db(self) -> float | None:
        """Median over layers of the kernels' ratio; low where the bundle's weights are not the run's."""
        known = [row.weights_db for row in self.layers if row.weights_db is not None]
        return float(np.median(known)) if known else None


def examine(content: bytes, what: object = "model") -> Contents:
    """Read a model file; ``what`` is the name that errors give it.

    Raises
    ------
    BundleError
        If it is no TFLite file of one graph.
    """
    file = read_file(content, what)
    arena = plan_arena(file)
    return Contents(file, layer_costs(file), read_partitions(content, file), arena, measure_micro_arena(content, arena))


def compare(twin: Twin, content: bytes, inputs: np.ndarray) -> Comparison:
    """Run a bundle's model beside the float twin that it was made from.

    Parameters
    ----------
    twin : Twin
        Lowered for the bundle's target.
    content : bytes
    inputs : np.ndarray [shape=(n, ...)]

    Raises
    ------
    BundleError
        If the file's tensors are not this network's.
    """
    file = read_file(content)
    matches = match_layers(twin, file)
    noise = NoiseMeter(twin, file, matches)
    blocks = [ResolutionMeter(shrink, file, matches) for shrink in find_shrinkage(twin)]
    blocks = [block for block in blocks if block.applies]
    for real, stored in paired_runs(twin, content, inputs):
        for meter in (noise, *blocks):
            meter.add(real, stored)
    unmatched = [op.name for op in twin.graph.ops() if op.name not in matches and op.kind != "constant"]
    return Comparison(len(inputs), noise.layers(), [block.resolution() for block in blocks], unmatched)


@dataclasses.dataclass(frozen=True, eq=False)
class Inspection:
    """All that is known of a bundle; ``missing`` says why there is no comparison."""

    bundle: Bundle
    contents: Contents
    comparison: Comparison | None = None
    missing: str | None = None

    @property
    def layer_names(self) -> dict[int, str]:
        """Place in the network of each operator: the twin's name for it, else what its tensor's name says."""
        layers = self.comparison.layers if self.comparison else []
        known = {row.tensor: row.layer for row in layers}
        return {row.index: known.get(row.tensor, row.layer) for row in self.contents.layers}

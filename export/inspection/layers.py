"""Signal-to-quantisation-noise ratio of every layer: where a bundle departs from its float twin."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from drsn_keras.edge.interpreter import dequantize, quantize
from drsn_keras.model_card import TensorSpec

from ..lowering import Twin
from ..lowering.ir import Op
from .flatbuffer import File, Tensor
from .runs import Stored


@dataclasses.dataclass(frozen=True)
class LayerNoise:
    """One layer of the twin and its tensor in the bundle.

    Parameters
    ----------
    layer, operator, dtype : str
        Place in the network; what computes it in the bundle, and in which type.
    tensor : int
        Its tensor's index in the bundle.
    scale : float
        Quantum of the tensor; 0 in floating point.
    sqnr_db : float or None
        Of the running graph, so errors of the layers before are in it. Infinite where nothing differs, None where the
        layer gives zeros only.
    local_db : float or None
        What rounding (and clipping) this tensor alone would give; None in floating point.
    weights_db : float or None
        Of the kernel; None for layers without.
    drop_db : float or None
        Ratio of its worst input minus its own; None where either is infinite.
    clipped : float
        Share of the float values that lie outside the tensor's range.
    signal_rms, noise_rms : float
    """

    layer: str
    operator: str
    dtype: str
    tensor: int
    scale: float
    zero_point: int
    sqnr_db: float | None
    local_db: float | None
    weights_db: float | None
    drop_db: float | None
    clipped: float
    signal_rms: float
    noise_rms: float


def ratio_db(signal: float, noise: float) -> float | None:
    """10 log10 of a ratio of powers (or energies); infinite without noise, None without signal.

    Examples
    --------
    >>> ratio_db(200.0, 2.0), ratio_db(1.0, 0.0), ratio_db(0.0, 1.0)
    (20.0, inf, None)
    """
    if signal <= 0:
        return None
    return 10.0 * math.log10(signal / noise) if noise > 0 else math.inf


def quantization_of(tensor: Tensor) -> TensorSpec | None:
    """Scale and zero point of an activation; None in floating point."""
    if tensor.is_float or tensor.scales.size != 1:
        return None
    return TensorSpec(tensor.shape, tensor.dtype, float(tensor.scales[0]), int(tensor.zero_points[0]))


class NoiseMeter:
    """Collects energies over inputs, layer by layer."""

    def __init__(self, twin: Twin, file: File, matches: dict[str, int]) -> None:
        self._file, self._matches = file, matches
        self._ops = {op.name: op for op in twin.graph.ops()}
        self._specs = {name: quantization_of(file.tensors[index]) for name, index in matches.items()}
        #: signal, noise, noise of rounding alone, clipped values, values
        self._sums = {name: np.zeros(5) for name in matches}

    def add(self, real: dict[str, np.ndarray], stored: Stored) -> None:
        """Add one input's results, as :func:`.runs.paired_runs` gives them."""
        for name, index in self._matches.items():
            expected, spec = real[name].reshape(-1), self._specs[name]
            found = stored(index).reshape(-1)
            rounding, clipped = 0.0, 0
            if spec is not None:
                found = dequantize(found, spec)
                rounding = _energy(dequantize(quantize(expected, spec), spec) - expected)
                low, high = _range(spec)
                clipped = np.count_nonzero((expected < low) | (expected > high))
            self._sums[name] += (_energy(expected), _energy(found - expected), rounding, clipped, expected.size)

    def layers(self) -> list[LayerNoise]:
        """The ratios, in the twin's order of execution."""
        producers, found = self._file.producers(), {}
        for name, (signal, noise, rounding, clipped, n) in self._sums.items():
            tensor, spec = self._file.tensors[self._matches[name]], self._specs[name]
            producer = producers.get(tensor.index)
            ratio = ratio_db(signal, noise)
            found[name] = LayerNoise(
                layer=name,
                operator="INPUT" if producer is None else producer.name,
                dtype=tensor.dtype,
                tensor=tensor.index,
                scale=0.0 if spec is None else spec.scale,
                zero_point=0 if spec is None else spec.zero_point,
                sqnr_db=ratio,
                local_db=None if spec is None else ratio_db(signal, rounding),
                weights_db=self._weights_db(self._ops[name]),
                drop_db=_drop(ratio, [found[one].sqnr_db for one in self._inputs(self._ops[name])]),
                clipped=clipped / max(1, n),
                signal_rms=math.sqrt(signal / max(1, n)),
                noise_rms=math.sqrt(noise / max(1, n)),
            )
        return list(found.values())

    def _inputs(self, op: Op) -> list[str]:
        """Matched layers that a layer reads, looking through those that were folded away."""
        names: list[str] = []
        for one in op.inputs:
            names += [one.name] if one.name in self._matches else self._inputs(one)
        return names

    def _weights_db(self, op: Op) -> float | None:
        producer = self._file.producers().get(self._matches[op.name])
        if "kernel" not in op.weights or producer is None or len(producer.inputs) < 2:
            return None
        constant = self._file.unpacked().get(producer.inputs[1])
        kernel = op.weights["kernel"].transpose(3, 0, 1, 2)
        if constant is None or constant.elements != kernel.size or constant.bits < 8:
            return None
        return ratio_db(_energy(kernel), _energy(constant.values().reshape(kernel.shape) - kernel))


def worst(layers: list[LayerNoise], count: int = 3) -> list[LayerNoise]:
    """Layers of the lowest ratio, lowest first."""
    return sorted((one for one in layers if one.sqnr_db is not None), key=lambda one: one.sqnr_db)[:count]


def worst_alone(layers: list[LayerNoise], count: int = 3) -> list[LayerNoise]:
    """Layers whose own scale loses most, most first, whatever comes in from before."""
    return sorted((one for one in layers if one.local_db is not None), key=lambda one: one.local_db)[:count]


def largest_drops(layers: list[LayerNoise], count: int = 3) -> list[LayerNoise]:
    """Layers that lose most against what they read, most first."""
    falling = [one for one in layers if one.drop_db is not None and one.drop_db > 0]
    return sorted(falling, key=lambda one: -one.drop_db)[:count]


def _energy(values: np.ndarray) -> float:
    return float(np.sum(np.square(values, dtype=np.float64)))


def _range(spec: TensorSpec) -> tuple[float, float]:
    """The real numbers that round to a value within the type, half a quantum beyond its ends."""
    limits = np.iinfo(spec.dtype)
    return tuple((end - spec.zero_point) * spec.scale for end in (limits.min - 0.5, limits.max + 0.5))


def _drop(own: float | None, inputs: list[float | None]) -> float | None:
    """None where either side is exact or has no signal: there is nothing to subtract."""
    known = [one for one in inputs if one is not None]
    if own is None or not known or math.isinf(own) or math.isinf(min(known)):
        return None
    return min(known) - own

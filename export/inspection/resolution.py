"""Whether a shrinkage block's threshold keeps its resolution in integers."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.edge.interpreter import dequantize

from ..lowering import Twin
from ..lowering.ir import Op
from .flatbuffer import File
from .layers import quantization_of
from .matching import read_by
from .runs import Stored

_FORMS = {"above": "litert", "at_most_tau": "min-max"}


@dataclasses.dataclass(frozen=True)
class Shrink:
    """The parts of one soft thresholding in a lowered graph; ``alpha`` is None where the threshold is fixed.

    ``reader`` is the primitive that reads tau: relu(x - tau) for LiteRT, min(max(x, -tau), tau) elsewhere.
    """

    block: str
    x: Op
    tau: Op
    alpha: Op | None
    reader: Op
    output: Op


@dataclasses.dataclass(frozen=True)
class Resolution:
    """What integers leave of one block's threshold, over all inputs.

    Parameters
    ----------
    block : str
    dtype : str
        Of the map that is thresholded.
    x_quantum, tau_quantum : float
        Steps of the map and of the threshold, in real units.
    tau_median : float
        Of the float twin, over samples and channels.
    tau_quanta : float
        The same in quanta of the map: about half the width of the dead zone in integer levels.
    alpha_levels : int or None
        Distinct integers that the scale alpha takes; None for a fixed threshold.
    tau_levels : int
    tau_zero : float
        Share of the thresholds that round to 0, so that nothing is removed.
    dead_float, dead_int : float
        Share of the map's values with \\|x\\| <= tau in the twin, and in the bundle.
    zero_int : float
        Share of the bundle's results that are 0: the output's quantum widens the dead zone.
    """

    block: str
    dtype: str
    x_quantum: float
    tau_quantum: float
    tau_median: float
    tau_quanta: float
    alpha_levels: int | None
    tau_levels: int
    tau_zero: float
    dead_float: float
    dead_int: float
    zero_int: float


def find_shrinkage(twin: Twin) -> list[Shrink]:
    """Every soft thresholding of a twin, in the order of execution."""
    ops = {op.name: op for op in twin.graph.ops()}
    found = []
    for minus in ops.values():
        block, _, part = minus.name.rpartition("/")
        if part != "minus_tau" or block not in ops:
            continue
        (tau,), output = minus.inputs, ops[block]
        reader = next(op for name in _FORMS if (op := ops.get(f"{block}/{name}")) is not None)
        x = reader.inputs[0] if reader.kind == "sub" else output.inputs[0]
        found.append(Shrink(block, x, tau, tau.inputs[0] if tau.kind == "mul" else None, reader, output))
    return found


class ResolutionMeter:
    """Collects one block's thresholds and dead zone over inputs."""

    def __init__(self, shrink: Shrink, file: File, matches: dict[str, int]) -> None:
        self._shrink = shrink
        holder = shrink.reader if shrink.reader.kind == "sub" else shrink.output
        self._x, self._tau = read_by(file, matches, holder, 0), read_by(file, matches, shrink.reader, 1)
        self._out = matches.get(shrink.output.name)
        self._alpha = None if shrink.alpha is None else matches.get(shrink.alpha.name)
        self._specs = {
            index: quantization_of(file.tensors[index])
            for index in (self._x, self._tau, self._out, self._alpha)
            if index is not None
        }
        self._taus: list[np.ndarray] = []
        self._levels: dict[str, set[int]] = {"alpha": set(), "tau": set()}
        #: thresholds, those at 0; values, dead in the twin, dead in the bundle, 0 in the bundle
        self._counts = np.zeros(6, np.int64)

    @property
    def applies(self) -> bool:
        """Whether the block computes in integers; in floating point nothing is lost."""
        return all(self._specs.get(index) is not None for index in (self._x, self._tau, self._out))

    def add(self, real: dict[str, np.ndarray], stored: Stored) -> None:
        """Add one input's results, as :func:`.runs.paired_runs` gives them."""
        x, tau = real[self._shrink.x.name], real[self._shrink.tau.name]
        spec_x, spec_tau, spec_out = (self._specs[i] for i in (self._x, self._tau, self._out))
        integers, out = stored(self._tau), stored(self._out)
        x_int, tau_int = dequantize(stored(self._x), spec_x).reshape(x.shape), dequantize(integers, spec_tau)
        self._taus.append(tau.reshape(-1))
        self._levels["tau"] |= set(np.unique(integers).tolist())
        if self._alpha is not None:
            self._levels["alpha"] |= set(np.unique(stored(self._alpha)).tolist())
        self._counts += (
            integers.size,
            np.count_nonzero(tau_int <= 0),
            x.size,
            np.count_nonzero(np.abs(x) <= tau),
            np.count_nonzero(np.abs(x_int) <= tau_int.reshape(tau.shape)),
            np.count_nonzero(out == spec_out.zero_point),
        )

    def resolution(self) -> Resolution:
        """The figures over all that was added."""
        spec_x, spec_tau = self._specs[self._x], self._specs[self._tau]
        median = float(np.median(np.concatenate(self._taus)))
        thresholds, at_zero, n, dead_float, dead_int, zero_int = map(int, self._counts)
        return Resolution(
            block=self._shrink.block,
            dtype=spec_x.dtype,
            x_quantum=spec_x.scale,
            tau_quantum=spec_tau.scale,
            tau_median=median,
            tau_quanta=median / spec_x.scale,
            alpha_levels=None if self._shrink.alpha is None else len(self._levels["alpha"]),
            tau_levels=len(self._levels["tau"]),
            tau_zero=at_zero / thresholds,
            dead_float=dead_float / n,
            dead_int=dead_int / n,
            zero_int=zero_int / n,
        )

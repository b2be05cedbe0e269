"""Time of one evaluation on LiteRT, measured so that models can be compared."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.training.quiet import native_stderr_aside

#: Parts of a measurement whose medians are held against each other.
BLOCKS = 10
#: Largest spread of the block medians on a machine that was quiet.
QUIET_SPREAD = 0.1
_WARM_UP = 20


@dataclasses.dataclass(frozen=True, eq=False)
class Latency:
    """Times of one model.

    Parameters
    ----------
    times_us : np.ndarray [shape=(rounds,), float64]
        One evaluation a round [us]; row by row the same rounds as those of the models measured with it.
    """

    times_us: np.ndarray

    @property
    def median_us(self) -> float:
        """Median [us]."""
        return float(np.median(self.times_us))

    @property
    def p90_us(self) -> float:
        """90th percentile [us]."""
        return float(np.quantile(self.times_us, 0.9))

    @property
    def spread(self) -> float:
        """How far the medians of ten successive blocks lie apart, by the whole's median: 0.02 is 2 %."""
        medians = [float(np.median(block)) for block in np.array_split(self.times_us, BLOCKS)]
        return (max(medians) - min(medians)) / self.median_us

    @property
    def stable(self) -> bool:
        """Whether the machine was quiet: a clock or a neighbour that changed its pace moves whole blocks."""
        return self.spread <= QUIET_SPREAD


def ratio(a: Latency, b: Latency) -> float:
    """How many times as long ``a`` takes as ``b``: the median over rounds, each with itself.

    A clock that changes its pace hits both of a round, so that this holds where two medians no longer compare.

    Raises
    ------
    ValueError
        If they are not of one measurement.
    """
    if a.times_us.shape != b.times_us.shape:
        raise ValueError(
            mismatch("ratio", "two latencies of one measurement", f"{a.times_us.shape}, {b.times_us.shape}")
        )
    return float(np.median(a.times_us / b.times_us))


def measure(models: Mapping[str, bytes | Path], *, rounds: int, threads: int = 1, seed: int = 0) -> dict[str, Latency]:
    """Time models in turns, in every round all of them, in an order of its own.

    In its turn a model is evaluated twice and the second evaluation is timed: the first brings code and weights back
    into the caches, which the other models have filled meanwhile. Without it figures grow with the number of models.

    Parameters
    ----------
    models : flatbuffers or ``.tflite`` files, by name; of one input each
    rounds : int
        At least 10.
    threads : int
        Threads that a model's kernels may use, at least 1.
    seed : int
        Decides the inputs and the orders.

    Returns
    -------
    dict
        ``{name: Latency}`` in the order of ``models``.

    Raises
    ------
    UsageError
        On fewer rounds or threads.
    BundleError
        Naming a model that LiteRT refuses.
    """
    for name, value, least in (("rounds", rounds, BLOCKS), ("threads", threads, 1)):
        if value < least:
            raise UsageError(mismatch(name, f"at least {least}", value))
    rng = np.random.default_rng(seed)
    invoke = [ready(name, content, threads, rng).invoke for name, content in models.items()]
    times_ns = np.zeros((len(invoke), rounds), np.int64)
    clock = time.perf_counter_ns
    with _no_garbage_collection():
        for one in invoke:
            for _ in range(_WARM_UP):
                one()
        for row, order in enumerate(orders(len(invoke), rounds, rng).tolist()):
            for i in order:
                one = invoke[i]
                one()
                begin = clock()
                one()
                times_ns[i, row] = clock() - begin
    return {name: Latency(times / 1e3) for name, times in zip(models, times_ns, strict=True)}


def orders(n: int, rounds: int, rng: np.random.Generator) -> np.ndarray:
    """Who comes when: a permutation of ``n`` models a round [shape=(rounds, n), int].

    Each is drawn anew: no model always follows the same neighbour, whose leavings in the caches differ.
    """
    return rng.permuted(np.tile(np.arange(n), (rounds, 1)), axis=1)


def ready(name: str, content: bytes | Path, threads: int = 1, rng: np.random.Generator | None = None) -> Interpreter:
    """A model that has been evaluated once, with integers of the input type's whole range or normal floats.

    Raises
    ------
    BundleError
        Naming the model, if LiteRT refuses it.
    """
    content = content.read_bytes() if isinstance(content, Path) else content
    rng = np.random.default_rng(0) if rng is None else rng
    try:
        with native_stderr_aside():
            model = Interpreter(model_content=content, num_threads=threads)
            model.allocate_tensors()
            for details in model.get_input_details():
                model.set_tensor(details["index"], _random(details["shape"], np.dtype(details["dtype"]), rng))
            model.invoke()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise BundleError(mismatch(name, "a model that LiteRT runs", f"one it refuses ({reason})")) from None
    return model


def _random(shape: np.ndarray, dtype: np.dtype, rng: np.random.Generator) -> np.ndarray:
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)
    return rng.standard_normal(shape).astype(dtype)


@contextlib.contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

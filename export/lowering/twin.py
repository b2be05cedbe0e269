"""The lowered twin of a trained model, and the proof that it is the same function."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tf_keras

from drsn_keras.errors import CheckFailed, mismatch
from drsn_keras.layers import SpectralShrinkage
from drsn_keras.models import thresholds

from .emit import emit
from .folding import fold
from .ir import Graph
from .targets import specialise
from .walk import trace

#: Largest difference of an output, relative to outputs above 1.
PARITY = 1e-5
#: The same where maps are divided by their own deviation, which enlarges the rounding of all before: Keras itself is
#: then 2e-5 away from double precision, and the twin as much.
LOOSE_PARITY = 1e-4


@dataclasses.dataclass(frozen=True, eq=False)
class Twin:
    """A model for one target: the tf_keras model and the primitives that it was made of."""

    model: tf_keras.Model
    graph: Graph
    target: str
    parity: float | None = None

    def predict(self, x: np.ndarray, batch_size: int = 256) -> np.ndarray:
        """Outputs for inputs in the Keras model's shape."""
        return _in_batches(self.model, np.asarray(x, np.float32).reshape(-1, *self.graph.input.shape), batch_size)


def lower(model: keras.Model, target: str = "litert", examples: np.ndarray | None = None) -> Twin:
    """Lower a model, and prove the twin on examples where there are some.

    Parameters
    ----------
    model : keras.Model
        Functional, one input and one output of known shapes; trained (or not) in inference mode.
    target : {"litert", "tflm", "ethos-u"}
    examples : np.ndarray [shape=(n, ...)]
        Real inputs that the parity is asserted on.

    Returns
    -------
    Twin

    Raises
    ------
    UsageError
        If a layer has no rule, or the target cannot run an operator.
    CheckFailed
        If the twin's outputs differ by more than 1e-5, or 1e-4 with a normalisation by the signal's own statistics
        (relative to outputs above 1).
    """
    graph = trace(model)
    fold(graph)
    specialise(graph, target)
    twin = Twin(emit(graph, f"{model.name}_{target.replace('-', '_')}"), graph, target)
    if examples is None:
        return twin
    return dataclasses.replace(twin, parity=check_parity(model, twin, examples))


def lower_thresholds(model: keras.Model, block: str, examples: np.ndarray, target: str = "litert") -> Twin:
    """Lower what leads to the thresholds tau of one shrinkage block: inputs to [shape=(thresholds,)].

    Of a spectrum with thresholds for every frame it is their mean over time.

    Raises
    ------
    UsageError
        If there is no such block.
    CheckFailed
        If the twin's thresholds differ from the model's by more than 1e-5 on the examples.
    """
    stands_alone = any(isinstance(layer, SpectralShrinkage) and layer.name == block for layer in model.layers)
    graph = trace(model, f"{block}/tau" if stands_alone else f"{block}/shrinkage/tau")
    fold(graph)
    specialise(graph, target)
    twin = Twin(emit(graph, f"{model.name}_tau"), graph, target)
    expected = thresholds(model, examples)[block][0]
    difference = float(np.max(np.abs(twin.predict(examples) - expected) / np.maximum(1.0, np.abs(expected))))
    if not difference <= PARITY:
        raise CheckFailed(mismatch(f"thresholds of {block}, lowered", f"within {PARITY:g} of Keras", difference))
    return dataclasses.replace(twin, parity=difference)


def check_parity(model: keras.Model, twin: Twin, examples: np.ndarray) -> float:
    """Largest difference between a model and its twin on examples; an error above the limit of :func:`lower`."""
    limit = LOOSE_PARITY if any(op.kind == "rsqrt" for op in twin.graph.ops()) else PARITY
    expected = _in_batches(model, np.asarray(examples, np.float32))
    difference = float(np.max(np.abs(twin.predict(examples) - expected) / np.maximum(1.0, np.abs(expected))))
    if not difference <= limit:
        raise CheckFailed(
            mismatch(f"{model.name}, lowered for {twin.target}", f"within {limit:g} of Keras", difference)
        )
    return difference


def _in_batches(model: Callable, x: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """Eager evaluation: a compiled one would be traced anew for every model, which takes longer."""
    parts = [model(x[i : i + batch_size], training=False) for i in range(0, len(x), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts])

"""A causal model as one step of a stream: some frames and the states of the step before in, results and new states out.

What a convolution, or a running mean, needs of the past becomes a state: the last positions of its input. A whole
signal begins with zeros there, and so does a stream: step by step the outputs are those of the whole signal.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.errors import CheckFailed, DataError, UsageError, mismatch

from .emit import emit, layer_name
from .folding import fold
from .ir import Graph, Op
from .targets import specialise
from .twin import PARITY
from .walk import trace

#: Primitives whose outputs depend on how long the whole signal is.
_OF_WHOLE_MAPS = frozenset({"mean", "upsample", "crop", "transpose"})
#: Tracing takes as long as some dozens of eager steps.
_MANY_STEPS = 64


@dataclasses.dataclass(frozen=True, eq=False)
class StreamTwin:
    """One step of a model for one target.

    ``model`` takes [frames, state, state ...] and returns [results, state, state ...]; ``frames`` is the number of
    frames of a step. A model with one answer for a whole signal (class probabilities) gives at every step the answer
    for the signal so far.
    """

    model: tf_keras.Model
    graph: Graph
    target: str
    frames: int
    parity: float | None = None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the inputs that are states, in their order."""
        return tuple(layer_name(state) for state, _ in self.graph.states)

    def first_states(self, n: int = 1) -> list[np.ndarray]:
        """States of ``n`` streams before their first step: nothing was heard yet."""
        return [np.zeros((n, *state.shape), np.float32) for state, _ in self.graph.states]

    def steps(self, x: np.ndarray):
        """(inputs, outputs) of every step over signals [shape=(n, length, channels)]; inputs and outputs are lists."""
        x = np.asarray(x, np.float32)
        if x.ndim != 3 or x.shape[1] % self.frames or not x.shape[1]:
            raise DataError(mismatch("stream", f"(n, a multiple of {self.frames} frames, channels)", x.shape))
        states = self.first_states(len(x))
        call = self._call(x.shape[1] // self.frames)
        for start in range(0, x.shape[1], self.frames):
            inputs = [x[:, start : start + self.frames].reshape(-1, *self.graph.input.shape), *states]
            outputs = [np.asarray(y) for y in call(inputs)]
            yield inputs, outputs
            states = outputs[1:]

    def _call(self, steps: int) -> Callable:
        """The model as a function; compiled, where that takes less time than so many eager steps."""

        def eager(inputs: list[np.ndarray]) -> list[tf.Tensor]:
            return self.model(inputs, training=False)

        return tf.function(eager) if steps > _MANY_STEPS else eager

    @property
    def answers_once(self) -> bool:
        """Whether the model has one answer for a whole signal, not one a position."""
        return len(self.graph.output_shape) == 1

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Results for whole signals, computed step by step [shape=(n, length, channels), or (n, classes)]."""
        found = [outputs[0] for _, outputs in self.steps(x)]
        return found[-1] if self.answers_once else np.concatenate(found, axis=1)

    def step_inputs(self, x: np.ndarray) -> list[np.ndarray]:
        """What the model is given over signals, all steps of all signals behind each other, an array an input."""
        collected = [inputs for inputs, _ in self.steps(x)]
        return [np.concatenate(parts) for parts in zip(*collected, strict=True)]


def lower_stream(
    model: keras.Model, target: str = "litert", frames: int = 1, examples: np.ndarray | None = None
) -> StreamTwin:
    """Lower a causal model of signals to one step, and prove on examples that the steps make the whole.

    Parameters
    ----------
    model : keras.Model
        (batch, length, channels) -> (batch, length, channels), its length unknown or not; causal convolutions, causal
        residual units, pointwise layers. Or -> (batch, classes), by a ``RunningMean`` of the last positions; and with
        strides that divide the step.
    target : {"litert", "tflm", "ethos-u"}
    frames : int
        Frames of a step.
    examples : np.ndarray [shape=(n, length, channels)]
        ``length`` is a multiple of ``frames``.

    Raises
    ------
    UsageError
        If a layer looks ahead (padding other than causal, a mean over all positions), if its strides do not divide the
        step, or if it cannot be lowered.
    CheckFailed
        If step by step the outputs differ from the model's by more than 1e-5 (relative to outputs above 1).
    """
    if frames < 1:
        raise UsageError(mismatch("frames of a step", "at least 1", frames))
    graph = trace(model, frames=frames)
    for op in graph.ops():
        if _needs_more(op):
            raise UsageError(
                f"{op.name}: cannot be computed step by step: {op.kind} over other positions than the last ones; use "
                "causal padding, strides that divide the step and a shrinkage with a window"
            )
    fold(graph)
    specialise(graph, target)
    twin = StreamTwin(emit(graph, f"{model.name}_step"), graph, target, frames)
    if examples is None:
        return twin
    expected = keras.ops.convert_to_numpy(model(np.asarray(examples, np.float32), training=False))
    found = twin.predict(examples).reshape(expected.shape)
    difference = float(np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected))))
    if not difference <= PARITY:
        raise CheckFailed(mismatch(f"{model.name}, step by step", f"within {PARITY:g} of the whole signal", difference))
    return dataclasses.replace(twin, parity=difference)


def _needs_more(op: Op) -> bool:
    """Whether a step cannot compute a primitive by itself: it looks ahead, or leaves positions out."""
    if op.kind in _OF_WHOLE_MAPS:
        return True
    if op.kind == "reshape":
        to, rows = op.options.get("to", op.shape), op.inputs[0].shape[0]
        # An answer may be a vector.
        return to[0] != rows and not rows == len(to) == 1
    size = op.weights["kernel"].shape if "kernel" in op.weights else op.options.get("size", (1,))
    ahead = op.options.get("padding") == "same" and size[0] > 1
    strides = op.options.get("strides")
    return (
        ahead
        # Every new position takes part in the positions that come out, and as many as there are to be.
        or (strides is not None and op.shape[0] * strides[0] != _new_rows(op.inputs[0]))
        or (op.kind == "pad" and op.options["rows"] != (0, 0))
    )


def _new_rows(op: Op) -> int:
    """Positions that a step adds to a map: of one joined to its past, those behind the past."""
    return op.inputs[1].shape[0] if op.kind == "join" else op.shape[0]

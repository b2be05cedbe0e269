"""From a Keras model to primitives: every layer in turn, by its rule."""

from __future__ import annotations

import keras

from drsn_keras.errors import UsageError, mismatch

from . import denoiser_rules, drsn_rules, keras_rules, peer_rules, prior_rules  # noqa: F401  (they register their rules)
from .builder import Builder
from .ir import Graph, Op
from .registry import lower_layer, lowers


def trace(model: keras.Model, until: str | None = None, frames: int | None = None) -> Graph:
    """Lower a model with one input and one output to primitives, nothing folded yet.

    Parameters
    ----------
    frames : int, optional
        A causal model of signals becomes the graph of one step of so many frames, with states.
    until : str, optional
        Name of a primitive, such as ``unit1/shrinkage/tau``: the graph ends there, as a vector: its mean over time.

    Raises
    ------
    UsageError
        If the model is not functional, its input has an unknown axis, or a layer has no rule.
    """
    if not hasattr(model, "inputs") or not model.inputs:
        raise UsageError(mismatch(f"model {model.name}", "a functional or built sequential model", "a subclassed one"))
    for what, tensors in (("input", model.inputs), ("output", model.outputs)):
        if len(tensors) != 1:
            raise UsageError(mismatch(f"model {model.name}", f"one {what}", f"{len(tensors)}"))
    shape = tuple(model.inputs[0].shape[1:])
    if frames is not None:
        shape = (frames, *shape[1:])
    if None in shape or not 1 <= len(shape) <= 3:
        raise UsageError(mismatch(f"model {model.name}, input", "a known shape of 1 to 3 axes", shape))
    to = Builder(streaming=frames is not None)
    start = to.input(shape)
    output = _functional(model, to, start)
    output_shape = tuple(model.outputs[0].shape[1:])
    if frames is not None and len(output_shape) > 1:
        output_shape = (output.shape[0], *output_shape[1:])
    graph = Graph(start, output, output_shape, tuple(to.states), frozenset(to.in_float))
    if until is not None:
        end = next((op for op in graph.ops() if op.name == until), None)
        if end is None:
            raise UsageError(mismatch(f"model {model.name}", f"a primitive {until}", "none of that name"))
        if end.shape[:2] != (1, 1):
            end = Op("mean", f"{until}/mean", (end,), (1, 1, end.shape[2]))
        graph = Graph(start, end, end.shape[2:], in_float=graph.in_float)
    _shape_output(graph)
    return graph


def _shape_output(graph: Graph) -> None:
    """Give the output the Keras model's axes; in front of a softmax, which would split a delegate's partition."""
    out = graph.output
    if graph.output_shape == out.shape:
        return
    softmax = out.kind == "softmax"
    x = out.inputs[0] if softmax else out
    reshaped = Op("reshape", "output", (x,), x.shape, options={"to": graph.output_shape})
    if softmax:
        out.inputs = (reshaped,)
    else:
        graph.output = reshaped


@lowers(keras.Model)
def _functional(model: keras.Model, to: Builder, x: Op) -> Op:
    """A model, also one inside another."""
    done: dict[int, Op] = {id(model.inputs[0]): x}
    todo = [model.outputs[0]]
    while todo:
        tensor = todo[-1]
        if id(tensor) in done:
            todo.pop()
            continue
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        missing = [one for one in node.input_tensors if id(one) not in done]
        if missing:
            todo.extend(missing)
            continue
        done[id(tensor)] = lower_layer(history.operation, to, *(done[id(one)] for one in node.input_tensors))
        todo.pop()
    return done[id(model.outputs[0])]

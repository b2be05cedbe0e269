"""How far a convolutional network looks."""

from __future__ import annotations

import keras

L = keras.layers
#: A position of their result depends on that position of their inputs alone (at inference).
_POSITION_WISE = (
    *(L.BatchNormalization, L.ReLU, L.LeakyReLU, L.Activation, L.Dropout, L.Identity),
    *(L.Add, L.Subtract, L.Multiply, L.Maximum, L.Minimum, L.Average, L.Concatenate),
)


def receptive_field(model: keras.Model) -> tuple[int, ...]:
    """Input positions along each axis that one output position depends on.

    Parameters
    ----------
    model : keras.Model
        Functional, of convolutions and layers that work position by position.

    Returns
    -------
    tuple of int
        (samples,) for signals, (rows, columns) for images.

    Raises
    ------
    ValueError
        Naming a layer that is neither: a mean over the whole input, for example, has no such window.

    Examples
    --------
    >>> from drsn_keras.models import dncnn
    >>> receptive_field(dncnn((None, 1), depth=17, rank=1)), receptive_field(dncnn((None, None, 1), depth=17))
    ((35,), (35, 35))
    """
    rank = len(model.inputs[0].shape) - 2
    # Of every tensor, along each axis: positions of the input that it sees, and their distance from one to the next.
    seen = {id(tensor): [(1, 1)] * rank for tensor in model.inputs}
    todo = list(model.outputs)
    while todo:
        tensor = todo[-1]
        history = tensor._keras_history
        node = history.operation._inbound_nodes[history.node_index]
        missing = [one for one in node.input_tensors if id(one) not in seen]
        if id(tensor) not in seen and missing:
            todo.extend(missing)
            continue
        if id(tensor) not in seen:
            seen[id(tensor)] = _through(history.operation, [seen[id(one)] for one in node.input_tensors])
        todo.pop()
    return tuple(field for field, _ in seen[id(model.outputs[0])])


def _through(layer: keras.layers.Layer, inputs: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """(Field, distance) along each axis behind a layer."""
    if isinstance(layer, L.Conv1D | L.Conv2D | L.DepthwiseConv1D | L.DepthwiseConv2D):
        sizes = zip(inputs[0], layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
        return [(field + (k - 1) * d * jump, jump * s) for (field, jump), k, s, d in sizes]
    if not isinstance(layer, _POSITION_WISE):
        raise ValueError(
            f"{layer.name}: expected convolutions and layers that work position by position, got {type(layer).__name__}"
        )
    return [max(axis) for axis in zip(*inputs, strict=True)]

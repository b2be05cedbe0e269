"""What a model costs: parameters and multiply-accumulate operations."""

from __future__ import annotations

import math
from collections import Counter

import keras

#: Names under which Keras keeps the kernels of dense, plain, depthwise and separable convolution layers.
_KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")


def count_parameters(model: keras.Model) -> int:
    """Trainable parameters (batch normalisation's moving statistics are not among them)."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def leaf_layers(layer: keras.layers.Layer):
    """All layers that hold no others, depth first."""
    children = list(layer._flatten_layers(include_self=False, recursive=False))
    if not children:
        yield layer
    for child in children:
        yield from leaf_layers(child)


def count_macs(model: keras.Model) -> int:
    """Multiply-accumulates of one evaluation: convolutions and fully connected layers, without elementwise work.

    Raises
    ------
    ValueError
        If a layer has not been built, or its input has an unknown length.
    """
    # A layer that is called several times works several times.
    nodes = (node for depth in getattr(model, "_nodes_by_depth", {}).values() for node in depth)
    calls = Counter(id(node.operation) for node in nodes)
    return sum(max(1, calls[id(layer)]) * _macs(layer) for layer in model.layers)


def _macs(layer: keras.layers.Layer) -> int:
    if isinstance(layer, keras.Model):
        return count_macs(layer)
    return sum(_layer_macs(leaf) for leaf in leaf_layers(layer))


def _layer_macs(layer: keras.layers.Layer) -> int:
    kernels = [getattr(layer, name) for name in _KERNELS if getattr(layer, name, None) is not None]
    if not kernels:
        return 0
    input_shape = (layer.get_build_config() or {}).get("input_shape")
    if input_shape is None or None in input_shape[1:]:
        raise ValueError(f"{layer.path}: expected a built layer of known input shape, got {input_shape}")
    positions = math.prod(layer.compute_output_shape(tuple(input_shape))[1:-1])
    return positions * sum(math.prod(kernel.shape) for kernel in kernels)

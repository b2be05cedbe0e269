"""A lowered twin to a flatbuffer by a recipe: which quantiser, with which ranges."""

from __future__ import annotations

import numpy as np
import tf_keras

from drsn_keras.errors import CheckFailed, UsageError, mismatch

from .inspection.flatbuffer import read_file
from .lowering import StreamTwin, Twin
from .lowering.emit import layer_name
from .quantization.fake_quantized import with_ranges
from .quantization.ranges import measure_ranges
from .recipe import INTEGER_SCHEMES, Recipe
from .tflite import to_tflite


def quantize(twin: Twin | StreamTwin, recipe: Recipe, inputs: np.ndarray, tuned: tf_keras.Model | None = None) -> bytes:
    """Convert a twin.

    Operations that have no good integer form (``Graph.floats``) stay in float in an ``int8`` graph for ``litert``.

    Parameters
    ----------
    twin : Twin
    recipe : Recipe
    inputs : np.ndarray [shape=(n, ...)]
        Calibration inputs, in the Keras model's shape.
    tuned : tf_keras.Model, optional
        What fine-tuning made of the twin's model; it is converted instead.

    Returns
    -------
    bytes

    Raises
    ------
    UsageError
        If a layer to keep does not exist, or an operation has no integer form and may not stay in float.
    CheckFailed
        If an integer graph holds a float tensor.
    """
    floats = twin.graph.floats()
    if floats and recipe.scheme in INTEGER_SCHEMES and (recipe.scheme != "int8" or recipe.target != "litert"):
        expected = "--scheme float32, or int8 with --target litert, where it stays in float"
        raise UsageError(
            mismatch(f"{floats[0].name}, which has no integer form", expected, f"{recipe.scheme} for {recipe.target}")
        )
    content = _convert(twin.model if tuned is None else tuned, recipe, inputs, [layer_name(op) for op in floats])
    if recipe.all_integer and not floats and (found := read_file(content).float_tensors):
        raise CheckFailed(f"{recipe.scheme} graph: expected no float tensor, got {len(found)}, the first: {found[0]}")
    return content


def float_layers(twin: Twin | StreamTwin, recipe: Recipe) -> dict[str, list[str]]:
    """For a card: ``in_float``, the model's layers of which something stays in float in an integer graph, if any."""
    layers = dict.fromkeys(op.name.split("/")[0] for op in twin.graph.floats())
    return {"in_float": list(layers)} if layers and recipe.scheme in INTEGER_SCHEMES else {}


def _convert(model: tf_keras.Model, recipe: Recipe, inputs: np.ndarray, in_float: list[str]) -> bytes:
    if recipe.scheme == "int8-qat":
        return to_tflite(model, "int8")
    if recipe.scheme == "int8":
        # Our own ranges, even for min-max: the converter gives a tensor that never left zero a scale of 1e-8, with
        # which XNNPACK cannot start, and clips where kernels need one scale for several tensors.
        ranges = measure_ranges(model, inputs, recipe.ranges)
        if recipe.keep or in_float:
            from .quantization.mixed import quantize_mixed

            return quantize_mixed(model, inputs, recipe.keep, ranges, in_float)
        return to_tflite(with_ranges(model, ranges), "int8")
    return to_tflite(model, recipe.scheme, inputs)

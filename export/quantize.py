"""A lowered twin to a flatbuffer by a recipe: which quantiser, with which ranges."""

from __future__ import annotations

import numpy as np
import tf_keras

from drsn_keras.errors import CheckFailed

from .inspection.flatbuffer import read_file
from .lowering import Twin
from .quantization.fake_quantized import with_ranges
from .quantization.ranges import measure_ranges
from .recipe import Recipe
from .tflite import to_tflite


def quantize(twin: Twin, recipe: Recipe, inputs: np.ndarray, tuned: tf_keras.Model | None = None) -> bytes:
    """Convert a twin.

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
        If a layer to keep does not exist.
    CheckFailed
        If an integer graph holds a float tensor.
    """
    content = _convert(twin.model if tuned is None else tuned, recipe, inputs)
    if recipe.all_integer and (found := read_file(content).float_tensors):
        raise CheckFailed(f"{recipe.scheme} graph: expected no float tensor, got {len(found)}, the first: {found[0]}")
    return content


def _convert(model: tf_keras.Model, recipe: Recipe, inputs: np.ndarray) -> bytes:
    if recipe.scheme == "int8-qat":
        return to_tflite(model, "int8")
    if recipe.scheme == "int8":
        # Our own ranges, even for min-max: the converter gives a tensor that never left zero a scale of 1e-8, with
        # which XNNPACK cannot start, and clips where kernels need one scale for several tensors.
        ranges = measure_ranges(model, inputs, recipe.ranges)
        if recipe.keep:
            from .quantization.mixed import quantize_mixed

            return quantize_mixed(model, inputs, recipe.keep, ranges)
        return to_tflite(with_ranges(model, ranges), "int8")
    return to_tflite(model, recipe.scheme, inputs)

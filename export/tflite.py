"""The lowered twin to a TFLite flatbuffer, by the scheme's settings of TensorFlow's converter."""

from __future__ import annotations

import warnings

import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.training.quiet import native_stderr_aside

from .ends_in_order import ends_in_order

#: What TensorFlow's converter does by itself.
PLAIN_SCHEMES = ("float32", "float16", "dynamic", "int8", "int16x8")
_INTEGERS = {
    "int8": (tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.int8),
    "int16x8": (tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, tf.int16),
}


def to_tflite(model: tf_keras.Model, scheme: str, calibration: np.ndarray | None = None) -> bytes:
    """Convert a tf_keras model for a batch of one.

    Parameters
    ----------
    model : tf_keras.Model
        Inputs of known shape; with several, the file's are in the same order, and so are its outputs. Where it holds
        fake quantisation, scheme ``int8`` takes the ranges from there and needs no calibration.
    scheme : {"float32", "float16", "dynamic", "int8", "int16x8"}
        ``float16`` stores weights in half precision; ``dynamic`` stores int8 weights and computes in float; ``int8``
        and ``int16x8`` (activations in int16, weights in int8) compute in integers, input and output included.
    calibration : np.ndarray [shape=(n, ...)]
        Inputs that activation ranges are measured on (least and largest value); for a model of one input.

    Returns
    -------
    bytes
    """
    if scheme not in PLAIN_SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(PLAIN_SCHEMES)}, got {scheme!r}")
    shapes = [(1, *tensor.shape[1:]) for tensor in model.inputs]
    one = len(shapes) == 1
    names = ["input"] if one else [f"input_{i:03d}" for i in range(len(shapes))]
    serve = tf.function(
        lambda *x: model(x[0] if one else list(x), training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32, name=n) for shape, n in zip(shapes, names, strict=True)],
    )
    # The converter saves what it is given to track: a module of the bare weights, as saving the model would trace every
    # layer once more (two thirds of the time).
    weights = tf.Module()
    weights.variables_of_model = model.variables
    converter = tf.lite.TFLiteConverter.from_concrete_functions([serve.get_concrete_function()], weights)
    if scheme != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if scheme in _INTEGERS:
        operators, dtype = _INTEGERS[scheme]
        converter.inference_input_type = converter.inference_output_type = dtype
        # Without calibration the ranges are the model's own. The converter then refuses to be told "integers only"
        # (a check of its usage statistics, which does not look for fake quantisation): the caller checks the result.
        if calibration is not None:
            converter.target_spec.supported_ops = [operators]
            inputs = np.asarray(calibration, np.float32).reshape(-1, *shapes[0])
            converter.representative_dataset = lambda: ([x] for x in inputs)
    with native_stderr_aside(), warnings.catch_warnings():
        # The statistics come from the calibration inputs; the converter asks for others all the same.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
        content = converter.convert()
    return content if one else ends_in_order(content)

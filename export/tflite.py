"""The lowered twin to a TFLite flatbuffer, by the scheme's settings of TensorFlow's converter."""

from __future__ import annotations

import warnings

import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.training.quiet import native_stderr_aside

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
        One input of known shape. Where it holds fake quantisation, scheme ``int8`` takes the ranges from there and
        needs no calibration.
    scheme : {"float32", "float16", "dynamic", "int8", "int16x8"}
        ``float16`` stores weights in half precision; ``dynamic`` stores int8 weights and computes in float; ``int8``
        and ``int16x8`` (activations in int16, weights in int8) compute in integers, input and output included.
    calibration : np.ndarray [shape=(n, ...)]
        Inputs that activation ranges are measured on (least and largest value).

    Returns
    -------
    bytes
    """
    if scheme not in PLAIN_SCHEMES:
        raise ValueError(f"scheme: expected one of {', '.join(PLAIN_SCHEMES)}, got {scheme!r}")
    shape = (1, *model.input_shape[1:])
    serve = tf.function(
        lambda x: model(x, training=False), input_signature=[tf.TensorSpec(shape, tf.float32, name="input")]
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
            inputs = np.asarray(calibration, np.float32).reshape(-1, *shape)
            converter.representative_dataset = lambda: ([x] for x in inputs)
    with native_stderr_aside(), warnings.catch_warnings():
        # The statistics come from the calibration inputs; the converter asks for others all the same.
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
        return converter.convert()

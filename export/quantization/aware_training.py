"""Quantisation-aware training: a twin learns with its int8 rounding in the loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from drsn_keras.training.open_run import OpenRun

from ..lowering import Twin
from .fake_quantized import rebuilt, settle_ranges
from .fine_tuning import fine_tune_on_run, tfmot
from .ranges import Range, measure_ranges

_qat = tfmot.quantization.keras
_CONV, _DEPTHWISE = "kernel", "depthwise_kernel"
_KERNELS = {"Conv2D": _CONV, "DepthwiseConv2D": _DEPTHWISE}
#: Nothing is rounded behind these: TFLite's kernels fix the range of the first three, and a probability that was
#: rounded to 0 has no logarithm; a reshaped map is rounded already.
_UNROUNDED = ("sigmoid", "softmax", "tanh", "reshape")
#: An output that never left zero would get a scale of 0.
_NARROWEST = 1e-3
LEARNING_RATE = 3e-4


class OutputRange(_qat.quantizers.Quantizer):
    """Eight bits over a range that stays as it was measured.

    Parameters
    ----------
    low, high : float
        Widened to hold 0.
    """

    def __init__(self, low: float, high: float) -> None:
        self.low = min(float(low), 0.0)
        self.high = max(float(high), 0.0, self.low + _NARROWEST)

    def build(self, tensor_shape, name: str, layer: tf_keras.layers.Layer) -> dict[str, tf.Variable]:
        return {
            end: layer.add_weight(f"{name}_{end}", initializer=tf_keras.initializers.Constant(value), trainable=False)
            for end, value in self.get_config().items()
        }

    def __call__(self, inputs, training, weights, **_):
        return tf.quantization.fake_quant_with_min_max_vars(inputs, weights["low"], weights["high"])

    def get_config(self) -> dict[str, float]:
        return {"low": self.low, "high": self.high}


class KernelRange(_qat.quantizers.Quantizer):
    """Eight bits a channel, symmetric, over the largest magnitude that the channel has at the time.

    Parameters
    ----------
    depthwise : bool
        The kernel is (height, width, channels, 1), not (height, width, in, channels).
    """

    def __init__(self, depthwise: bool) -> None:
        self.depthwise = depthwise

    def build(self, tensor_shape, name: str, layer: tf_keras.layers.Layer) -> dict[str, tf.Variable]:
        return {}

    def __call__(self, inputs, training, weights, **_):
        height, width, channels, _one = inputs.shape
        kernel = tf.reshape(inputs, (height, width, 1, channels)) if self.depthwise else inputs
        largest = tf.stop_gradient(tf.reduce_max(tf.abs(kernel), (0, 1, 2)))
        largest = tf.where(largest > 0.0, largest, 1.0)
        rounded = tf.quantization.fake_quant_with_min_max_vars_per_channel(kernel, -largest, largest, narrow_range=True)
        return tf.reshape(rounded, inputs.shape)

    def get_config(self) -> dict[str, Any]:
        return {"depthwise": self.depthwise}


class TwinQuantizeConfig(_qat.QuantizeConfig):
    """What is rounded in one layer of a twin.

    Parameters
    ----------
    kernel : str or None
        Attribute that holds the kernel.
    output : (low, high) or None
        Range of the result, behind its activation.
    """

    def __init__(self, kernel: str | None, output: Range | None) -> None:
        self.kernel = kernel
        self.output = output

    def get_weights_and_quantizers(self, layer) -> list:
        return [(getattr(layer, self.kernel), KernelRange(self.kernel == _DEPTHWISE))] if self.kernel else []

    def set_quantize_weights(self, layer, quantize_weights) -> None:
        if self.kernel:
            setattr(layer, self.kernel, quantize_weights[0])

    def get_activations_and_quantizers(self, layer) -> list:
        return []

    def set_quantize_activations(self, layer, quantize_activations) -> None:
        """Results are rounded behind the activation: there is nothing to set."""

    def get_output_quantizers(self, layer) -> list:
        return [OutputRange(*self.output)] if self.output else []

    def get_config(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "output": self.output}


class _AsLowered(_qat.QuantizeLayoutTransform):
    """Lowering has fused whatever the integer kernels fuse."""

    def apply(self, model, layer_quantize_map):
        return model, layer_quantize_map


class _Scheme(_qat.default_8bit.Default8BitQuantizeScheme):
    def get_layout_transformer(self) -> _AsLowered:
        return _AsLowered()


def quantization_aware(model: tf_keras.Model, calibration: np.ndarray) -> tf_keras.Model:
    """Copy a twin with int8 rounding in its graph, ready for training.

    Kernels are rounded per channel and symmetric, over their range at the time; the input and every result per tensor,
    over the range with the least squared error on the calibration inputs, which stays. ``to_tflite(copy, "int8")``
    gives the same operators as quantisation after training.

    Parameters
    ----------
    model : tf_keras.Model
        A twin (``Twin.model``), or what pruning made of it.
    calibration : np.ndarray [shape=(n, ...)]
        Inputs that ranges of activations are measured on.

    Returns
    -------
    tf_keras.Model
        Layers keep their names. The given model is not changed.

    References
    ----------
    B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
    CVPR 2018, doi:10.1109/CVPR.2018.00286.
    """
    ranges = settle_ranges(model, measure_ranges(model, calibration, "mse"))

    def annotated(layer: tf_keras.layers.Layer) -> tf_keras.layers.Layer:
        output = None if getattr(layer, "kind", None) in _UNROUNDED else ranges[layer.name]
        return _qat.quantize_annotate_layer(layer, TwinQuantizeConfig(_KERNELS.get(type(layer).__name__), output))

    with _qat.quantize_scope({one.__name__: one for one in (OutputRange, KernelRange, TwinQuantizeConfig)}):
        whole = rebuilt(model, {model.input_names[0]: ranges[model.input_names[0]]}, annotated)
        return _qat.quantize_apply(whole, _Scheme(), quantized_layer_name_prefix="")


def train_aware(run: OpenRun, twin: Twin, calibration: np.ndarray, *, epochs: int = 6, seed: int = 0) -> tf_keras.Model:
    """Fine-tune a twin with its int8 rounding in the loop.

    Parameters
    ----------
    run : OpenRun
        The run that the twin was lowered from: its training clips, its noise, and its Keras model as the teacher.
    twin : Twin
    calibration : np.ndarray [shape=(n, frames, channels)]
    epochs : int
        Times that every training clip is seen.
    seed : int
        Of the augmentation.

    Returns
    -------
    tf_keras.Model
        For ``to_tflite(model, "int8")``.

    Raises
    ------
    UsageError
        If there is not one epoch at least.
    """
    return fine_tune_on_run(
        run,
        lambda _: quantization_aware(twin.model, calibration),
        epochs=epochs,
        learning_rate=LEARNING_RATE,
        seed=seed,
    )

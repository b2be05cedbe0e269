"""Functions of one int8 value as 256 entries, in the order of the value's byte: 0 to 127, then -128 to -1."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from ..inspection.flatbuffer import Operator, Tensor
from .arithmetic import INT8_MAX, INT8_MIN, Scale, activation_range, clamp, quantize_multiplier, rounding_shift
from .gemmlowp import logistic, tanh

#: All int8 values in the order of their bytes.
BYTES = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.int64)
#: Of the input of logistic function and tanh, the reference's choice.
_INTEGER_BITS = 4


def _end(tensor: Tensor) -> tuple[float, int]:
    return float(tensor.scales[0]), int(tensor.zero_points[0])


def abs_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """ABS."""
    (x_scale, x_zero), (y_scale, y_zero) = _end(x), _end(y)
    values = np.abs(BYTES - x_zero)
    if x.scales[0] != y.scales[0]:
        values = quantize_multiplier(x_scale / y_scale).rescale(values)
    return clamp(values + y_zero)


def leaky_relu_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """LEAKY_RELU with any slope (alpha), -1 included."""
    # The reference computes these two factors in float32.
    values = BYTES - int(x.zero_points[0])
    y_zero = int(y.zero_points[0])
    identity = quantize_multiplier(float(x.scales[0] / y.scales[0])).rescale(values)
    slope = np.float32(op.options["alpha"])
    scale = quantize_multiplier(float(abs(x.scales[0] * slope / y.scales[0])))
    scale = Scale(int(math.copysign(scale.multiplier, slope)), scale.right_shift)
    return clamp(np.where(values >= 0, identity, scale.rescale(values)) + y_zero)


def logistic_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """LOGISTIC onto the fixed output scale 1/256, zero point -128."""
    raw, inside, values = _on_four_bits(logistic, x)
    found = clamp(((raw + (1 << 22)) >> 23) + INT8_MIN)
    return np.where(inside, found, np.where(values > 0, INT8_MAX, INT8_MIN))


def tanh_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """TANH onto the fixed output scale 1/128, zero point 0."""
    raw, inside, values = _on_four_bits(tanh, x)
    return np.where(inside, clamp(rounding_shift(raw, 24)), np.where(values > 0, INT8_MAX, INT8_MIN))


def _on_four_bits(function: Callable, x: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A fixed-point function of all values of x, where the result is not 1 or -1 anyhow, and the values."""
    x_scale, x_zero = _end(x)
    fraction, exponent = math.frexp(x_scale * 2 ** (31 - _INTEGER_BITS))
    scale = Scale(math.floor(fraction * 2**31 + 0.5), -exponent)
    radius = math.floor(((1 << _INTEGER_BITS) - 1) * 2.0 ** (31 - _INTEGER_BITS) / 2.0**exponent)
    values = BYTES - x_zero
    inside = np.abs(values) < radius
    return function(scale.rescale(np.where(inside, values, 0)), _INTEGER_BITS), inside, values


def relu_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """RELU as an operator of its own."""
    (x_scale, x_zero), (y_scale, y_zero) = _end(x), _end(y)
    low, high = activation_range(1, y_scale, y_zero)
    return clamp(quantize_multiplier(x_scale / y_scale).rescale(BYTES - x_zero) + y_zero, low, high)


def relu6_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """RELU6 as an operator of its own; the reference keeps the input's scale, so the output must be on it."""
    low, high = activation_range(3, *_end(y))
    return clamp(BYTES, low, high)


def quantize_table(op: Operator, x: Tensor, y: Tensor) -> np.ndarray:
    """QUANTIZE from int8 to int8."""
    (x_scale, x_zero), (y_scale, y_zero) = _end(x), _end(y)
    return clamp(quantize_multiplier(x_scale / y_scale).rescale(BYTES - x_zero) + y_zero)


TABLES = {
    "ABS": abs_table,
    "LEAKY_RELU": leaky_relu_table,
    "LOGISTIC": logistic_table,
    "QUANTIZE": quantize_table,
    "RELU": relu_table,
    "RELU6": relu6_table,
    "TANH": tanh_table,
}

"""TFLite's integer arithmetic in NumPy: what the kernels of the reference compute, value by value.

References
----------
B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR
2018 (the fixed-point factor and its rounding).
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

INT8_MIN, INT8_MAX = -128, 127
_INT32_MAX = 2**31 - 1
#: Bits by which ADD and SUB scale their operands up first.
ADD_BITS = 20


@dataclasses.dataclass(frozen=True)
class Scale:
    """A real factor as value * multiplier / 2**31 * 2**-right_shift; a negative shift is a left shift."""

    multiplier: int
    right_shift: int

    def reaches(self, value: int) -> float:
        """The real product with a value."""
        return value * self.multiplier * 2.0 ** (-31 - self.right_shift)

    def rescale(self, values: np.ndarray) -> np.ndarray:
        """Apply it to integers [any shape, int64 holding int32], rounding twice as gemmlowp does.

        Raises
        ------
        OverflowError
            If int32 does not hold them after a left shift.
        """
        values = np.asarray(values, np.int64)
        left, right = max(0, -self.right_shift), max(0, self.right_shift)
        if left and np.abs(values).max(initial=0) >= 2 ** (31 - left):
            raise OverflowError(f"values of 31 bits shifted left by {left}")
        high = ((values << left) * self.multiplier + 2**30) >> 31
        return rounding_shift(high, right)


def quantize_multiplier(real: float) -> Scale:
    """The fixed-point form of a positive factor.

    >>> quantize_multiplier(0.75)
    Scale(multiplier=1610612736, right_shift=0)
    """
    if real == 0.0:
        return Scale(0, 0)
    fraction, exponent = math.frexp(real)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, exponent = multiplier // 2, exponent + 1
    if exponent < -31:
        return Scale(0, 0)
    if exponent > 30:
        return Scale(_INT32_MAX, -30)
    return Scale(multiplier, -exponent)


def rounding_shift(values: np.ndarray, bits: int) -> np.ndarray:
    """Divide by 2**bits, halves away from zero."""
    if bits == 0:
        return values
    return (values + (1 << (bits - 1)) - (values < 0)) >> bits


def clamp(values: np.ndarray, low: int = INT8_MIN, high: int = INT8_MAX) -> np.ndarray:
    """Into the range of the output."""
    return np.clip(values, low, high)


def activation_range(activation: int, scale: float, zero: int) -> tuple[int, int]:
    """Clamp of a fused activation (0 none, 1 RELU, 2 RELU_N1_TO_1, 3 RELU6).

    Raises
    ------
    ValueError
        For another activation.
    """

    def quantized(real: float) -> int:
        ratio = float(np.float32(real) / np.float32(scale))
        return zero + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))

    limits = {0: (None, None), 1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0)}
    if activation not in limits:
        raise ValueError(f"activation {activation}")
    low, high = limits[activation]
    return (
        INT8_MIN if low is None else max(INT8_MIN, min(INT8_MAX, quantized(low))),
        INT8_MAX if high is None else min(INT8_MAX, max(INT8_MIN, quantized(high))),
    )


@dataclasses.dataclass(frozen=True)
class AddScales:
    """How ADD and SUB bring both operands to one scale: twice the larger one, 20 bits up."""

    a: Scale
    b: Scale
    output: Scale


def add_scales(a_scale: float, b_scale: float, output_scale: float) -> AddScales:
    """Constants of ADD and SUB from the tensors' scales."""
    twice_max = 2.0 * max(float(a_scale), float(b_scale))
    return AddScales(
        quantize_multiplier(float(a_scale) / twice_max),
        quantize_multiplier(float(b_scale) / twice_max),
        quantize_multiplier(twice_max / ((1 << ADD_BITS) * float(output_scale))),
    )


def add_reference(scales: AddScales, a: np.ndarray, b: np.ndarray, negative: bool) -> np.ndarray:
    """ADD (or SUB) of operands without their zero points; the output's zero point and clamp not yet applied."""
    left = scales.a.rescale(np.asarray(a, np.int64) << ADD_BITS)
    right = scales.b.rescale(np.asarray(b, np.int64) << ADD_BITS)
    return scales.output.rescale(left - right if negative else left + right)


def mean_scale(input_scale: float, output_scale: float, count: int) -> Scale:
    """Factor of MEAN with the division by ``count`` in it, as many bits kept as the multiplier holds."""
    scale = quantize_multiplier(float(input_scale) / float(output_scale))
    bits = min(count.bit_length() - 1, 32, 31 - scale.right_shift)
    return Scale((scale.multiplier << bits) // count, scale.right_shift + bits)

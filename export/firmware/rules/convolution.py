"""CONV_2D, FULLY_CONNECTED and DEPTHWISE_CONV_2D."""

from __future__ import annotations

import numpy as np

from ...inspection.flatbuffer import Operator, Tensor
from ..arithmetic import Scale, activation_range, clamp, quantize_multiplier
from ..linear_form import find_affine
from ..step import Step
from .geometry import Geometry, window
from .registry import Scope, ends, generates, stored

#: Accumulators of the kernels' short form stay below this: it doubles them.
_LIMIT = 2**30
#: The scale of a channel that is always 0.
_NOTHING = Scale(0, 1)
_VALUES = np.arange(-128, 128, dtype=np.int64)
#: Zero bytes behind weights, which vector loads may touch.
_BEHIND_CONV, _BEHIND_DEPTHWISE = 32, 16


@generates("CONV_2D", fewest=2, most=3)
def convolution(scope: Scope, op: Operator) -> Step:
    """Windows of all input channels."""
    x, weights = scope.tensor(op.inputs[0]), _weights(scope, op)
    scope.expect(len(weights.shape) == 4, op, "kernels of 4 axes", weights.shape)
    outputs, height, width, channels = weights.shape
    scope.expect(len(x.shape) == 4 and x.shape[3] == channels, op, f"{channels} input channels", x.shape)
    dilation = int(op.options.get("dilationHFactor", 1)), int(op.options.get("dilationWFactor", 1))
    geometry = window(scope, op, (height, width), outputs, dilation)
    return _dense(scope, op, geometry, _real_scales(scope, op, weights, outputs, 0))


@generates("FULLY_CONNECTED", fewest=2, most=3)
def fully_connected(scope: Scope, op: Operator) -> Step:
    """Each row of inputs as a pixel of a 1 x 1 convolution."""
    x, y, weights = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), _weights(scope, op)
    scope.expect(len(weights.shape) == 2, op, "weights of 2 axes", weights.shape)
    scope.expect(int(op.options.get("weightsFormat", 0)) == 0, op, "weights in the default format", "shuffled ones")
    outputs, inputs = weights.shape
    rows = x.elements // inputs
    scope.expect(rows * inputs == x.elements and rows <= 65_535, op, f"rows of {inputs} inputs", x.shape)
    scope.expect(y.elements == rows * outputs, op, f"{rows * outputs} outputs", y.shape)
    geometry = Geometry(rows, 1, inputs, rows, 1, outputs, 1, 1)
    if weights.scales.size > 1:
        return _dense(scope, op, geometry, _real_scales(scope, op, weights, outputs, 0))
    # The reference multiplies the two scales in float32 here, unlike in a convolution.
    product = float(x.scales[0] * weights.scales[0])
    return _dense(scope, op, geometry, np.full(outputs, product / float(y.scales[0])))


@generates("DEPTHWISE_CONV_2D", fewest=2, most=3)
def depthwise(scope: Scope, op: Operator) -> Step:
    """Windows of one channel each."""
    x, y, weights = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), _weights(scope, op)
    scope.expect(len(weights.shape) == 4 and weights.shape[0] == 1, op, "kernels (1, rows, columns, n)", weights.shape)
    _, height, width, outputs = weights.shape
    channels = x.shape[-1]
    multiplier = outputs // channels
    scope.expect(multiplier * channels == outputs and multiplier <= 255, op, "whole channels", weights.shape)
    dilation = int(op.options.get("dilationHFactor", 1)), int(op.options.get("dilationWFactor", 1))
    geometry = window(scope, op, (height, width), outputs, dilation)
    scales = [quantize_multiplier(s) for s in _real_scales(scope, op, weights, outputs, 3)]
    kernel = stored(weights).reshape(height * width, outputs)
    bias = _bias(scope, op, outputs)
    scales, unusual = _checked(scope, op, np.abs(bias) + 255 * np.abs(kernel).sum(axis=0), scales)
    if height == width == multiplier == 1 and geometry.stride_height == geometry.stride_width == 1:
        step = _affine(scope, op, geometry, kernel[0], bias, scales)
        if step is not None:
            return step
    low, high = fused_range(scope, op, y)
    name = scope.constants.struct(
        "drsn_depthwise",
        geometry=geometry.initialiser(),
        weights=scope.constants.array("int8_t", [*kernel.reshape(-1), *[0] * _BEHIND_DEPTHWISE]),
        bias=scope.constants.array("int32_t", bias),
        scales=_scales(scope, scales),
        input_zero=ends(x)[1],
        output_zero=ends(y)[1],
        low=low,
        high=high,
        any_scale=unusual,
        depth_multiplier=multiplier,
    )
    return Step(
        y.name,
        (op.index,),
        "drsn_depthwise_s8",
        "depthwise_s8.c",
        f"drsn_depthwise_s8(&{name}, {{0}}, {{out}});",
        (op.inputs[0],),
        op.outputs[0],
        slides={op.inputs[0]: geometry.slide(multiplier)},
        macs=geometry.pixels * height * width * outputs,
    )


def _dense(scope: Scope, op: Operator, geometry: Geometry, real: np.ndarray) -> Step:
    x, y, weights = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0]), scope.tensor(op.inputs[1])
    outputs, taps = geometry.out_channels, geometry.taps
    kernel = stored(weights).reshape(outputs, taps)
    x_zero = ends(x)[1]
    bias = _bias(scope, op, outputs) - x_zero * kernel.sum(axis=1)
    scales = [quantize_multiplier(s) for s in real]
    scales, unusual = _checked(scope, op, np.abs(bias) + 128 * np.abs(kernel).sum(axis=1), scales)
    low, high = fused_range(scope, op, y)
    even = outputs + outputs % 2
    name = scope.constants.struct(
        "drsn_conv",
        geometry=geometry.initialiser(),
        weights=scope.constants.array("int8_t", packed(kernel)),
        bias=scope.constants.array("int32_t", [*bias, *[0] * (even - outputs)]),
        scales=_scales(scope, [*scales, *[_NOTHING] * (even - outputs)]),
        input_zero=x_zero,
        output_zero=ends(y)[1],
        low=low,
        high=high,
        any_scale=unusual,
    )
    return Step(
        y.name,
        (op.index,),
        "drsn_conv_s8",
        "conv_s8.c",
        f"drsn_conv_s8(&{name}, {{0}}, {{out}}, {{scratch}});",
        (op.inputs[0],),
        op.outputs[0],
        scratch=4 * (-(-taps // 16) * 16),
        slides={op.inputs[0]: geometry.slide()},
        macs=geometry.pixels * taps * outputs,
    )


def packed(kernel: np.ndarray) -> np.ndarray:
    """Weights in the order of drsn_conv: pairs of outputs, four taps of one then four of the other.

    Parameters
    ----------
    kernel : np.ndarray [shape=(outputs, taps), int]
    """
    outputs, taps = kernel.shape
    padded = np.zeros((outputs + outputs % 2, -(-taps // 4) * 4), np.int64)
    padded[:outputs, :taps] = kernel
    pairs = padded.reshape(len(padded) // 2, 2, -1, 4).transpose(0, 2, 1, 3)
    return np.concatenate([pairs.reshape(-1), np.zeros(_BEHIND_CONV, np.int64)])


def _affine(
    scope: Scope, op: Operator, geometry: Geometry, kernel: np.ndarray, bias: np.ndarray, scales: list[Scale]
) -> Step | None:
    """A 1 x 1 depthwise convolution is a line for each channel: one multiply-add where that is provably the same."""
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    (_, x_zero), (_, y_zero) = ends(x), ends(y)
    low, high = fused_range(scope, op, y)
    reference = np.stack(
        [
            clamp(s.rescale((_VALUES - x_zero) * w + b) + y_zero, low, high)
            for w, b, s in zip(kernel, bias, scales, strict=True)
        ]
    )
    slopes = np.array([w * s.multiplier * 2.0 ** (-31 - s.right_shift) for w, s in zip(kernel, scales, strict=True)])
    return affine_step(scope, op, slopes, reference, low, high, geometry.pixels)


def affine_step(
    scope: Scope, op: Operator, slopes: np.ndarray, reference: np.ndarray, low: int, high: int, positions: int
) -> Step | None:
    """A step of drsn_affine_s8 for a function of one value and the channel, or None where there is no exact form."""
    form = find_affine(slopes, reference, low, high)
    if form is None:
        return None
    name = scope.constants.struct(
        "drsn_affine",
        factor=scope.constants.array("int32_t", form.factor),
        offset=scope.constants.array("int32_t", form.offset),
        shift=form.shift,
        low=low,
        high=high,
    )
    channels = len(slopes)
    computed = next(i for i in op.inputs if scope.tensor(i).data is None)
    return Step(
        scope.tensor(op.outputs[0]).name,
        (op.index,),
        "drsn_affine_s8",
        "affine_s8.c",
        f"drsn_affine_s8(&{name}, {{0}}, {{out}}, {positions}u, {channels}u);",
        (computed,),
        op.outputs[0],
        in_place={computed: 0},
        macs=positions * channels,
    )


def _weights(scope: Scope, op: Operator) -> Tensor:
    weights = scope.tensor(op.inputs[1])
    scope.expect(weights.data is not None and weights.dtype == "int8", op, "constant int8 weights", weights.dtype)
    scope.expect(not np.any(weights.zero_points), op, "symmetric weights (zero point 0)", "another zero point")
    return weights


def _bias(scope: Scope, op: Operator, outputs: int) -> np.ndarray:
    if len(op.inputs) < 3:
        return np.zeros(outputs, np.int64)
    bias = scope.tensor(op.inputs[2])
    scope.expect(bias.data is not None and bias.dtype == "int32", op, "a constant int32 bias", bias.dtype)
    scope.expect(bias.elements == outputs, op, f"{outputs} biases", bias.elements)
    return stored(bias).reshape(-1)


def _real_scales(scope: Scope, op: Operator, weights: Tensor, outputs: int, axis: int) -> np.ndarray:
    """input scale * weight scale / output scale of every output channel, in float64."""
    count = weights.scales.size
    scope.expect(count in (1, outputs), op, f"1 or {outputs} weight scales", count)
    scope.expect(count == 1 or weights.axis == axis, op, f"weight scales along axis {axis}", f"axis {weights.axis}")
    x_scale, y_scale = ends(scope.tensor(op.inputs[0]))[0], ends(scope.tensor(op.outputs[0]))[0]
    return x_scale * np.broadcast_to(weights.scales.astype(np.float64), outputs) / y_scale


def _checked(scope: Scope, op: Operator, bounds: np.ndarray, scales: list[Scale]) -> tuple[list[Scale], int]:
    """Scales under which sums up to ``bounds`` cannot overflow, and 1 if the kernels' short form cannot take them.

    What rounds to 0 in any case is said to be 0.
    """
    worst = max(int(b) << max(0, -s.right_shift) for b, s in zip(bounds, scales, strict=True))
    largest = 2 * _LIMIT - 256
    scope.expect(worst < largest, op, f"sums below {largest:,}", f"weights and biases that reach {worst:,}")
    scales = [_NOTHING if s.reaches(int(b)) < 0.25 else s for b, s in zip(bounds, scales, strict=True)]
    return scales, int(worst >= _LIMIT or any(not 1 <= s.right_shift <= 22 for s in scales))


def fused_range(scope: Scope, op: Operator, y: Tensor) -> tuple[int, int]:
    """Clamp of the operator's fused activation."""
    try:
        return activation_range(int(op.options.get("fusedActivationFunction", 0)), *ends(y))
    except ValueError as error:
        raise scope.refuse(op, "no activation, RELU, RELU6 or RELU_N1_TO_1", error) from None


def _scales(scope: Scope, scales: list[Scale]) -> str:
    return scope.constants.scales([(s.multiplier, s.right_shift) for s in scales])

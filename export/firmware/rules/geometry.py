"""Windows over a map: sizes, padding, and how far output and input may overlap in memory."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ...inspection.flatbuffer import Operator
from .registry import Scope

_SAME = 0


@dataclasses.dataclass(frozen=True)
class Geometry:
    """Sizes as the kernels take them (drsn_geometry)."""

    in_height: int
    in_width: int
    in_channels: int
    out_height: int
    out_width: int
    out_channels: int
    kernel_height: int
    kernel_width: int
    stride_height: int = 1
    stride_width: int = 1
    dilation_height: int = 1
    dilation_width: int = 1
    pad_top: int = 0
    pad_left: int = 0

    def initialiser(self) -> str:
        """The C initialiser."""
        return "{" + ", ".join(f".{name} = {value}" for name, value in dataclasses.asdict(self).items()) + "}"

    @property
    def taps(self) -> int:
        """Inputs of one output value."""
        return self.kernel_height * self.kernel_width * self.in_channels

    @property
    def pixels(self) -> int:
        """Output positions."""
        return self.out_height * self.out_width

    def slide(self, depth_multiplier: int | None = None) -> int:
        """How many bytes before its input the output has to begin at least, for kernels that work pixel by pixel.

        Pixel after pixel in row-major order: what a pixel writes must not be read by a later one. A depthwise kernel
        (``depth_multiplier`` given) writes channels of a pixel while it has yet to read others: with a multiplier of 1
        a channel lands on one that was read if the output does not begin behind its input; with more, what a pixel
        writes must not be read by itself either.
        """
        top = np.maximum(0, np.arange(self.out_height) * self.stride_height - self.pad_top)
        left = np.maximum(0, np.arange(self.out_width) * self.stride_width - self.pad_left)
        first = ((top[:, None] * self.in_width + left[None, :]) * self.in_channels).reshape(-1)
        later = np.minimum.accumulate(first[::-1])[::-1]
        written = (1 + np.arange(self.pixels)) * self.out_channels
        if depth_multiplier is not None and depth_multiplier > 1:
            return int((written - later).max())
        distance = int((written[:-1] - later[1:]).max()) if self.pixels > 1 else -(2**30)
        return distance if depth_multiplier is None else max(0, distance)


def window(
    scope: Scope, op: Operator, kernel: tuple[int, int], channels: int, dilation: tuple[int, int] = (1, 1)
) -> Geometry:
    """Geometry of an operator with strides and padding; the output's shape in the file is held against it.

    Raises
    ------
    BundleError
        If they contradict each other.
    """
    x, y = scope.tensor(op.inputs[0]), scope.tensor(op.outputs[0])
    scope.expect(len(x.shape) == 4 and len(y.shape) == 4, op, "maps of 4 axes", f"{x.shape} and {y.shape}")
    strides = int(op.options.get("strideH", 0)), int(op.options.get("strideW", 0))
    scope.expect(min(strides) >= 1 and min(dilation) >= 1, op, "strides and dilations of at least 1", strides)
    scope.expect(max(*strides, *dilation, *kernel) <= 65_535, op, "sides of at most 65535", strides)
    pads, sizes = [], []
    for side, taps, stride, step in zip(x.shape[1:3], kernel, strides, dilation, strict=True):
        reach = (taps - 1) * step + 1
        same = int(op.options.get("padding", -1)) == _SAME
        size = math.ceil(side / stride) if same else (side - reach + stride) // stride
        scope.expect(reach <= 65_535, op, "a dilated window of at most 65535", reach)
        sizes.append(size)
        pads.append(max(0, ((size - 1) * stride + reach - side) // 2) if same else 0)
    scope.expect(min(sizes) >= 1, op, "a window that fits", f"{kernel} on {x.shape}")
    scope.expect(y.shape == (1, *sizes, channels), op, f"an output of (1, {sizes[0]}, {sizes[1]}, {channels})", y.shape)
    return Geometry(*x.shape[1:], *sizes, channels, *kernel, *strides, *dilation, *pads)

"""What the rules write with: each method adds one primitive and knows its result's shape."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence

import numpy as np

from .ir import Op, Shape

#: Of a running mean by one convolution.
_MOST_TAPS = 25


class Builder:
    """Adds primitives under the place of the layer that is being lowered.

    Parameters
    ----------
    streaming : bool
        What reaches back in time is given the past of the step before, where a whole signal begins with zeros.
    """

    def __init__(self, streaming: bool = False) -> None:
        self._place: list[str] = []
        self._names: set[str] = set()
        self._streaming = streaming
        self._float = False
        self.states: list[tuple[Op, Op]] = []
        self.in_float: set[str] = set()

    def enter(self, name: str) -> Builder:
        """Use as ``with to.enter(layer.name):``; names of what is added start with it."""
        self._place.append(name)
        return self

    def __enter__(self) -> Builder:
        return self

    def __exit__(self, *_) -> None:
        self._place.pop()

    @property
    def place(self) -> str:
        """Where in the model we are, such as ``unit1/shrinkage``."""
        return "/".join(self._place)

    @contextlib.contextmanager
    def floats(self) -> Iterator[None]:
        """What is added inside has no good integer form: it stays in float where all else becomes integers."""
        before, self._float = self._float, True
        try:
            yield
        finally:
            self._float = before

    def input(self, shape: Sequence[int]) -> Op:
        """The model's input: (time, channels) or (height, width, channels)."""
        height, width, channels = as_map(shape)
        return Op("input", self._name("input"), (), (height, width, channels))

    def conv(self, x: Op, kernel, bias=None, strides=(1, 1), padding: str = "valid", dilation=(1, 1)) -> Op:
        """Convolution, kernel [shape=(height, width, in, out)]."""
        kernel = np.asarray(kernel, np.float64)
        shape = (*_positions(x.shape, kernel.shape, strides, padding, dilation), kernel.shape[3])
        return self._weighted("conv", x, shape, kernel, bias, strides, padding, dilation)

    def depthwise(self, x: Op, kernel, bias=None, strides=(1, 1), padding: str = "valid", dilation=(1, 1)) -> Op:
        """Depthwise convolution, kernel [shape=(height, width, channels, 1)]."""
        kernel = np.asarray(kernel, np.float64)
        shape = (*_positions(x.shape, kernel.shape, strides, padding, dilation), kernel.shape[2])
        return self._weighted("depthwise", x, shape, kernel, bias, strides, padding, dilation)

    def affine(self, x: Op, scale, shift) -> Op:
        """x * scale + shift, a value a channel."""
        weights = {"scale": np.asarray(scale, np.float64), "shift": np.asarray(shift, np.float64)}
        return Op("affine", self._name("affine"), (x,), x.shape, weights)

    def scaled(self, x: Op, factor: float) -> Op:
        """x times a number."""
        return self.affine(x, np.full(x.shape[2], factor), np.zeros(x.shape[2]))

    def unary(self, kind: str, x: Op, **options) -> Op:
        """``relu``, ``abs``, ``sigmoid``, ``tanh``, ``softmax``, ``leaky_relu``, ``rsqrt``: the shape stays."""
        return Op(kind, self._name(kind), (x,), x.shape, options=options)

    def binary(self, kind: str, a: Op, b: Op, **options) -> Op:
        """``add``, ``sub``, ``mul``, ``div``, ``maximum``, ``minimum`` with broadcasting over space and channels."""
        shape = tuple(max(m, n) for m, n in zip(a.shape, b.shape, strict=True))
        for one in (a, b):
            if any(m not in (1, n) for m, n in zip(one.shape, shape, strict=True)):
                raise ValueError(f"{self.place}: {kind} of shapes {a.shape} and {b.shape}")
        return Op(kind, self._name(kind), (a, b), shape, options=options)

    def mean(self, x: Op) -> Op:
        """Mean over height and width, kept as a 1 x 1 map."""
        return Op("mean", self._name("mean"), (x,), (1, 1, x.shape[2]))

    def running_mean(self, x: Op, window: int) -> Op:
        """Mean of the last ``window`` positions in time, for each channel."""
        # XNNPACK has no fast depthwise kernel of more taps; a mean of means over neighbouring stretches is the same.
        taps = window if window <= _MOST_TAPS else _largest_divisor(window, math.isqrt(window * 2))
        if taps == 1:
            taps = window
        x = self._mean_of(x, taps, 1)
        if taps == window:
            return x
        with self.enter("stretches"):
            return self._mean_of(x, window // taps, taps)

    def mean_of_last(self, x: Op, window: int) -> Op:
        """Mean of the last ``window`` positions of a signal, with zeros before its start, as a 1 x 1 map."""
        if self._streaming:
            return self.last(self.running_mean(x, window), 1)
        heard = min(window, x.shape[0])
        mean = self.mean(self.last(x, heard))
        return mean if heard == window else self.scaled(mean, heard / window)

    def last(self, x: Op, count: int) -> Op:
        """The last positions in time."""
        shape = (count, *x.shape[1:])
        return x if x.shape == shape else Op("last", self._name("last"), (x,), shape)

    def _mean_of(self, x: Op, taps: int, lag: int) -> Op:
        """Mean of ``taps`` positions in time, ``lag`` apart, the last of them this one."""
        kernel = np.full((taps, 1, x.shape[2], 1), 1.0 / taps)
        return self.depthwise(self.with_past(x, (taps - 1) * lag), kernel, dilation=(lag, 1))

    def channel_mean(self, x: Op) -> Op:
        """Mean over channels, kept as one channel."""
        # As a convolution by equal weights: reductions over channels are not delegated everywhere.
        return self.conv(x, np.full((1, 1, x.shape[2], 1), 1.0 / x.shape[2]))

    def constant(self, value: float, like: Op) -> Op:
        """One number for all channels, on a 1 x 1 map; ``like`` ties it to the graph."""
        return Op("constant", self._name("constant"), (like,), (1, 1, 1), options={"value": float(value)})

    def pool(self, kind: str, x: Op, size, strides, padding: str) -> Op:
        """``max_pool`` or ``average_pool``."""
        shape = (*_positions(x.shape, size, strides, padding, (1, 1)), x.shape[2])
        options = {"size": tuple(size), "strides": tuple(strides), "padding": padding}
        return Op(kind, self._name(kind), (x,), shape, options=options)

    def pad(self, x: Op, rows: tuple[int, int], columns: tuple[int, int]) -> Op:
        """Zeros around the map."""
        height, width, channels = x.shape
        shape = (height + sum(rows), width + sum(columns), channels)
        return Op("pad", self._name("pad"), (x,), shape, options={"rows": tuple(rows), "columns": tuple(columns)})

    def reflect_pad(self, x: Op, rows: int, columns: int) -> Op:
        """So many positions at each end, mirrored around the outermost; the target chooses the form later."""
        height, width, channels = x.shape
        options = {"rows": (rows, rows), "columns": (columns, columns)}
        shape = (height + 2 * rows, width + 2 * columns, channels)
        return Op("reflect_pad", self._name("reflect_pad"), (x,), shape, options=options)

    def with_past(self, x: Op, reach: int) -> Op:
        """``x`` behind the ``reach`` positions that came before it: zeros, or in a stream what the last step kept."""
        if not reach:
            return x
        if not self._streaming:
            return self.pad(x, (reach, 0), (0, 0))
        length, width, channels = x.shape
        with self.enter("past"):
            state = Op("input", self._name("state"), (), (reach, width, channels))
            joined = Op("join", self._name("join"), (state, x), (reach + length, width, channels))
            self.states.append((state, Op("last", self._name("last"), (joined,), state.shape)))
        return joined

    def concat(self, parts: Sequence[Op]) -> Op:
        """Channels one behind the other."""
        height, width, _ = parts[0].shape
        return Op("concat", self._name("concat"), tuple(parts), (height, width, sum(p.shape[2] for p in parts)))

    def reshape(self, x: Op, shape: Shape) -> Op:
        """The same values in another map."""
        return x if x.shape == tuple(shape) else Op("reshape", self._name("reshape"), (x,), tuple(shape))

    def transpose(self, x: Op, axes: tuple[int, int, int]) -> Op:
        """Axes of the map in another order."""
        shape = tuple(x.shape[axis] for axis in axes)
        moved = [axis for axis in axes if x.shape[axis] > 1]
        if moved == sorted(moved):
            return self.reshape(x, shape)
        return Op("transpose", self._name("transpose"), (x,), shape, options={"axes": tuple(axes)})

    def crop(self, x: Op, height: int, width: int) -> Op:
        """The first rows and columns."""
        shape = (height, width, x.shape[2])
        return x if x.shape == shape else Op("crop", self._name("crop"), (x,), shape)

    def upsample(self, x: Op, rows: int, columns: int) -> Op:
        """So many times as many positions by linear interpolation, corners aligned; the target chooses the form."""
        shape = (rows * x.shape[0], columns * x.shape[1], x.shape[2])
        return Op("upsample", self._name("upsample"), (x,), shape)

    def shrink(self, x: Op, tau: Op) -> Op:
        """Soft thresholding of ``x`` at ``tau``; the target chooses its form later."""
        return Op("shrink", self._name("shrink"), (x, tau), x.shape)

    def select_channels(self, x: Op, channels: int, first: int, strides) -> Op:
        """Subsample, and put the channels at ``first`` of ``channels``, zeros elsewhere."""
        # One 1 x 1 convolution by ones: strided slices and channel padding leave the integer kernels of most targets,
        # and a weight of 1 is exact in int8.
        kernel = np.zeros((1, 1, x.shape[2], channels))
        kernel[0, 0, np.arange(x.shape[2]), first + np.arange(x.shape[2])] = 1.0
        return self.conv(x, kernel, None, strides, "valid")

    def _weighted(self, kind, x, shape, kernel, bias, strides, padding, dilation) -> Op:
        outputs = shape[2]
        bias = np.zeros(outputs) if bias is None else np.asarray(bias, np.float64)
        options = {"strides": tuple(strides), "padding": padding, "dilation": tuple(dilation), "activation": None}
        return Op(kind, self._name(kind), (x,), shape, {"kernel": kernel, "bias": bias}, options)

    def _name(self, kind: str) -> str:
        base = self.place or kind
        name, i = base, 1
        while name in self._names:
            name, i = f"{base}/{kind}" if i == 1 else f"{base}/{kind}_{i}", i + 1
        self._names.add(name)
        if self._float:
            self.in_float.add(name)
        return name


def as_map(shape: Sequence[int]) -> Shape:
    """A Keras shape without its batch as a map: (c) -> (1, 1, c), (t, c) -> (t, 1, c), (h, w, c) as it is."""
    shape = tuple(shape)
    if len(shape) == 1:
        return (1, 1, shape[0])
    if len(shape) == 2:
        return (shape[0], 1, shape[1])
    return shape


def _largest_divisor(n: int, most: int) -> int:
    return next(d for d in range(most, 0, -1) if n % d == 0)


def _positions(shape: Shape, kernel: Sequence[int], strides, padding: str, dilation) -> tuple[int, int]:
    found = []
    for n, k, s, d in zip(shape[:2], kernel[:2], strides, dilation, strict=True):
        found.append(-(-n // s) if padding == "same" else (n - (k - 1) * d - 1) // s + 1)
    return found[0], found[1]

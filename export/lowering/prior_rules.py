"""Rules for the layers of the prior-guided network."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError
from drsn_keras.layers import LinearUpsample, LocalWiener, ModulatedConv, PaddedConcat, PriorKernel, TapPool
from drsn_keras.layers.fourier import LONGEST_MATRIX
from drsn_keras.layers.local_wiener import TINY
from drsn_keras.layers.rank import IMAGE

from .builder import Builder
from .ir import Op
from .keras_rules import weight
from .registry import lowers, unsupported


def _is_image(layer) -> bool:
    """A map of width 1 may be either."""
    return len(layer.get_build_config()["input_shape"]) == IMAGE + 2


@lowers(LinearUpsample)
def linear_upsample(layer: LinearUpsample, to: Builder, x: Op) -> Op:
    return to.upsample(x, 2, 2 if _is_image(layer) else 1)


@lowers(PaddedConcat)
def padded_concat(layer: PaddedConcat, to: Builder, skip: Op, x: Op) -> Op:
    rows, columns = (m - n for m, n in zip(skip.shape[:2], x.shape[:2], strict=True))
    if rows or columns:
        with to.enter("pad"):
            x = to.pad(x, (0, rows), (0, columns))
    return to.concat([skip, x])


@lowers(TapPool)
def tap_pool(layer: TapPool, to: Builder, x: Op) -> Op:
    taps = (layer.taps, layer.taps if _is_image(layer) else 1)
    size = tuple(n // k for n, k in zip(x.shape[:2], taps, strict=True))
    with to.enter("whole"):
        whole = to.crop(x, taps[0] * size[0], taps[1] * size[1])
    return to.pool("max_pool", whole, size, size, "valid")


@lowers(ModulatedConv)
def modulated_conv(layer: ModulatedConv, to: Builder, x: Op, h: Op) -> Op:
    """One static convolution a tap, all in one; the prior's factors multiply its outputs, ones sum them."""
    if layer.modulation != "sample":
        raise unsupported(layer, to.place, f"modulation={layer.modulation!r} (a device has batches of one: sample)")
    kernel = weight(layer.kernel)
    kernel = kernel[:, None] if kernel.ndim == 3 else kernel
    rows, columns, channels, filters = kernel.shape
    taps = rows * columns
    # Every tap's kernel is zero elsewhere.
    apart = np.eye(taps).reshape(rows, columns, 1, taps, 1) * kernel[:, :, :, None, :]
    with to.enter("taps"):
        each = to.conv(x, apart.reshape(rows, columns, channels, taps * filters), padding="same")
    with to.enter("factors"):
        factors = to.affine(
            to.reshape(h, (1, 1, taps * filters)), np.full(taps * filters, layer.beta), np.ones(taps * filters)
        )
    with to.enter("modulated"):
        modulated = to.binary("mul", each, factors)
    return to.conv(modulated, np.tile(np.eye(filters), (taps, 1))[None, None], weight(layer.bias))


@lowers(LocalWiener)
def local_wiener(layer: LocalWiener, to: Builder, x: Op) -> Op:
    with to.floats():
        return _wiener(to, x, layer.window, _is_image(layer))


@lowers(PriorKernel)
def prior_kernel(layer: PriorKernel, to: Builder, x: Op) -> Op:
    if max(x.shape[:2]) > LONGEST_MATRIX:
        raise UsageError(
            f"{to.place}: cannot be lowered: {type(layer).__name__} over {max(x.shape[:2])} positions on a side; use "
            f"at most {LONGEST_MATRIX} (its Fourier transforms are matrices), or a network with prior=False"
        )
    with to.floats():
        with to.enter("wiener"):
            filtered = _wiener(to, x, layer.window, _is_image(layer))
        return _prior(to, x, filtered, layer.guard)


def _wiener(to: Builder, x: Op, window: int, image: bool) -> Op:
    """The filter of :func:`drsn_keras.layers.local_wiener.local_wiener`."""
    sides, channels = (window, window if image else 1), x.shape[2]
    places = sides[0] * sides[1]
    # A channel's deviations from the window's mean behind each other: their squares lose no digits where the mean is
    # large, as a difference of squares would.
    deviation = (np.eye(places) - 1.0 / places).reshape(*sides, 1, 1, places)
    apart = (np.eye(channels)[:, :, None] * deviation).reshape(*sides, channels, channels * places)
    with to.enter("mean"):
        mean = to.depthwise(x, np.full((*sides, channels, 1), 1.0 / places), padding="same")
    with to.enter("deviations"):
        deviations = to.conv(x, apart, padding="same")
    with to.enter("squares"):
        squares = to.binary("mul", deviations, deviations)
    with to.enter("variance"):
        variance = to.conv(squares, np.repeat(np.eye(channels), places, axis=0)[None, None] / places)
        noise = to.mean(variance)
        excess = to.unary("relu", to.binary("sub", variance, noise))
    with to.enter("gain"):
        gain = to.binary("div", excess, to.binary("maximum", variance, to.constant(TINY, x)))
        kept = to.binary("mul", gain, to.binary("sub", x, mean))
    return to.binary("add", mean, kept)


def _prior(to: Builder, x: Op, filtered: Op, guard: float) -> Op:
    """``|IFFT(FFT(filtered) conj(FFT(x)) / max(|FFT(x)|^2, guard * mean))|`` of every channel."""
    length = x.shape[0] if x.shape[1] == 1 else x.shape[1]
    rows = x.shape[0] * x.shape[1] // length
    with to.enter("signal"):
        a, b = _spectrum(to, _planes(to, x))
        power = _sum_of_products(to, (a, a), (b, b))
    with to.enter("filtered"):
        p, q = _spectrum(to, _planes(to, filtered))
    with to.enter("floor"):
        share = _weights(length) * guard / (rows * length)
        kernel = share[None, None, :, None] if rows == 1 else np.tile(share[:, None, None], (1, rows, 1))[None]
        limit = to.binary("maximum", power, to.conv(power, kernel, [TINY]))
    with to.enter("ratio"):
        re = to.binary("div", _sum_of_products(to, (p, a), (q, b)), limit)
        im = to.binary("div", _sum_of_products(to, (q, a), (p, b), kind="sub"), limit)
    with to.enter("inverse"):
        h0 = to.unary("abs", _inverse(to, re, im, length))
        return to.transpose(h0, (2, 1, 0) if x.shape[1] == 1 else (1, 2, 0))


def _planes(to: Builder, x: Op) -> Op:
    """[shape=(channels, height or 1, width or n)]"""
    return to.transpose(x, (2, 1, 0) if x.shape[1] == 1 else (2, 0, 1))


def _spectrum(to: Builder, planes: Op) -> tuple[Op, Op]:
    """Real and imaginary part of the frequencies that are not those of others, conjugated.

    [shape=(channels, 1, n // 2 + 1)], of images (channels, width // 2 + 1, height).
    """
    cos, sin = _waves(planes.shape[2], planes.shape[2] // 2 + 1)
    re, im = _times(to, planes, cos.T), _times(to, planes, -sin.T)
    if planes.shape[1] == 1:
        return re, im
    re, im = (to.transpose(part, (0, 2, 1)) for part in (re, im))
    cos, sin = _waves(planes.shape[1], planes.shape[1])
    return _both(to, "add", re, cos, im, sin), _both(to, "sub", im, cos, re, sin)


def _inverse(to: Builder, re: Op, im: Op, length: int) -> Op:
    """Real part of the inverse of :func:`_spectrum`, as planes."""
    if re.shape[1] > 1:
        cos, sin = _waves(re.shape[2], re.shape[2])
        cos, sin = cos / len(cos), sin / len(sin)
        re, im = _both(to, "sub", re, cos, im, sin), _both(to, "add", im, cos, re, sin)
        re, im = (to.transpose(part, (0, 2, 1)) for part in (re, im))
    cos, sin = _waves(length, length // 2 + 1)
    share = _weights(length)[:, None] / length
    return _both(to, "sub", re, share * cos, im, share * sin)


def _waves(length: int, frequencies: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines [shape=(frequencies, length)]"""
    angle = 2.0 * np.pi * (np.outer(np.arange(frequencies), np.arange(length)) % length) / length
    return np.cos(angle), np.sin(angle)


def _weights(length: int) -> np.ndarray:
    """How many of all frequencies each of half of them stands for."""
    weights = np.full(length // 2 + 1, 2.0)
    weights[0] = 1.0
    if length % 2 == 0:
        weights[-1] = 1.0
    return weights


def _times(to: Builder, x: Op, matrix: np.ndarray) -> Op:
    return to.conv(x, matrix[None, None])


def _both(to: Builder, kind: str, x: Op, of_x: np.ndarray, y: Op, of_y: np.ndarray) -> Op:
    return to.binary(kind, _times(to, x, of_x), _times(to, y, of_y))


def _sum_of_products(to: Builder, first: tuple[Op, Op], second: tuple[Op, Op], kind: str = "add") -> Op:
    return to.binary(kind, to.binary("mul", *first), to.binary("mul", *second))

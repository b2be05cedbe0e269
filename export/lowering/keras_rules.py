"""Rules for Keras's own layers."""

from __future__ import annotations

import keras
import numpy as np

from .builder import Builder, as_map
from .ir import Op
from .registry import lowers, unsupported

L = keras.layers
_ACTIVATIONS = {"relu", "relu6", "sigmoid", "tanh", "softmax"}


def weight(variable) -> np.ndarray | None:
    """A variable's value in double precision."""
    return None if variable is None else keras.ops.convert_to_numpy(variable).astype(np.float64)


def activate(layer, to: Builder, x: Op) -> Op:
    """The activation that a layer holds."""
    name = getattr(layer.activation, "__name__", str(layer.activation)) if layer.activation else "linear"
    if name == "linear":
        return x
    if name == "silu":
        with to.enter("gate"):
            gate = to.unary("sigmoid", x)
        return to.binary("mul", x, gate)
    if name not in _ACTIVATIONS:
        raise unsupported(layer, to.place, f"activation {name}")
    return to.unary(name, x)


def _last_axis(layer, to: Builder) -> None:
    if getattr(layer, "data_format", "channels_last") != "channels_last":
        raise unsupported(layer, to.place, f"data_format {layer.data_format}")


def _pair(values) -> tuple[int, int]:
    """A size along (height, width); a signal's width is 1."""
    return tuple(values) if len(values) == 2 else (values[0], 1)


def _kernel_map(kernel: np.ndarray) -> np.ndarray:
    """A Conv1D's kernel (k, in, out) as (k, 1, in, out)."""
    return kernel[:, None] if kernel.ndim == 3 else kernel


def _spatial(layer, to: Builder, x: Op, kernel: np.ndarray) -> tuple[Op, tuple]:
    """What a kernel slides over, with the past of causal padding; and how: strides, padding, dilation."""
    strides, padding, dilation = _pair(layer.strides), layer.padding, _pair(layer.dilation_rate)
    if padding == "causal":
        x, padding = to.with_past(x, (kernel.shape[0] - 1) * dilation[0]), "valid"
    return x, (strides, padding, dilation)


def _depthwise(layer, to: Builder, x: Op, kernel, bias=None) -> Op:
    _last_axis(layer, to)
    if layer.depth_multiplier != 1:
        raise unsupported(layer, to.place, f"depth_multiplier={layer.depth_multiplier}")
    kernel = _kernel_map(weight(kernel))
    x, how = _spatial(layer, to, x, kernel)
    if how[0][0] != how[0][1] and x.shape[1] > 1:
        # TensorFlow's own kernel knows equal strides only: a plain convolution, its other weights zero.
        kernel = kernel[:, :, None, :, 0] * np.eye(x.shape[2])[:, :]
        return to.conv(x, kernel, weight(bias), *how)
    return to.depthwise(x, kernel, weight(bias), *how)


@lowers(L.Conv1D, L.Conv2D)
def convolution(layer, to: Builder, x: Op) -> Op:
    _last_axis(layer, to)
    if layer.groups != 1:
        raise unsupported(layer, to.place, f"groups={layer.groups} (DepthwiseConv has a rule)")
    kernel = _kernel_map(weight(layer.kernel))
    x, how = _spatial(layer, to, x, kernel)
    return activate(layer, to, to.conv(x, kernel, weight(layer.bias), *how))


@lowers(L.DepthwiseConv1D, L.DepthwiseConv2D)
def depthwise(layer, to: Builder, x: Op) -> Op:
    return activate(layer, to, _depthwise(layer, to, x, layer.kernel, layer.bias))


@lowers(L.SeparableConv1D, L.SeparableConv2D)
def separable(layer, to: Builder, x: Op) -> Op:
    x = _depthwise(layer, to, x, layer.depthwise_kernel)
    return activate(layer, to, to.conv(x, _kernel_map(weight(layer.pointwise_kernel)), weight(layer.bias)))


@lowers(L.Dense)
def dense(layer, to: Builder, x: Op) -> Op:
    # A 1 x 1 convolution: the same arithmetic, and no reshape between maps and vectors.
    return activate(layer, to, to.conv(x, weight(layer.kernel)[None, None], weight(layer.bias)))


def scale_and_shift(layer: keras.layers.BatchNormalization) -> tuple[np.ndarray, np.ndarray]:
    """What a batch normalisation does to each channel when it does not learn."""
    scale = 1.0 / np.sqrt(weight(layer.moving_variance) + layer.epsilon)
    if layer.gamma is not None:
        scale = scale * weight(layer.gamma)
    shift = -weight(layer.moving_mean) * scale
    return scale, shift if layer.beta is None else shift + weight(layer.beta)


@lowers(L.BatchNormalization)
def batch_normalization(layer, to: Builder, x: Op) -> Op:
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if list(axes) not in (
        [-1],
        [len(layer._build_shapes_dict["input_shape"]) - 1] if layer._build_shapes_dict else [-1],
    ):
        raise unsupported(layer, to.place, f"axis={layer.axis}")
    return to.affine(x, *scale_and_shift(layer))


@lowers(L.GroupNormalization)
def group_normalization(layer, to: Builder, x: Op) -> Op:
    """Of one channel a group: statistics of each channel of the current signal."""
    if layer.groups not in (-1, x.shape[2]):
        raise unsupported(layer, to.place, f"groups={layer.groups} (one for each channel has a rule)")
    if layer.axis not in (-1, len(layer.get_build_config()["input_shape"]) - 1):
        raise unsupported(layer, to.place, f"axis={layer.axis}")
    with to.enter("mean"):
        mean = to.mean(x)
    with to.enter("centred"):
        centred = to.binary("sub", x, mean)
    with to.enter("deviation"), to.floats():
        with to.enter("squared"):
            squared = to.binary("mul", centred, centred)
        with to.enter("variance"):
            variance = to.mean(squared)
        inverse = to.unary("rsqrt", variance, epsilon=float(layer.epsilon))
    ones = np.ones(x.shape[2])
    with to.enter("scaled"):
        scaled = to.binary("mul", centred, inverse)
    return to.affine(
        scaled,
        ones if layer.gamma is None else weight(layer.gamma),
        0.0 * ones if layer.beta is None else weight(layer.beta),
    )


@lowers(L.ReLU)
def relu(layer, to: Builder, x: Op) -> Op:
    if layer.negative_slope or layer.threshold or layer.max_value not in (None, 6, 6.0):
        raise unsupported(layer, to.place, "a slope, threshold or maximum other than 6")
    return to.unary("relu" if layer.max_value is None else "relu6", x)


@lowers(L.LeakyReLU)
def leaky_relu(layer, to: Builder, x: Op) -> Op:
    return to.unary("leaky_relu", x, slope=float(layer.negative_slope))


@lowers(L.Activation)
def activation(layer, to: Builder, x: Op) -> Op:
    return activate(layer, to, x)


@lowers(L.Softmax)
def softmax(layer, to: Builder, x: Op) -> Op:
    if layer.axis not in (-1, [-1], (-1,)):
        raise unsupported(layer, to.place, f"axis={layer.axis}")
    return to.unary("softmax", x)


@lowers(L.Dropout, L.SpatialDropout1D, L.SpatialDropout2D, L.GaussianNoise, L.GaussianDropout)
@lowers(L.ActivityRegularization, L.Identity)
def nothing(layer, to: Builder, x: Op) -> Op:
    return x


@lowers(L.Add, L.Subtract, L.Multiply, L.Maximum, L.Minimum)
def merge(layer, to: Builder, *parts: Op) -> Op:
    kinds = {"Add": "add", "Subtract": "sub", "Multiply": "mul", "Maximum": "maximum", "Minimum": "minimum"}
    kind = next(kinds[cls.__name__] for cls in type(layer).__mro__ if cls.__name__ in kinds)
    result = parts[0]
    for part in parts[1:]:
        result = to.binary(kind, result, part)
    return result


@lowers(L.Concatenate)
def concatenate(layer, to: Builder, *parts: Op) -> Op:
    if layer.axis not in (-1, len(parts[0].shape)):
        raise unsupported(layer, to.place, f"axis={layer.axis}")
    return to.concat(parts)


@lowers(L.GlobalAveragePooling1D, L.GlobalAveragePooling2D)
def global_average_pooling(layer, to: Builder, x: Op) -> Op:
    _last_axis(layer, to)
    return to.mean(x)


@lowers(L.MaxPooling1D, L.MaxPooling2D, L.AveragePooling1D, L.AveragePooling2D)
def pooling(layer, to: Builder, x: Op) -> Op:
    _last_axis(layer, to)
    kind = "max_pool" if isinstance(layer, L.MaxPooling1D | L.MaxPooling2D) else "average_pool"
    return to.pool(kind, x, _pair(layer.pool_size), _pair(layer.strides), layer.padding)


@lowers(L.ZeroPadding1D, L.ZeroPadding2D)
def zero_padding(layer, to: Builder, x: Op) -> Op:
    _last_axis(layer, to)
    padding = layer.padding
    rows, columns = (padding, (0, 0)) if isinstance(layer, L.ZeroPadding1D) else padding
    return to.pad(x, tuple(rows), tuple(columns))


@lowers(L.Flatten)
def flatten(layer, to: Builder, x: Op) -> Op:
    height, width, channels = x.shape
    return to.reshape(x, (1, 1, height * width * channels))


@lowers(L.Reshape)
def reshape(layer, to: Builder, x: Op) -> Op:
    return to.reshape(x, as_map(layer.compute_output_shape((None, *x.shape))[1:]))

"""A variant's network: front, the library's body of residual units, classes."""

from __future__ import annotations

import keras
from keras import ops

from drsn_keras.layers import PaddedShortcut, ResidualUnit, Shrinkage
from drsn_keras.layers.defaults import BATCH_NORM_EPSILON
from drsn_keras.models.keywords import STEM_KERNEL, UNIT_KERNEL, UNITS
from drsn_keras.models.kinds import in_eights

from .fronts import front
from .variants import Variant

#: Positions of the running mean behind thresholds of every position: most of a clip.
_WINDOW = 49
#: Channels of the separable body outside and inside its blocks.
_OUTER, _INNER = 96, 48
_UNIT = {
    "plain": {"attention": None},
    "channel-wise": {"attention": "channel_wise"},
    "channel-shared": {"attention": "channel_shared"},
    "bottleneck": {"attention": "channel_wise"},
    "every-position": {"attention": "channel_wise", "window": _WINDOW},
    "gate": {"attention": "squeeze_excitation"},
}


def network(variant: Variant, shape: tuple[int, int], classes: int) -> keras.Model:
    """Root-mel features (batch, frames, bands) -> logits."""
    inputs = keras.Input(shape)
    x = _norm(front(inputs, variant))
    if variant.body.startswith("separable"):
        x = _separable_body(x, thresholds=variant.body == "separable-cw")
        x = keras.layers.GlobalAveragePooling1D()(x)
        return keras.Model(inputs, keras.layers.Dense(classes)(x))
    channels = [in_eights(n, variant.widen) for n, _ in UNITS]
    x = keras.layers.Conv1D(channels[0], STEM_KERNEL, strides=2, padding="same", kernel_initializer="he_normal")(x)
    unit = _post if variant.body == "post" else _pre
    for n, (_, strides) in zip(channels, UNITS, strict=True):
        x = unit(x, n, strides, variant.body)
    if variant.body != "post":
        x = ops.relu(_norm(x))
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


def _separable_body(x, thresholds: bool):
    """MatchboxNet's body, with strides and narrower: as many MACs as the library's network."""

    def pointwise(x, filters: int):
        conv = keras.layers.Conv1D(filters, 1, use_bias=False, kernel_initializer="he_normal")
        return _norm(conv(x))

    def separable(x, filters: int, kernel: int, strides: int = 1, dilation: int = 1):
        how = {"strides": strides, "dilation_rate": dilation, "padding": "same", "use_bias": False}
        return pointwise(keras.layers.DepthwiseConv1D(kernel, depthwise_initializer="he_normal", **how)(x), filters)

    x = ops.relu(separable(x, _OUTER, 11, strides=2))
    for kernel in (13, 15, 17):
        y = separable(x, _INNER, kernel)
        y = Shrinkage("channel_wise")(y) if thresholds else y
        x = ops.relu(y + pointwise(x, _INNER))
    x = x[:, ::2]
    return ops.relu(pointwise(ops.relu(separable(x, _OUTER, 15, dilation=2)), _OUTER))


def _norm(x):
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=BATCH_NORM_EPSILON)(x)


def _pre(x, filters: int, strides: int, body: str):
    hidden = max(4, filters // 4) if body == "bottleneck" else None
    return ResidualUnit(filters, UNIT_KERNEL, strides, shortcut="padded", hidden=hidden, **_UNIT[body])(x)


def _post(x, filters: int, strides: int, body: str):
    """Convolution, normalisation, ReLU twice, thresholds, the shortcut, ReLU: the order of the first ResNet."""
    conv = {"padding": "same", "kernel_initializer": "he_normal", "use_bias": False}
    y = ops.relu(_norm(keras.layers.Conv1D(filters, UNIT_KERNEL, strides=strides, **conv)(x)))
    y = Shrinkage("channel_wise")(_norm(keras.layers.Conv1D(filters, UNIT_KERNEL, **conv)(y)))
    same = strides == 1 and x.shape[-1] == filters
    return ops.relu(y + (x if same else PaddedShortcut(filters, strides)(x)))

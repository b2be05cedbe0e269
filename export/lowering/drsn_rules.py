"""Rules for the layers of this project."""

from __future__ import annotations

from drsn_keras.layers import (
    GateNetwork,
    Magnitude,
    PaddedShortcut,
    ResidualUnit,
    Shrinkage,
    ShrinkAt,
    SoftThreshold,
    SqueezeExcitation,
)

from .builder import Builder
from .ir import Op
from .registry import lower_layer, lowers


@lowers(GateNetwork)
def gate_network(layer: GateNetwork, to: Builder, x: Op) -> Op:
    for part in (layer.squeeze, layer.norm, layer.relu, layer.excite):
        x = lower_layer(part, to, x)
    return x


@lowers(Shrinkage)
def shrinkage(layer: Shrinkage, to: Builder, x: Op) -> Op:
    with to.enter("abs"):
        magnitude = to.unary("abs", x)
    with to.enter("statistic"):
        statistic = to.mean(magnitude) if layer.window is None else to.running_mean(magnitude, layer.window)
    alpha = lower_layer(layer.gate, to, statistic)
    if layer.mode == "channel_shared":
        with to.enter("channel_mean"):
            statistic = to.channel_mean(statistic)
    with to.enter("tau"):
        tau = to.binary("mul", alpha, statistic)
    return to.shrink(x, tau)


@lowers(Magnitude)
def magnitude(layer: Magnitude, to: Builder, x: Op) -> Op:
    return to.unary("abs", x)


@lowers(ShrinkAt)
def shrink_at(layer: ShrinkAt, to: Builder, x: Op, tau: Op) -> Op:
    return to.shrink(x, tau)


@lowers(SoftThreshold)
def fixed_threshold(layer: SoftThreshold, to: Builder, x: Op) -> Op:
    with to.enter("tau"):
        tau = to.constant(layer.tau, x)
    return to.shrink(x, tau)


@lowers(SqueezeExcitation)
def squeeze_excitation(layer: SqueezeExcitation, to: Builder, x: Op) -> Op:
    with to.enter("statistic"):
        statistic = to.mean(x)
    return to.binary("mul", x, lower_layer(layer.gate, to, statistic))


@lowers(PaddedShortcut)
def padded_shortcut(layer: PaddedShortcut, to: Builder, x: Op) -> Op:
    width = 1 if x.shape[1] == 1 else layer.strides
    missing = layer.filters - x.shape[2]
    return to.select_channels(x, layer.filters, missing // 2, (layer.strides, width))


@lowers(ResidualUnit)
def residual_unit(layer: ResidualUnit, to: Builder, x: Op) -> Op:
    y = x
    for part in (layer.norm_1, layer.relu_1, layer.conv_1, layer.norm_2, layer.relu_2, layer.conv_2):
        y = lower_layer(part, to, y)
    if layer.attend is not None:
        y = lower_layer(layer.attend, to, y)
    if layer.shortcut is None:
        return y
    bypass = x if layer.bypass is None else lower_layer(layer.bypass, to, x)
    return to.binary("add", y, bypass)

"""Rules for the layers of this project."""

from __future__ import annotations

from drsn_keras.layers import (
    GateNetwork,
    Magnitude,
    PaddedShortcut,
    ResidualUnit,
    RunningMean,
    Shrinkage,
    ShrinkAt,
    SoftThreshold,
    SpectralShrinkage,
    SqueezeExcitation,
    StepConv1D,
)
from drsn_keras.layers.spectral_shrinkage import LARGEST

from .builder import Builder
from .ir import Op
from .keras_rules import activate, scale_and_shift, weight
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


@lowers(SpectralShrinkage)
def spectral_shrinkage(layer: SpectralShrinkage, to: Builder, x: Op) -> Op:
    seen: list[Op] = []
    parts: list[Op] = []
    if layer.window is None:
        with to.enter("clip"):
            mean = to.mean(x)
            statistics = to.concat([mean, to.scaled(_extremum(to, x, 1.0), 1 / 3), _extremum(to, x, -1.0)])
        parts.append(lower_layer(layer.clip, to, lower_layer(layer.clip_norm, to, statistics)))
    else:
        with to.enter("mean"):
            mean = to.running_mean(x, layer.window)
        seen.append(mean)
    if layer.local is not None:
        with to.enter("local"):
            local = to.running_mean(x, layer.local)
        with to.enter("seen"):
            joined = to.concat([x, local, *seen])
        parts.append(lower_layer(layer.moment, to, lower_layer(layer.moment_norm, to, joined)))
    # Normalised before they are added, where it folds into the convolutions: one rounding less.
    scale, shift = scale_and_shift(layer.norm)
    with to.enter(layer.norm.name):
        parts = [to.affine(part, scale, shift if part is parts[0] else 0.0 * shift) for part in parts]
    with to.enter("hidden"):
        hidden = parts[0] if len(parts) == 1 else to.binary("add", parts[1], parts[0])
    for part in (layer.relu, layer.excite):
        hidden = lower_layer(part, to, hidden)
    with to.enter("largest"):
        largest = to.scaled(mean, LARGEST)
    with to.enter("tau"):
        tau = to.binary("mul", hidden, largest)
    with to.enter("rest"):
        rest = to.binary("sub", x, tau)
    return to.unary("relu", rest)


def _extremum(to: Builder, x: Op, sign: float) -> Op:
    """The largest value over time, or with ``sign`` -1 the smallest: no target pools minima."""
    with to.enter("largest" if sign > 0 else "smallest"):
        signed = x if sign > 0 else to.scaled(x, sign)
        pooled = to.pool("max_pool", signed, x.shape[:2], (1, 1), "valid")
        return pooled if sign > 0 else to.scaled(pooled, sign)


@lowers(RunningMean)
def running_mean(layer: RunningMean, to: Builder, x: Op) -> Op:
    return to.mean_of_last(x, layer.window) if layer.last else to.running_mean(x, layer.window)


@lowers(StepConv1D)
def step_conv(layer: StepConv1D, to: Builder, x: Op) -> Op:
    kernel = weight(layer.kernel)[:, None]
    y = to.conv(to.with_past(x, layer.reach), kernel, weight(layer.bias), (layer.strides[0], 1))
    return activate(layer, to, y)


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

"""Rules for the layers of the denoising networks."""

from __future__ import annotations

import numpy as np

from drsn_keras.layers import DynamicBranch, DynamicConv, KernelAttention, NoiseGate
from drsn_keras.layers.rank import IMAGE

from .builder import Builder
from .ir import Op
from .keras_rules import weight
from .registry import lower_layer, lowers, unsupported


@lowers(KernelAttention)
def kernel_attention(layer: KernelAttention, to: Builder, x: Op) -> Op:
    with to.enter("statistic"):
        statistic = to.mean(x)
    hidden = lower_layer(layer.squeeze, to, statistic)
    with to.enter(layer.excite.name):
        logits = to.conv(hidden, weight(layer.excite.kernel)[None, None] / layer.temperature)
    return to.unary("softmax", logits)


@lowers(DynamicConv)
def dynamic_conv(layer: DynamicConv, to: Builder, x: Op) -> Op:
    """K static convolutions mixed by the attention's shares: no target has a kernel that changes with its input.

    The K convolutions are one, the shares multiply its outputs, and a 1 x 1 convolution by ones sums them: weights that
    are exact in int8, fewer roundings and half the operators of K products and sums, about twice as fast on LiteRT.
    Batch normalisation behind folds into the sum.
    """
    shares = lower_layer(layer.attention, to, x)
    kernel = weight(layer.conv.kernel)
    with to.enter("conv"):
        each = to.conv(x, kernel[:, None] if kernel.ndim == 3 else kernel, weight(layer.conv.bias), padding="same")
    with to.enter("share"):
        share = to.conv(shares, np.repeat(np.eye(layer.kernels), layer.filters, axis=1)[None, None])
    with to.enter("mix"):
        mixed = to.binary("mul", each, share)
    with to.enter("sum"):
        return to.conv(mixed, np.tile(np.eye(layer.filters), (layer.kernels, 1))[None, None])


@lowers(NoiseGate)
def noise_gate(layer: NoiseGate, to: Builder, x: Op) -> Op:
    border = layer.border
    if any(side <= border for side in x.shape[: layer.rank]):
        raise unsupported(layer, to.place, f"a map of {x.shape[: layer.rank]}, which ends before the reflection does")
    with to.enter("border"):
        p = to.reflect_pad(x, border, border if layer.rank == IMAGE else 0) if border else x
    feature, gate = lower_layer(layer.feature, to, p), lower_layer(layer.gate, to, p)
    with to.enter("pass"):
        passed = to.binary("mul", feature, gate)
    return to.unary("leaky_relu", passed, slope=layer.slope)


@lowers(DynamicBranch)
def dynamic_branch(layer: DynamicBranch, to: Builder, x: Op) -> Op:
    for stage in zip(layer.convs, layer.norms, layer.relus, strict=True):
        for part in stage:
            x = lower_layer(part, to, x)
    return x

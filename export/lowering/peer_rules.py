"""Rules for the layers of the published keyword networks."""

from __future__ import annotations

import numpy as np

from drsn_keras.layers import BandMean, SubSpectralNormalization

from .builder import Builder
from .ir import Op
from .keras_rules import weight
from .registry import lowers


@lowers(SubSpectralNormalization)
def sub_spectral_normalization(layer: SubSpectralNormalization, to: Builder, x: Op) -> Op:
    """A scale and a shift for every band and channel: bands times channels are the channels of an affine map."""
    time, bands, channels = x.shape
    scale = weight(layer.gamma) / np.sqrt(weight(layer.moving_variance) + layer.epsilon)
    shift = weight(layer.beta) - weight(layer.moving_mean) * scale
    scale, shift = (np.repeat(one, bands // layer.groups, axis=0).ravel() for one in (scale, shift))
    with to.enter("flat"):
        flat = to.reshape(x, (time, 1, bands * channels))
    normal = to.affine(flat, scale, shift)
    with to.enter("map"):
        return to.reshape(normal, x.shape)


@lowers(BandMean)
def band_mean(layer: BandMean, to: Builder, x: Op) -> Op:
    """A depthwise convolution by equal weights, exact in int8; an average pool would keep its input's scale."""
    _, bands, channels = x.shape
    return to.depthwise(x, np.full((1, bands, channels, 1), 1.0 / bands))

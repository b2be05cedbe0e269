"""Squeeze-and-excitation: the same small network as the shrinkage's, used as a gain."""

from __future__ import annotations

import keras
from keras import ops

from .gated import GatedLayer, over_space
from .rank import spatial_axes


@keras.saving.register_keras_serializable(package="drsn_keras")
class SqueezeExcitation(GatedLayer):
    """Multiply each channel by a gain in (0, 1) computed from all channels' means.

    The gate has the shrinkage's structure (with batch normalisation), so that the two twins differ in what they do with
    alpha and in the statistic (mean x here, mean \\|x\\| there) and in nothing else.

    Parameters
    ----------
    hidden : int, optional
        Width of the gate's hidden layer; the number of channels by default. The original uses channels // 16.
    momentum : float
    kernel_regularizer : keras regularizer, optional

    Input / output
    --------------
    (batch, time, channels) or (batch, height, width, channels) -> the same shape

    References
    ----------
    J. Hu, L. Shen, G. Sun, "Squeeze-and-Excitation Networks", CVPR 2018, doi:10.1109/CVPR.2018.00745.
    """

    def call(self, x, training=None):
        return x * over_space(self.gate(ops.mean(x, axis=spatial_axes(x.shape)), training=training), x)

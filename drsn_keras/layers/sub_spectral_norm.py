"""Sub-spectral normalisation: batch normalisation that knows low bands from high ones."""

from __future__ import annotations

import keras
from keras import ops

from .defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM


@keras.saving.register_keras_serializable(package="drsn_keras")
class SubSpectralNormalization(keras.layers.Layer):
    """Batch normalisation with statistics, gain and offset of their own for every channel of every group of bands.

    Parameters
    ----------
    groups : int
        Neighbouring bands are divided into so many groups of equal size.
    momentum, epsilon : float
        As of ``keras.layers.BatchNormalization``.

    Input / output
    --------------
    (batch, time, bands, channels), bands a multiple of ``groups`` -> the same shape

    References
    ----------
    S. Chang et al., "SubSpectral normalization for neural audio data processing", ICASSP 2021,
    doi:10.1109/ICASSP39728.2021.9413522.
    """

    def __init__(
        self,
        groups: int = 5,
        momentum: float = BATCH_NORM_MOMENTUM,
        epsilon: float = BATCH_NORM_EPSILON,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if groups < 1:
            raise ValueError(f"{self.name}: expected groups >= 1, got {groups!r}")
        self.groups = groups
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape) -> None:
        if len(input_shape) != 4 or None in input_shape[2:] or input_shape[2] % self.groups:
            expected = f"(batch, time, bands, channels) with bands a multiple of {self.groups}"
            raise ValueError(f"{self.name}: expected an input of {expected}, got shape {tuple(input_shape)}")
        shape = (self.groups, input_shape[-1])
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=shape, initializer="zeros", name="beta")
        self.moving_mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(shape=shape, initializer="ones", trainable=False, name="moving_variance")
        super().build(input_shape)

    def call(self, x, training=None):
        bands = x.shape[2] // self.groups
        if training:
            # Sums of squares overflow half precision. The long axes first: they are the outer ones of memory.
            exact = ops.cast(x, "float32")
            mean = self._of_groups(ops.mean(exact, axis=(0, 1)))
            centred = ops.square(exact - ops.repeat(mean, bands, axis=0))
            variance = self._of_groups(ops.mean(centred, axis=(0, 1)))
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + ops.cast(now, moving.dtype) * (1.0 - self.momentum))
        else:
            mean, variance = self.moving_mean, self.moving_variance
        mean, variance, gamma, beta = (ops.cast(one, "float32") for one in (mean, variance, self.gamma, self.beta))
        scale = gamma * ops.rsqrt(variance + self.epsilon)
        scale, shift = (ops.cast(ops.repeat(one, bands, axis=0), x.dtype) for one in (scale, beta - mean * scale))
        return x * scale + shift

    def _of_groups(self, per_band):
        """Mean over the bands of each group [shape=(groups, channels)] of values [shape=(bands, channels)]."""
        return ops.mean(ops.reshape(per_band, (self.groups, -1, per_band.shape[-1])), axis=1)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "groups": self.groups, "momentum": self.momentum, "epsilon": self.epsilon}

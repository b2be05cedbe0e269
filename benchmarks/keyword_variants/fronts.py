"""What stands between the root-mel spectrum and the body."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from drsn_keras.layers.defaults import BATCH_NORM_EPSILON
from drsn_keras.layers.shrinkage import running_mean
from drsn_keras.layers.spectral_shrinkage import LARGEST

from .variants import Variant

#: Frames of the means whose least is the noise floor; most of it that may be taken off.
_FLOOR_FRAMES, _LARGEST_OF_FLOOR = 8, 4.0
_HIDDEN = 24
_SMALL = 1e-6
_PCEN_START = {"smoothing": -3.6, "gain": 3.0, "offset": 0.7, "root": 0.0}


def logarithm(x):
    """Of the mel power whose fourth root x is."""
    return 4.0 * ops.log(x)


SHRINK = {
    "soft": lambda x, tau: ops.relu(x - tau),
    "garrote": lambda x, tau: ops.relu(x - ops.square(tau) / (x + _SMALL)),
    "firm": lambda x, tau: ops.minimum(ops.relu(2.0 * (x - tau)), x),
    "leaky": lambda x, tau: ops.where(x > tau, x - tau, 0.1 * (x - tau)),
    "floor": lambda x, tau: ops.maximum(x - tau, 0.1 * x),
}


def _floor(x):
    means = ops.average_pool(x, _FLOOR_FRAMES, strides=1, padding="valid")
    return ops.min(means, axis=1, keepdims=True)


BASES = {
    "mean": lambda x: LARGEST * ops.mean(x, axis=1, keepdims=True),
    "rms": lambda x: LARGEST * ops.sqrt(ops.mean(ops.square(x), axis=1, keepdims=True)),
    "running": lambda x: LARGEST * running_mean(x, x.shape[1]),
    "floor": lambda x: _LARGEST_OF_FLOOR * _floor(x),
}


class Threshold(keras.layers.Layer):
    """The library's SpectralShrinkage with parts exchanged: (batch, frames, bands), >= 0 -> the same shape."""

    def __init__(self, variant: Variant, **kwargs) -> None:
        super().__init__(**kwargs)
        self.variant = variant

    def build(self, input_shape) -> None:
        batch, frames, bands = input_shape
        norm = {"momentum": 0.9, "epsilon": BATCH_NORM_EPSILON}
        self.clip_norm = keras.layers.BatchNormalization(**norm)
        self.clip = keras.layers.Dense(_HIDDEN, kernel_initializer="he_normal")
        self.clip_norm.build((batch, 3 * bands))
        self.clip.build((batch, 3 * bands))
        hidden = (batch, _HIDDEN)
        if self.variant.every_frame:
            seen = (batch, frames, bands * (1 + len(self.variant.locals)))
            self.moment_norm = keras.layers.BatchNormalization(**norm)
            self.moment = keras.layers.Dense(_HIDDEN, kernel_initializer="he_normal", use_bias=False)
            self.moment_norm.build(seen)
            self.moment.build(seen)
            hidden = (batch, frames, _HIDDEN)
        self.norm = keras.layers.BatchNormalization(**norm)
        self.excite = keras.layers.Dense(bands, kernel_initializer="he_normal", activation="sigmoid")
        self.norm.build(hidden)
        self.excite.build(hidden)
        super().build(input_shape)

    def call(self, x, training=None):
        variant = self.variant
        statistics = ops.concatenate([ops.mean(x, axis=1), ops.max(x, axis=1) / 3, ops.min(x, axis=1)], axis=-1)
        h = self.clip(self.clip_norm(statistics, training=training))
        if variant.every_frame:
            seen = ops.concatenate([x, *(running_mean(x, frames) for frames in variant.locals)], axis=-1)
            h = self.moment(self.moment_norm(seen, training=training)) + h[:, None]
        alpha = self.excite(ops.relu(self.norm(h, training=training)))
        alpha = alpha if variant.every_frame else alpha[:, None]
        return SHRINK[variant.shrink](x, alpha * BASES[variant.base](x))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


class Pcen(keras.layers.Layer):
    """Per-channel energy normalisation of mel powers given as fourth roots, all of its constants trained.

    References
    ----------
    Y. Wang et al., "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017.
    """

    def build(self, input_shape) -> None:
        _, frames, bands = input_shape
        for name, value in _PCEN_START.items():
            constant = keras.initializers.Constant(value)
            setattr(self, f"_{name}", self.add_weight(shape=(bands,), initializer=constant, name=name))
        age = np.arange(frames)[:, None] - np.arange(frames)[None]
        self._age = np.maximum(age, 0).astype(np.float32)
        self._past = (age >= 0).astype(np.float32)
        super().build(input_shape)

    def call(self, x):
        power = ops.square(ops.square(x)) * 2.0**5
        smoothing = ops.sigmoid(self._smoothing)[:, None, None]
        # The recursive average as one matrix a band: frames are few, a recursion of 98 steps is slow to train.
        kernel = ops.power(1.0 - smoothing, self._age) * self._past
        first = np.zeros_like(self._age)
        first[:, 0] = 1.0
        kernel = kernel * ops.where(first > 0, 1.0, smoothing)
        average = ops.einsum("fts,bsf->btf", kernel, power)
        gain, offset, root = ops.sigmoid(self._gain), ops.exp(self._offset), ops.sigmoid(self._root)
        return ops.power(power / ops.power(1e-3 + average, gain) + offset, root) - ops.power(offset, root)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)


def front(x, variant: Variant):
    """Features for the body of a root-mel spectrum [shape=(batch, frames, bands)]."""
    if variant.front == "threshold":
        return Threshold(variant, name="front")(x)
    if variant.front == "pcen":
        return Pcen(name="front")(x)
    if variant.front == "root":
        return x
    logs = logarithm(x)
    return logs - ops.mean(logs, axis=1, keepdims=True) if variant.front == "log-centred" else logs

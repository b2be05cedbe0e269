"""Shrinkage of a spectrum before any convolution: a spectral subtraction whose noise level is learned."""

from __future__ import annotations

import keras
from keras import ops

from .defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .rank import SIGNAL, check_input
from .shrinkage import record_thresholds, running_mean

#: No band is subtracted more than this many times its mean.
LARGEST = 2.0


@keras.saving.register_keras_serializable(package="drsn_keras")
class SpectralShrinkage(keras.layers.Layer):
    """``y = relu(x - tau)`` over a spectrogram x >= 0, with ``tau = 2 alpha mean(x)`` found by a small network.

    The same kind of threshold as the DRSN's, where it has a physical meaning: x is a compressed power spectrum (roots
    of mel powers), tau the level of noise in each band. alpha = sigmoid(FC(ReLU(BN(h)))), where h sees the whole clip
    and, with ``local``, the moment:

    - the clip: FC(BN([mean, max / 3, min of each band over time])): stationary noise shows in the minimum, speech in
      the maximum;
    - the moment: FC(BN([x_t, mean of the last ``local`` frames])).

    With ``window`` nothing that comes later counts, so that a stream can be shrunk while it is heard: mean(x) is a
    running one over the last so many frames (zeros before the start), and h sees [x_t, the local mean, that mean].

    There is no division by a level: batch normalisation makes the statistics comparable, so that the layer has an
    integer form on every target.

    Parameters
    ----------
    hidden : int
        Width of the network behind the thresholds.
    local : int, optional
        Frames of the local mean; None gives one threshold a band for the whole clip. Required with ``window``.
    window : int, optional
        Frames of the running mean; the whole input by default.
    momentum : float
        Of the batch normalisations.

    Input / output
    --------------
    (batch, frames, bands), values >= 0 -> the same shape, values >= 0

    References
    ----------
    S. F. Boll, "Suppression of acoustic noise in speech using spectral subtraction", IEEE Trans. ASSP 27(2):113-120,
    1979; M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020 (the threshold).
    """

    def __init__(
        self,
        hidden: int = 24,
        local: int | None = 8,
        window: int | None = None,
        momentum: float = BATCH_NORM_MOMENTUM,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("hidden", hidden), ("local", local), ("window", window)):
            if value is not None and value < 1:
                raise ValueError(f"{self.name}: expected {name} >= 1, got {value!r}")
        if window is not None and local is None:
            raise ValueError(f"{self.name}: expected local frames with a window, got None")
        self.hidden = hidden
        self.local = local
        self.window = window
        self.momentum = momentum

    def _norm(self, name: str, shape: tuple) -> keras.layers.Layer:
        norm = keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=BATCH_NORM_EPSILON, dtype=self.dtype_policy, name=name
        )
        norm.build(shape)
        return norm

    def _dense(self, name: str, units: int, shape: tuple, **options) -> keras.layers.Layer:
        dense = keras.layers.Dense(units, kernel_initializer="he_normal", dtype=self.dtype_policy, name=name, **options)
        dense.build(shape)
        return dense

    def build(self, input_shape) -> None:
        check_input(input_shape, SIGNAL, self.name)
        batch, frames, bands = input_shape
        self.clip_norm = self.clip = self.moment_norm = self.moment = None
        if self.window is None:
            self.clip_norm = self._norm("clip_norm", (batch, 3 * bands))
            self.clip = self._dense("clip", self.hidden, (batch, 3 * bands))
        if self.local is not None:
            seen = (2 if self.window is None else 3) * bands
            self.moment_norm = self._norm("moment_norm", (batch, frames, seen))
            self.moment = self._dense("moment", self.hidden, (batch, frames, seen), use_bias=False)
        hidden = (batch, self.hidden) if self.local is None else (batch, frames, self.hidden)
        self.norm = self._norm("norm", hidden)
        self.relu = keras.layers.ReLU(dtype=self.dtype_policy, name="relu")
        self.excite = self._dense("excite", bands, hidden, activation="sigmoid")
        super().build(input_shape)

    def thresholds(self, x, training=None):
        """The thresholds of each sample.

        Returns
        -------
        tau, alpha : tensors [shape=(batch, 1 or frames, bands)]
            0 < alpha < 1; tau in the units of x.
        """
        seen, h = [], None
        if self.window is None:
            mean = ops.mean(x, axis=1)
            statistics = ops.concatenate([mean, ops.max(x, axis=1) / 3, ops.min(x, axis=1)], axis=-1)
            h = self.clip(self.clip_norm(statistics, training=training))
            mean = mean[:, None]
        else:
            mean = running_mean(x, self.window)
            seen = [mean]
        if self.local is not None:
            seen = [x, running_mean(x, self.local), *seen]
            moment = self.moment(self.moment_norm(ops.concatenate(seen, axis=-1), training=training))
            h = moment if h is None else moment + h[:, None]
        alpha = self.excite(self.relu(self.norm(h, training=training)))
        alpha = alpha if len(alpha.shape) == len(x.shape) else alpha[:, None]
        return LARGEST * alpha * mean, alpha

    def call(self, x, training=None):
        tau, alpha = self.thresholds(x, training=training)
        record_thresholds(self.path, ops.mean(tau, axis=1), ops.mean(alpha, axis=1))
        return ops.relu(x - tau)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hidden": self.hidden,
            "local": self.local,
            "window": self.window,
            "momentum": self.momentum,
        }

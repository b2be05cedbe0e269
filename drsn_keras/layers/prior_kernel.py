"""What a local Wiener filter did to a signal, as the impulse response of a linear filter."""

from __future__ import annotations

import keras
from keras import ops

from .fourier import inverse_real, spectrum
from .local_wiener import check_window, local_wiener
from .rank import check_input

_TINY = 1e-20


@keras.saving.register_keras_serializable(package="drsn_keras")
class PriorKernel(keras.layers.Layer):
    """``h0 = |IFFT(FFT(wiener(x)) / FFT(x))|`` of each channel of each sample: the prior of the prior-guided network.

    The division is written ``W conj(X) / max(|X|^2, guard * mean|X|^2)``. That is W / X at every frequency where the
    signal has more than ``guard`` of its mean power, and fades to zero where it has none, so that ``h0`` is finite for
    every input, zeros included. No gradient is wanted of it: there are no weights before it.

    Parameters
    ----------
    window : int, odd, >= 3
        Of :class:`LocalWiener`.
    guard : float > 0
        1e-2 is an amplitude of 10 % of the RMS of all frequencies; of white noise 1 % of the frequencies lie below.
        Smaller ones let a single frequency where the signal happens to vanish decide ``h0``, and its rounding as well.

    Input / output
    --------------
    (batch, n, channels) or (batch, height, width, channels) -> the same shape, >= 0, without unit; lag 0 comes first,
    negative lags last. Computed in float32 whatever the policy.

    Examples
    --------
    >>> import numpy as np
    >>> h0 = PriorKernel()(np.random.default_rng(0).standard_normal((2, 100, 1)).astype("float32"))
    >>> h0.shape, np.asarray(h0).argmax(axis=1).ravel().tolist()
    (TensorShape([2, 100, 1]), [0, 0])
    """

    def __init__(self, window: int = 3, guard: float = 1e-2, **kwargs) -> None:
        super().__init__(**kwargs)
        self.window = check_window(window, self.name)
        if not guard > 0:
            raise ValueError(f"{self.name}: expected guard > 0, got {guard!r}")
        self.guard = float(guard)

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        super().build(input_shape)

    def call(self, x):
        x = ops.cast(x, "float32")
        signal_re, signal_im = spectrum(_planes(x))
        wiener_re, wiener_im = spectrum(_planes(local_wiener(x, self.window)))
        power = ops.square(signal_re) + ops.square(signal_im)
        floor = self.guard * ops.mean(power, axis=(-2, -1), keepdims=True) + _TINY
        scale = 1.0 / ops.maximum(power, floor)
        re = (wiener_re * signal_re + wiener_im * signal_im) * scale
        im = (wiener_im * signal_re - wiener_re * signal_im) * scale
        # Spectra of real signals: the imaginary part of the inverse is rounding alone.
        h0 = ops.abs(inverse_real(re, im))
        return ops.cast(_channels_last(h0, len(x.shape)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "window": self.window, "guard": self.guard}


def _planes(x):
    """[shape=(batch, channels, height or 1, width or n)]"""
    return ops.transpose(x, (0, 3, 1, 2)) if len(x.shape) == 4 else ops.transpose(x, (0, 2, 1))[:, :, None]


def _channels_last(planes, axes: int):
    return ops.transpose(planes, (0, 2, 3, 1)) if axes == 4 else ops.transpose(planes[:, :, 0], (0, 2, 1))

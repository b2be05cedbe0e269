"""Max pooling of any length into as many values as a kernel has taps."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, rank_of


@keras.saving.register_keras_serializable(package="drsn_keras")
class TapPool(keras.layers.Layer):
    """Largest value in each of ``taps`` bins an axis, of ``n // taps`` positions each; what is left behind is dropped.

    Of 12 to 14 positions and 3 taps it is the max pooling of 4 of the prior-guided network (signals of 96 to 119
    samples); at other lengths it still gives one value a tap.

    Parameters
    ----------
    taps : int >= 1

    Input / output
    --------------
    (batch, n, channels) -> (batch, taps, channels), n >= taps; images alike on both axes

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(TapPool(3)(np.array([5, 1, 2, 4, 0, 3, 9], "float32").reshape(1, 7, 1)))[0, :, 0].tolist()
    [5.0, 4.0, 3.0]
    """

    def __init__(self, taps: int = 3, **kwargs) -> None:
        super().__init__(**kwargs)
        if taps < 1:
            raise ValueError(f"{self.name}: expected taps >= 1, got {taps!r}")
        self.taps = taps

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        if any(n is not None and n < self.taps for n in input_shape[1:-1]):
            raise ValueError(f"{self.name}: expected at least {self.taps} positions, got shape {tuple(input_shape)}")
        super().build(input_shape)

    def call(self, x):
        rank, shape = rank_of(x.shape), ops.shape(x)
        sizes = [n // self.taps for n in shape[1:-1]]
        kept = x[(slice(None), *(slice(self.taps * size) for size in sizes))]
        bins = ops.reshape(kept, (shape[0], *(n for size in sizes for n in (self.taps, size)), shape[-1]))
        return ops.max(bins, axis=tuple(range(2, 2 * rank + 1, 2)))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(self.taps for _ in input_shape[1:-1]), input_shape[-1])

    def get_config(self) -> dict:
        return {**super().get_config(), "taps": self.taps}

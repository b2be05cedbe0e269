"""Twice as many positions by linear interpolation, first and last kept in place."""

from __future__ import annotations

import keras
from keras import ops

from .rank import check_input, spatial_axes


@keras.saving.register_keras_serializable(package="drsn_keras")
class LinearUpsample(keras.layers.Layer):
    """Linear (images: bilinear) interpolation from n to 2 n positions an axis, corners aligned.

    Output position j lies at ``j (n - 1) / (2 n - 1)`` of the input. Written without gathering: the even outputs are
    ``x[i] + i / (2 n - 1) * (x[i - 1] - x[i])``, the odd ones ``x[i] + (n - 1 - i) / (2 n - 1) * (x[i + 1] - x[i])``:
    shifts, constants and sums, which every device has. Lengths may be unknown when the network is built.

    Input / output
    --------------
    (batch, n, channels) -> (batch, 2 n, channels); images alike on both axes

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(LinearUpsample()(np.array([[[0.0], [3.0]]], "float32")))[0, :, 0].tolist()
    [0.0, 1.0, 2.0, 3.0]
    """

    def build(self, input_shape) -> None:
        check_input(input_shape, None, self.name)
        super().build(input_shape)

    def call(self, x):
        for axis in spatial_axes(x.shape):
            x = _double(x, axis)
        return x

    def compute_output_shape(self, input_shape):
        spatial = (n if n is None else 2 * n for n in input_shape[1:-1])
        return (input_shape[0], *spatial, input_shape[-1])


def _double(x, axis: int):
    shape = ops.shape(x)
    n = shape[axis]
    # Shares of long signals need more digits than half precision has.
    share = ops.cast(ops.arange(n), "float32") / ops.cast(2 * n - 1, "float32")
    share = ops.cast(ops.reshape(share, (-1, *(1 for _ in shape[axis + 1 :]))), x.dtype)

    def part(first: int | None, last: int | None):
        return x[(*(slice(None),) * axis, slice(first, last))]

    before = ops.concatenate([part(0, 1), part(0, -1)], axis=axis)
    behind = ops.concatenate([part(1, None), part(-1, None)], axis=axis)
    even = x + share * (before - x)
    odd = x + ops.flip(share, axis=0) * (behind - x)
    pairs = ops.stack([even, odd], axis=axis + 1)
    return ops.reshape(pairs, (*shape[:axis], 2 * n, *shape[axis + 1 :]))

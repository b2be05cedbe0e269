"""A depthwise convolution whose strides differ between the axes, on every machine."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("drsn_keras")
class UnevenDepthwise2D(keras.layers.DepthwiseConv2D):
    """``keras.layers.DepthwiseConv2D`` with the same weights and the same function, strides as they may be.

    TensorFlow's kernel for CPUs knows equal strides only, but where oneDNN replaces it. Uneven ones are computed as the
    sum of shifted inputs times a tap each; all else is Keras's own convolution.

    Parameters
    ----------
    *args, **kwargs : as ``keras.layers.DepthwiseConv2D``

    Examples
    --------
    >>> import numpy as np
    >>> UnevenDepthwise2D((1, 3), strides=(1, 2), padding="same")(np.ones((2, 7, 10, 4), "float32")).shape
    TensorShape([2, 7, 5, 4])
    """

    def call(self, inputs):
        plain = self.data_format == "channels_last" and self.depth_multiplier == 1 and self.dilation_rate == (1, 1)
        known = None not in inputs.shape[1:3]
        if self.strides[0] == self.strides[1] or not (plain and known):
            return super().call(inputs)
        sizes = list(zip(inputs.shape[1:3], self.kernel_size, self.strides, strict=True))
        x = inputs
        if self.padding == "same":
            missing = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sizes]
            x = ops.pad(x, ((0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)))
        steps = [(n - k) // s + 1 for n, k, s in zip(x.shape[1:3], self.kernel_size, self.strides, strict=True)]
        y = None
        for i in range(self.kernel_size[0]):
            for j in range(self.kernel_size[1]):
                seen = (
                    slice(first, first + (n - 1) * s + 1, s)
                    for first, n, s in zip((i, j), steps, self.strides, strict=True)
                )
                part = x[(slice(None), *seen)] * self.kernel[i, j, :, 0]
                y = part if y is None else y + part
        if self.use_bias:
            y = ops.add(y, self.bias)
        return y if self.activation is None else self.activation(y)

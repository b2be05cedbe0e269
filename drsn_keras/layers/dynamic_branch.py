"""The DRAN's branch B: dynamic convolutions in a row."""

from __future__ import annotations

import keras

from .defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .dynamic_conv import DynamicConv
from .rank import check_input, check_rank


@keras.saving.register_keras_serializable(package="drsn_keras")
class DynamicBranch(keras.layers.Layer):
    """``depth`` times dynamic convolution, batch normalisation, ReLU. The channels stay as they are.

    Parameters
    ----------
    depth : int
    kernel_size : int
    kernels : int
        That every dynamic convolution mixes.
    temperature : float > 0
        Of their attentions' softmax.
    form : {"mixed", "static"}
        How they are computed, see :class:`DynamicConv`.
    rank : {1, 2}
        Signals or images.
    momentum : float
        Of every batch normalisation.

    Input / output
    --------------
    (batch, n, channels) or (batch, height, width, channels) -> the same shape

    References
    ----------
    S. M. A. Sharif, R. A. Naqvi, M. Biswas, "Learning Medical Image Denoising with Deep Dynamic Residual Attention
    Network", Mathematics 8(12):2192, 2020, doi:10.3390/math8122192.
    """

    def __init__(
        self,
        depth: int = 5,
        kernel_size: int = 3,
        kernels: int = 4,
        temperature: float = 34.0,
        form: str = "mixed",
        rank: int = 1,
        momentum: float = BATCH_NORM_MOMENTUM,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if depth < 1:
            raise ValueError(f"{self.name}: expected depth >= 1, got {depth!r}")
        self.depth = depth
        self.kernel_size = kernel_size
        self.kernels = kernels
        self.temperature = temperature
        self.form = form
        self.rank = check_rank(rank, self.name)
        self.momentum = momentum

    def build(self, input_shape) -> None:
        check_input(input_shape, self.rank, self.name)
        self.convs, self.norms, self.relus = [], [], []
        for i in range(1, self.depth + 1):
            dynamic = DynamicConv(
                input_shape[-1],
                self.kernel_size,
                self.kernels,
                temperature=self.temperature,
                form=self.form,
                rank=self.rank,
                dtype=self.dtype_policy,
                name=f"conv{i}",
            )
            norm = keras.layers.BatchNormalization(
                momentum=self.momentum, epsilon=BATCH_NORM_EPSILON, dtype=self.dtype_policy, name=f"norm{i}"
            )
            relu = keras.layers.ReLU(dtype=self.dtype_policy, name=f"relu{i}")
            for parts, part in zip((self.convs, self.norms, self.relus), (dynamic, norm, relu), strict=True):
                part.build(input_shape)
                parts.append(part)
        super().build(input_shape)

    def call(self, x, training=None):
        for conv, norm, relu in zip(self.convs, self.norms, self.relus, strict=True):
            x = relu(norm(conv(x), training=training))
        return x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "depth": self.depth,
            "kernel_size": self.kernel_size,
            "kernels": self.kernels,
            "temperature": self.temperature,
            "form": self.form,
            "rank": self.rank,
            "momentum": self.momentum,
        }

"""Dynamic convolution: K kernels, mixed anew for every input."""

from __future__ import annotations

import itertools

import keras
from keras import ops

from .kernel_attention import KernelAttention
from .rank import check_input, check_rank, conv

FORMS = ("mixed", "static")


@keras.saving.register_keras_serializable(package="drsn_keras")
class DynamicConv(keras.layers.Layer):
    """``sum_k pi_k(x) (W_k * x + b_k)``: a convolution whose kernel and bias follow the input.

    The shares ``pi`` are a :class:`KernelAttention`'s. There are two ways to compute the same function from the same
    weights: ``mixed`` mixes the kernels of each sample and convolves once (as one matrix product a sample), with 1 / K
    of the multiply-accumulates and ``kernel_size ** rank`` times the memory of the input; ``static`` convolves with all
    kernels and mixes the results, with K times the memory of the output. On a CPU a training step of ``mixed`` takes
    0.4 to 0.8 of the time. Devices get the static one, as a kernel of its own for each input has no integer operator.

    Parameters
    ----------
    filters : int
    kernel_size : int
    kernels : int
        K.
    hidden : int, optional
        Width of the attention's hidden layer; a quarter of the input's channels by default.
    temperature : float > 0
        Of the attention's softmax.
    form : {"mixed", "static"}
    rank : {1, 2}
        Signals or images.

    Input / output
    --------------
    (batch, n, channels) -> (batch, n, filters); images alike; zeros around the border

    References
    ----------
    Y. Chen et al., "Dynamic Convolution: Attention over Convolution Kernels", CVPR 2020,
    doi:10.1109/CVPR42600.2020.01104; S. M. A. Sharif, R. A. Naqvi, M. Biswas, "Learning Medical Image Denoising with
    Deep Dynamic Residual Attention Network", Mathematics 8(12):2192, 2020, doi:10.3390/math8122192.

    Examples
    --------
    >>> import numpy as np
    >>> DynamicConv(8)(np.ones((2, 10, 4), "float32")).shape
    TensorShape([2, 10, 8])
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        kernels: int = 4,
        hidden: int | None = None,
        temperature: float = 34.0,
        form: str = "mixed",
        rank: int = 1,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("filters", filters), ("kernel_size", kernel_size)):
            if value < 1:
                raise ValueError(f"{self.name}: expected {name} >= 1, got {value!r}")
        if form not in FORMS:
            raise ValueError(f"{self.name}: expected form {' or '.join(FORMS)}, got {form!r}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.form = form
        self.rank = check_rank(rank, self.name)
        # Here, so that its arguments are checked early.
        self.attention = KernelAttention(kernels, hidden, temperature, dtype=self.dtype_policy, name="attention")
        self.kernels = self.attention.kernels
        self.hidden = self.attention.hidden
        self.temperature = self.attention.temperature

    def build(self, input_shape) -> None:
        check_input(input_shape, self.rank, self.name)
        # All kernels in one, the first one's outputs first: one convolution makes them all, and the initial bound is
        # that of a single kernel (its fan-in does not count them).
        self.conv = conv(
            self.rank,
            self.kernels * self.filters,
            self.kernel_size,
            padding="same",
            kernel_initializer="he_uniform",
            dtype=self.dtype_policy,
            name="conv",
        )
        self.conv.build(input_shape)
        self.attention.build(input_shape)
        super().build(input_shape)

    def call(self, x):
        shares = self.attention(x)
        return self._static(x, shares) if self.form == "static" else self._mixed(x, shares)

    def _static(self, x, shares):
        spatial = ops.shape(x)[1:-1]
        each = ops.reshape(self.conv(x), (-1, *spatial, self.kernels, self.filters))
        shares = ops.reshape(shares, (-1, *(1 for _ in spatial), self.kernels, 1))
        return ops.sum(each * shares, axis=-2)

    def _mixed(self, x, shares):
        shape, channels = ops.shape(x), x.shape[-1]
        taps = self.kernel_size**self.rank
        kernels = ops.reshape(self.conv.kernel, (taps * channels, self.kernels, self.filters))
        kernel = ops.einsum("bk,nkf->bnf", shares, ops.cast(kernels, x.dtype))
        bias = ops.matmul(shares, ops.reshape(ops.cast(self.conv.bias, x.dtype), (self.kernels, self.filters)))
        before = (self.kernel_size - 1) // 2
        around = (before, self.kernel_size - 1 - before)
        padded = ops.pad(x, ((0, 0), *(around for _ in range(self.rank)), (0, 0)))
        shifts = itertools.product(range(self.kernel_size), repeat=self.rank)
        windows = ops.concatenate([padded[self._window(shift, shape)] for shift in shifts], axis=-1)
        rows = ops.matmul(ops.reshape(windows, (shape[0], -1, taps * channels)), kernel) + bias[:, None]
        return ops.reshape(rows, (*shape[:-1], self.filters))

    def _window(self, shift, shape):
        """The map as one tap of the kernel sees it."""
        spatial = (slice(start, start + n) for start, n in zip(shift, shape[1:-1], strict=True))
        return (slice(None), *spatial, slice(None))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "kernels": self.kernels,
            "hidden": self.hidden,
            "temperature": self.temperature,
            "form": self.form,
            "rank": self.rank,
        }

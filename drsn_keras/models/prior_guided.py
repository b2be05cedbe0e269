"""The prior-guided denoiser: a small U-Net whose deepest kernel is modulated by what a Wiener filter did."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import LinearUpsample, ModulatedConv, PaddedConcat, PriorKernel, Shrinkage, TapPool
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from ..layers.rank import check_rank, conv

NORMS = ("batch", "instance", "shrinkage", None)
#: Channels of the encoder's levels; the deepest, below the last pooling, has the last again.
FILTERS = (2, 4, 8, 16)
KERNEL_SIZE = 3


def prior_guided(
    input_shape: Sequence[int | None] = (100, 1),
    *,
    norm: str | None = "batch",
    beta: float = 0.5,
    prior: bool = True,
    rank: int = 1,
    filters: Sequence[int] = FILTERS,
    modulation: str = "sample",
    window: int = 3,
    residual: bool = True,
    momentum: float = BATCH_NORM_MOMENTUM,
    name: str = "prior_guided",
) -> keras.Model:
    """U-Net for signals or images, guided by the transfer function of a local Wiener filter.

    A double convolution is twice [convolution of 3, normalisation, ReLU]. Encoder: one at full length, one after each
    max pooling of 2. Decoder: linear upsampling by 2, a zero behind where needed, the encoder's map of that level in
    front, a double convolution; at last a 1x1 convolution. Prior: ``h0`` of
    :class:`~drsn_keras.layers.PriorKernel`, double convolutions and poolings like the encoder's but for the deepest,
    max pooling to one value a tap; it modulates the first kernel of the deepest level by
    :class:`~drsn_keras.layers.ModulatedConv`.

    Over (100, 1) the default has 7,749 trainable parameters: 6,039 of the U-Net (5,622 in kernels of 3, 138 biases,
    276 of normalisation, 3 in the last layer) and 1,710 of the prior's network (1,530, 60 and 120).

    Parameters
    ----------
    input_shape : (n_samples, channels) or (height, width, channels)
        At least 24 positions on a side with the prior (3 taps after 3 poolings), 16 without. Lengths may be None.
    norm : {"batch", "instance", "shrinkage", None}
        After every convolution. ``batch``: moving statistics in use (the slides' "fixed"). ``instance``: statistics of
        the current signal, in training and in use (the slides' "unfixed": batch normalisation of a batch of one).
        ``shrinkage``: batch normalisation, then the channel-wise shrinkage of the DRSN; train it on batches of more
        than one, because its gate normalises over the batch alone.
    beta : float
        Weight of the prior.
    prior : bool
        False leaves the prior and its network out.
    rank : {1, 2}
        Signals or images.
    filters : channels of each level
    modulation : {"sample", "batch"}
        Each sample's own prior, or the batch's mean as published. The default is the sample's: an output must not
        depend on what else is in the batch, and at the published batch size of 1 the two are the same.
    window : int, odd, >= 3
        Of the Wiener filter.
    residual : bool
        The network predicts the noise, and the output is the input without it; False predicts the signal.
    momentum : float
        Of every batch normalisation.
    name : str

    Returns
    -------
    keras.Model
        noisy -> clean of the same shape, in the same unit

    Raises
    ------
    ValueError
        An unknown ``norm``, a wrong rank or window, an input shorter than stated above.

    References
    ----------
    O. Ronneberger, P. Fischer, T. Brox, "U-Net", MICCAI 2015, doi:10.1007/978-3-319-24574-4_28; J. S. Lim,
    "Two-Dimensional Signal and Image Processing", 1990 (the filter).

    Examples
    --------
    >>> from drsn_keras.models import count_parameters
    >>> count_parameters(prior_guided())
    7749
    """
    if norm not in NORMS:
        raise ValueError(f"norm: expected one of {', '.join(map(repr, NORMS))}, got {norm!r}")
    if not filters:
        raise ValueError(f"filters: expected one entry a level, got {filters!r}")
    if len(input_shape) != check_rank(rank, "prior_guided") + 1:
        raise ValueError(f"input_shape: expected {rank + 1} entries at rank {rank}, got {tuple(input_shape)}")
    least = 2 ** len(filters) if not prior else max(2 ** len(filters), KERNEL_SIZE * 2 ** (len(filters) - 1))
    if any(n is not None and n < least for n in input_shape[:-1]):
        raise ValueError(f"input_shape: expected at least {least} positions on a side, got {tuple(input_shape)}")
    net = _Blocks(rank, norm, momentum)
    inputs = keras.Input(tuple(input_shape), name="noisy")
    h = _prior_network(net, inputs, filters, window) if prior else None

    x = net.double(inputs, filters[0], "enc1")
    skips = [x]
    for level, width in enumerate(filters[1:], start=2):
        x = net.double(net.halve(x, f"pool{level}"), width, f"enc{level}")
        skips.append(x)
    x = net.halve(x, "pool_deepest")
    if prior:
        first = ModulatedConv(filters[-1], KERNEL_SIZE, beta, modulation, rank, name="deepest_conv1")([x, h])
    else:
        first = net.conv(x, filters[-1], "deepest_conv1")
    x = net.second_half(first, filters[-1], "deepest")
    for level in range(len(filters), 0, -1):
        width = filters[level - 1]
        x = LinearUpsample(name=f"dec{level}_up")(x)
        x = PaddedConcat(name=f"dec{level}_concat")([skips[level - 1], x])
        x = net.double(x, filters[max(level - 2, 0)], f"dec{level}", middle=width)
    last = "noise" if residual else "clean"
    outputs = net.conv(x, input_shape[-1], last, size=1, dtype="float32")
    if residual:
        outputs = keras.layers.Subtract(dtype="float32", name="clean")([inputs, outputs])
    return keras.Model(inputs, outputs, name=name)


def _prior_network(net: _Blocks, inputs, filters: Sequence[int], window: int):
    """One value a tap and channel of the deepest kernel, >= 0."""
    h = PriorKernel(window, name="prior_h0")(inputs)
    for level, width in enumerate(filters, start=1):
        h = net.double(h if level == 1 else net.halve(h, f"prior{level}_pool"), width, f"prior{level}")
    return TapPool(KERNEL_SIZE, name="prior_taps")(h)


class _Blocks:
    """What every level is made of."""

    def __init__(self, rank: int, norm: str | None, momentum: float) -> None:
        self.rank, self.kind, self.momentum = rank, norm, momentum
        self.pool = keras.layers.MaxPooling1D if rank == 1 else keras.layers.MaxPooling2D

    def halve(self, x, name: str):
        return self.pool(2, name=name)(x)

    def conv(self, x, filters: int, name: str, size: int = KERNEL_SIZE, **options):
        return conv(self.rank, filters, size, padding="same", kernel_initializer="he_normal", name=name, **options)(x)

    def double(self, x, filters: int, name: str, middle: int | None = None):
        return self.second_half(self.conv(x, middle or filters, f"{name}_conv1"), filters, name)

    def second_half(self, x, filters: int, name: str):
        """All of a double convolution that follows its first convolution."""
        x = self.activate(x, f"{name}_norm1")
        return self.activate(self.conv(x, filters, f"{name}_conv2"), f"{name}_norm2")

    def activate(self, x, name: str):
        if self.kind == "instance":
            x = keras.layers.GroupNormalization(groups=-1, epsilon=BATCH_NORM_EPSILON, name=name)(x)
        elif self.kind is not None:
            norm = keras.layers.BatchNormalization(momentum=self.momentum, epsilon=BATCH_NORM_EPSILON, name=name)
            x = norm(x)
        if self.kind == "shrinkage":
            x = Shrinkage(momentum=self.momentum, name=name.replace("norm", "shrink"))(x)
        return keras.layers.ReLU(name=name.replace("norm", "relu"))(x)

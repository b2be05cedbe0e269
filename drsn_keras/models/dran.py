"""DRAN: dynamic residual attention network, which mixes its kernels anew for every input."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import DynamicBranch, NoiseGate
from ..layers.defaults import BATCH_NORM_MOMENTUM
from ..layers.rank import check_rank, conv


def dran(
    input_shape: Sequence[int | None],
    *,
    width: int = 64,
    blocks: int = 3,
    depth: int = 5,
    share_blocks: bool = True,
    kernel_size: int = 3,
    kernels: int = 4,
    temperature: float = 34.0,
    form: str = "mixed",
    momentum: float = BATCH_NORM_MOMENTUM,
    rank: int = 2,
    name: str | None = None,
) -> keras.Model:
    """Dynamic residual attention network, for signals or images of any length or size.

    Convolution and ReLU; ``blocks`` times ``B(x) + G(x)``, B a branch of dynamic convolutions and G a noise gate; a
    last convolution and tanh estimate the noise, which is subtracted from the input. With the defaults 969,664
    trainable parameters for colour images, 2,458,944 with a branch for each block.

    Parameters
    ----------
    input_shape : (n_samples, channels) or (height, width, channels)
        None for any length.
    width : int
        Channels inside.
    blocks : int
    depth : int
        Dynamic convolutions of a branch.
    share_blocks : bool
        All blocks call the same branch, as the published code does; each has a gate of its own.
    kernel_size : int
        Odd.
    kernels : int
        That a dynamic convolution mixes.
    temperature : float > 0
        Of the mixture.
    form : {"mixed", "static"}
        How a dynamic convolution is computed, see :class:`drsn_keras.layers.DynamicConv`; the function is the same.
    momentum : float
        Of every batch normalisation.
    rank : {1, 2}
        Signals or images.
    name : str, optional

    Returns
    -------
    keras.Model
        Noisy to clean, both (batch, n_samples, channels) or (batch, height, width, channels), in [-1, 1]: the estimate
        of the noise is.

    Raises
    ------
    ValueError
        For fewer than one block, or an ``input_shape`` of another rank.

    References
    ----------
    S. M. A. Sharif, R. A. Naqvi, M. Biswas, "Learning Medical Image Denoising with Deep Dynamic Residual Attention
    Network", Mathematics 8(12):2192, 2020, doi:10.3390/math8122192.

    Examples
    --------
    >>> from drsn_keras.models import count_parameters
    >>> count_parameters(dran((None, None, 3)))
    969664
    """
    check_rank(rank, "dran")
    if blocks < 1:
        raise ValueError(f"blocks: expected at least 1, got {blocks!r}")
    if len(input_shape) != rank + 1 or input_shape[-1] is None:
        wanted = "(n_samples, channels)" if rank == 1 else "(height, width, channels)"
        raise ValueError(f"input_shape: expected {wanted}, got {tuple(input_shape)}")
    plain = {"padding": "same", "use_bias": False, "kernel_initializer": "he_uniform"}
    inputs = keras.Input(tuple(input_shape), name="noisy")
    x = conv(rank, width, kernel_size, activation="relu", name="head", **plain)(inputs)
    branch = None
    for i in range(1, blocks + 1):
        if branch is None or not share_blocks:
            branch = DynamicBranch(
                depth,
                kernel_size,
                kernels,
                temperature=temperature,
                form=form,
                rank=rank,
                momentum=momentum,
                name="branch" if share_blocks else f"branch{i}",
            )
        gate = NoiseGate(width, kernel_size, rank=rank, name=f"gate{i}")
        x = keras.layers.Add(name=f"block{i}")([branch(x), gate(x)])
    tail = conv(rank, input_shape[-1], kernel_size, activation="tanh", dtype="float32", name="noise", **plain)
    outputs = keras.layers.Subtract(dtype="float32", name="clean")([inputs, tail(x)])
    return keras.Model(inputs, outputs, name=name or "dran")

"""The project's own denoiser of whole signals and images: residual shrinkage units at full length."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import ResidualUnit
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from ..layers.rank import check_rank, conv


def shrinkage_denoiser(
    input_shape: Sequence[int | None],
    *,
    filters: int = 16,
    units: int = 3,
    kernel_size: int = 3,
    attention: str | None = "channel_wise",
    residual: bool = True,
    rank: int = 1,
    momentum: float = BATCH_NORM_MOMENTUM,
    name: str = "shrinkage_denoiser",
) -> keras.Model:
    """Convolution, residual shrinkage units without stride, BN, ReLU, 1x1 convolution.

    Every unit thresholds what its convolutions found, at a level that each signal sets by its own mean absolute value.
    With ``kernel_size=1`` all but that level is a function of one sample, which is enough where neighbours tell
    nothing, as in the task of the random spikes.

    Parameters
    ----------
    input_shape : (n_samples, channels) or (height, width, channels)
        Lengths may be None.
    filters, units, kernel_size : int >= 1
    attention : {"channel_wise", "channel_shared", "squeeze_excitation", None}
        Of :class:`~drsn_keras.layers.ResidualUnit`; None is the twin without shrinkage.
    residual : bool
        The network predicts the noise, and the output is the input without it; False predicts the signal.
    rank : {1, 2}
        Signals or images.
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
        ``filters``, ``units`` or ``kernel_size`` below 1, a wrong rank or attention.

    References
    ----------
    M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020 (the units).

    Examples
    --------
    >>> shrinkage_denoiser((None, 1), filters=4, units=1).output_shape
    (None, None, 1)
    """
    for argument, value in (("filters", filters), ("units", units), ("kernel_size", kernel_size)):
        if value < 1:
            raise ValueError(f"{argument}: expected 1 or more, got {value!r}")
    if len(input_shape) != check_rank(rank, "shrinkage_denoiser") + 1:
        raise ValueError(f"input_shape: expected {rank + 1} entries at rank {rank}, got {tuple(input_shape)}")
    start = {"padding": "same", "kernel_initializer": "he_normal"}
    inputs = keras.Input(tuple(input_shape), name="noisy")
    x = conv(rank, filters, kernel_size, name="stem", **start)(inputs)
    for i in range(1, units + 1):
        unit = ResidualUnit(filters, kernel_size, 1, attention, rank=rank, momentum=momentum, name=f"unit{i}")
        x = unit(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="head_norm")(x)
    x = keras.layers.ReLU(name="head_relu")(x)
    last = "noise" if residual else "clean"
    outputs = conv(rank, input_shape[-1], 1, dtype="float32", name=last, **start)(x)
    if residual:
        outputs = keras.layers.Subtract(dtype="float32", name="clean")([inputs, outputs])
    return keras.Model(inputs, outputs, name=name)

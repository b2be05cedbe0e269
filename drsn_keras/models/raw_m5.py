"""M5: a network on the waveform itself, without a front end."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .standardised import scaled

#: Kernel and stride of the first convolution, in samples.
STEM = (80, 16)
#: Filters of each convolution; all but the first have kernels of 3.
FILTERS = (32, 32, 64, 64)
KERNEL, POOL = 3, 4


def least_samples(stem: tuple[int, int] = STEM, pool: int = POOL, stages: int = len(FILTERS)) -> int:
    """Samples below which a stage of the network would have nothing left.

    Examples
    --------
    >>> least_samples()
    6848
    """
    steps = pool
    for _ in range(stages - 1):
        steps = (steps + KERNEL - 1) * pool
    return (steps - 1) * stem[1] + stem[0]


def raw_m5(
    input_shape: Sequence[int],
    classes: int,
    *,
    width: float = 1.0,
    stem: tuple[int, int] = STEM,
    pool: int = POOL,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str = "raw_m5",
) -> keras.Model:
    """Keyword classifier over samples: four times convolution, batch normalisation, ReLU, max pooling of 4; classes.

    The paper's M5 with the sizes of torchaudio's tutorial: a first kernel of 80 samples with stride 16 (the paper's
    stride is 4), 32, 32, 64 and 64 filters, nothing padded. 26,915 parameters for 35 classes, as the tutorial prints;
    1,880,256 MACs for its second of 8 kHz. At 16 kHz, the rate of our other networks, whose noise it then hears
    unchanged, the first kernel spans 5 ms instead of 10: 25,420 parameters and 3,819,264 MACs for 12 classes.

    Parameters
    ----------
    input_shape : (n_samples, 1)
        Samples in [-1, 1]; at least :func:`least_samples`.
    classes : int
    width : float > 0
        Scales the filters.
    stem : (int, int)
        Kernel and stride of the first convolution.
    pool : int
        Of every max pooling.
    momentum : float
        Of every batch normalisation.
    activation : of the last layer; None gives logits
    name : str

    Returns
    -------
    keras.Model
        (batch, n_samples, 1) -> (batch, classes)

    Raises
    ------
    ValueError
        Too few samples, or more than one channel.

    References
    ----------
    W. Dai, C. Dai, S. Qu, J. Li, S. Das, "Very deep convolutional neural networks for raw waveforms", ICASSP 2017,
    doi:10.1109/ICASSP.2017.7952190; torchaudio, "Speech command classification with torchaudio" (tutorial).

    Examples
    --------
    >>> raw_m5((16000, 1), 12).output_shape
    (None, 12)
    """
    least = least_samples(stem, pool)
    if tuple(input_shape[1:]) != (1,) or input_shape[0] < least:
        raise ValueError(f"input_shape: expected at least {least} samples of one channel, got {tuple(input_shape)}")
    x = inputs = keras.Input(tuple(input_shape), name="waveform")
    for i, filters in enumerate(FILTERS, start=1):
        kernel, strides = stem if i == 1 else (KERNEL, 1)
        x = keras.layers.Conv1D(
            scaled(filters, width), kernel, strides, kernel_initializer="he_normal", name=f"conv{i}"
        )(x)
        x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name=f"norm{i}")(x)
        x = keras.layers.ReLU(name=f"relu{i}")(x)
        x = keras.layers.MaxPooling1D(pool, name=f"pool{i}")(x)
    x = keras.layers.GlobalAveragePooling1D(name="head_pool")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name)

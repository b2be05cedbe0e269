"""The paper's network and its twins: one macro-architecture, five kinds of unit."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import ResidualUnit
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from ..layers.rank import check_rank, conv
from .kinds import unit_options

HEADS = ("pool", "flatten")


def residual_network(
    input_shape: Sequence[int],
    classes: int,
    kind: str = "drsn-cw",
    *,
    filters: Sequence[int] = (4, 8, 16),
    units_per_stage: int = 4,
    kernel_size: int = 3,
    stem_kernel: int | None = None,
    stem_strides: int = 2,
    head: str = "pool",
    rank: int = 1,
    shortcut: str = "padded",
    momentum: float = BATCH_NORM_MOMENTUM,
    weight_decay: float = 0.0,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """The paper's macro-architecture, for signals or images.

    Conv, then for every entry of ``filters`` one unit of stride 2 and ``units_per_stage - 1`` of stride 1,
    then BN, ReLU, global average pooling and a fully connected layer. Biases everywhere.

    Parameters
    ----------
    input_shape : (n_samples, channels) or (height, width, channels)
        The paper's is (2048, 1).
    classes : int
    kind : {"drsn-cw", "drsn-cs", "resnet", "senet", "convnet"}
    filters : channels of each stage
    units_per_stage, kernel_size : int
    stem_kernel : int, optional
        Of the first convolution; ``kernel_size`` by default. A wide one over a raw signal is a bank of learned filters.
    stem_strides : int
    head : {"pool", "flatten"}
        What the classes see: the average over positions (the paper), or every position, for inputs whose axis has a
        meaning at each place (a spectrum).
    rank : {1, 2}
    shortcut : {"padded", "projection"}
    momentum : float
        Of every batch normalisation.
    weight_decay : float
        wd of the penalty ``wd * sum(w^2) / 2`` on kernels (the paper: 1e-4).
    activation : of the last layer; None gives logits
    name : str, optional

    Returns
    -------
    keras.Model

    References
    ----------
    M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020, table II.

    Examples
    --------
    >>> residual_network((2048, 1), classes=8, kind="drsn-cw").name
    'drsn_cw'
    """
    check_rank(rank, "residual_network")
    if head not in HEADS:
        raise ValueError(f"head: expected one of {', '.join(HEADS)}, got {head!r}")
    options = unit_options(kind, shortcut)
    regularizer = keras.regularizers.L2(weight_decay / 2) if weight_decay else None
    common = {"kernel_initializer": "he_normal", "kernel_regularizer": regularizer}
    inputs = keras.Input(tuple(input_shape), name="signal" if rank == 1 else "image")
    stem = stem_kernel or kernel_size
    x = conv(rank, filters[0], stem, strides=stem_strides, padding="same", name="stem", **common)(inputs)
    for stage, width in enumerate(filters, start=1):
        for unit in range(1, units_per_stage + 1):
            x = ResidualUnit(
                width,
                kernel_size,
                strides=2 if unit == 1 else 1,
                rank=rank,
                momentum=momentum,
                kernel_regularizer=regularizer,
                name=f"stage{stage}_unit{unit}",
                **options,
            )(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="head_norm")(x)
    x = keras.layers.ReLU(name="head_relu")(x)
    if head == "flatten":
        x = keras.layers.Flatten(name="head_flat")(x)
    else:
        pool = keras.layers.GlobalAveragePooling1D if rank == 1 else keras.layers.GlobalAveragePooling2D
        x = pool(name="head_pool")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes", **common)(x)
    return keras.Model(inputs, outputs, name=name or kind.replace("-", "_"))

"""MatchboxNet: 1-D time-channel separable convolutions with residual blocks."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .standardised import scaled, standardised_input

#: Frames of the depthwise kernel of the prologue, of each block, and of the dilated epilogue.
PROLOGUE, BLOCKS, EPILOGUE, DILATION = 11, (13, 15, 17), 29, 2
#: Channels outside and inside the blocks.
OUTER, INNER = 128, 64


def matchboxnet(
    input_shape: Sequence[int],
    classes: int,
    *,
    width: float = 1.0,
    repeat: int = 1,
    dropout: float = 0.0,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Keyword classifier of the family MatchboxNet-3 x ``repeat`` x 64; all strides are 1.

    A separable convolution to 128 channels; three blocks of 64 channels, each ``repeat`` separable convolutions, to
    whose last one a pointwise convolution of the block's input is added; a dilated separable convolution and a
    pointwise one to 128 channels; mean over time, classes. Batch normalisation behind every pair, ReLU behind that (in
    a block's last one behind the sum), no biases but the classes'.

    Over the authors' 128 x 64 MFCC and the 30 words of Speech Commands v1, 3 x 1 x 64 has 77,214 parameters (published:
    77 k) and 9,195,264 MACs, 3 x 2 x 64 has 92,766 (93 k) and 11,136,768. The paper has no MACs; BC-ResNet's gives 9.3
    and 11.3 M, which one multiplication for every normalised value makes up. Over 98 x 40 and 12 classes: 71,556
    parameters, 6,711,792 MACs.

    Parameters
    ----------
    input_shape : (n_frames, n_features)
    classes : int
    width : float > 0
        Scales the channels.
    repeat : int
        Separable convolutions in each block.
    dropout : float
        Behind every ReLU; 0 in the authors' configuration.
    momentum : float
        Of every batch normalisation.
    activation : of the last layer; None gives logits
    name : str, optional

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features) -> (batch, classes)

    References
    ----------
    S. Majumdar, B. Ginsburg, "MatchboxNet: 1D time-channel separable convolutional neural network architecture for
    speech commands recognition", Interspeech 2020, doi:10.21437/Interspeech.2020-1058 (github.com/NVIDIA/NeMo,
    conf/matchboxnet).

    Examples
    --------
    >>> matchboxnet((98, 40), 12).output_shape
    (None, 12)
    """
    outer, inner = scaled(OUTER, width), scaled(INNER, width)

    def norm(x, place: str):
        return keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name=f"{place}_norm")(x)

    def pointwise(x, filters: int, place: str):
        conv = keras.layers.Conv1D(filters, 1, use_bias=False, kernel_initializer="he_normal", name=place)
        return norm(conv(x), place)

    def separable(x, filters: int, kernel: int, place: str, dilation: int = 1):
        conv = keras.layers.DepthwiseConv1D(
            kernel,
            padding="same",
            dilation_rate=dilation,
            use_bias=False,
            depthwise_initializer="he_normal",
            name=f"{place}_depthwise",
        )
        return pointwise(conv(x), filters, f"{place}_pointwise")

    def relu(x, place: str):
        x = keras.layers.ReLU(name=f"{place}_relu")(x)
        return keras.layers.Dropout(dropout, name=f"{place}_dropout")(x) if dropout else x

    inputs, x = standardised_input(input_shape, momentum)
    x = relu(separable(x, outer, PROLOGUE, "prologue"), "prologue")
    for i, kernel in enumerate(BLOCKS, start=1):
        y = x
        for j in range(1, repeat):
            y = relu(separable(y, inner, kernel, f"block{i}_{j}"), f"block{i}_{j}")
        y = separable(y, inner, kernel, f"block{i}_{repeat}")
        x = relu(keras.layers.Add(name=f"block{i}_sum")([y, pointwise(x, inner, f"block{i}_shortcut")]), f"block{i}")
    x = relu(separable(x, outer, EPILOGUE, "epilogue1", DILATION), "epilogue1")
    x = relu(pointwise(x, outer, "epilogue2"), "epilogue2")
    x = keras.layers.GlobalAveragePooling1D(name="head_pool")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name or f"matchboxnet_3x{repeat}x{inner}")

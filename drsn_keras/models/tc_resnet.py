"""TC-ResNet8: temporal convolutions with bands as channels, in three residual blocks."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .standardised import scaled, standardised_input

#: Channels of the stem and of each block.
CHANNELS = (16, 24, 32, 48)
STEM_KERNEL, KERNEL = 3, 9


def tc_resnet8(
    input_shape: Sequence[int],
    classes: int,
    *,
    width: float = 1.0,
    channels: Sequence[int] = CHANNELS,
    dropout: float = 0.5,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str = "tc_resnet8",
) -> keras.Model:
    """Keyword classifier: a stem of 3 frames, three blocks of two convolutions of 9 frames, pooling, classes.

    Each block halves the time by a stride of 2, its shortcut is a strided 1 x 1 convolution with batch normalisation
    and ReLU, and a ReLU follows the sum. No biases, not even of the classes.

    Over 98 x 40 and 12 classes it has 65,168 parameters and 1,522,560 MACs: two FLOPs each make the paper's 3.0 M. The
    paper's 66 k parameters count the 656 moving statistics of batch normalisation too: 65,824. The authors' code has a
    second output of two values (96 weights) besides, which neither training nor the paper uses.

    Parameters
    ----------
    input_shape : (n_frames, n_features)
    classes : int
    width : float > 0
        Scales the channels.
    channels : of the stem and of each block
    dropout : float
        Before the classes.
    momentum : float
        Of every batch normalisation.
    activation : of the last layer; None gives logits
    name : str

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features) -> (batch, classes)

    References
    ----------
    S. Choi et al., "Temporal convolution for real-time keyword spotting on mobile devices", Interspeech 2019,
    doi:10.21437/Interspeech.2019-1363 (github.com/hyperconnect/TC-ResNet).

    Examples
    --------
    >>> tc_resnet8((98, 40), 12).output_shape
    (None, 12)
    """

    def conv_norm(x, filters: int, kernel: int, strides: int, place: str):
        x = keras.layers.Conv1D(
            filters, kernel, strides, padding="same", use_bias=False, kernel_initializer="he_normal", name=place
        )(x)
        return keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name=f"{place}_norm")(x)

    def relu(x, place: str):
        return keras.layers.ReLU(name=f"{place}_relu")(x)

    first, *rest = (scaled(n, width) for n in channels)
    inputs, x = standardised_input(input_shape, momentum)
    x = relu(conv_norm(x, first, STEM_KERNEL, 1, "stem"), "stem")
    for i, filters in enumerate(rest, start=1):
        # As published: where the channels stay, so does the length, and the shortcut is the input.
        strides, shortcut = 1, x
        if filters != x.shape[-1]:
            strides = 2
            shortcut = relu(conv_norm(x, filters, 1, 2, f"block{i}_down"), f"block{i}_down")
        y = relu(conv_norm(x, filters, KERNEL, strides, f"block{i}_conv1"), f"block{i}_conv1")
        y = conv_norm(y, filters, KERNEL, 1, f"block{i}_conv2")
        x = relu(keras.layers.Add(name=f"block{i}_sum")([y, shortcut]), f"block{i}")
    x = keras.layers.GlobalAveragePooling1D(name="head_pool")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    dense = keras.layers.Dense(classes, activation=activation, use_bias=False, dtype="float32", name="classes")
    return keras.Model(inputs, dense(x), name=name)

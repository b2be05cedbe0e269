"""DS-CNN: depthwise-separable convolutions over time and bands, the reference of MLPerf Tiny."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .standardised import scaled, standardised_input

FILTERS, BLOCKS, STEM_KERNEL = 64, 4, (10, 4)


def ds_cnn(
    input_shape: Sequence[int],
    classes: int,
    *,
    width: float = 1.0,
    blocks: int = BLOCKS,
    dropout: tuple[float, float] = (0.2, 0.4),
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str = "ds_cnn",
) -> keras.Model:
    """Keyword classifier: a strided 10 x 4 convolution, four times depthwise 3 x 3 and pointwise, pooling, classes.

    Biases and batch normalisation everywhere. Over MFCC of 49 x 10 and 12 classes it has 23,756 parameters, and 1,152
    moving statistics beside: 24,908 numbers, the 24.9 k of MLPerf Tiny; 2,656,768 MACs (2.66 M). Over log-mel of
    98 x 40 the same weights cost 8 times as much.

    MLPerf's pooling window is 24 x 5 on a map of 25 x 5 (half of 49 is rounded down) and leaves the last row out; here
    all rows are averaged, which counts the same and has a meaning at every size.

    Parameters
    ----------
    input_shape : (n_frames, n_features)
    classes : int
    width : float > 0
        Scales the filters.
    blocks : int
    dropout : (float, float)
        Behind the first convolution and before the pooling.
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
    Y. Zhang, N. Suda, L. Lai, V. Chandra, "Hello edge: keyword spotting on microcontrollers", arXiv:1711.07128, 2017;
    C. Banbury et al., "MLPerf Tiny benchmark", NeurIPS 2021 (github.com/mlcommons/tiny, keyword_spotting).

    Examples
    --------
    >>> ds_cnn((49, 10), 12).output_shape
    (None, 12)
    """
    filters = scaled(FILTERS, width)

    def norm_relu(x, place: str):
        x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name=f"{place}_norm")(x)
        return keras.layers.ReLU(name=f"{place}_relu")(x)

    inputs, x = standardised_input(input_shape, momentum)
    x = keras.layers.Reshape((*input_shape, 1), name="map")(x)
    common = {"padding": "same", "kernel_initializer": "he_normal"}
    x = norm_relu(keras.layers.Conv2D(filters, STEM_KERNEL, strides=2, name="stem", **common)(x), "stem")
    if dropout[0]:
        x = keras.layers.Dropout(dropout[0], name="stem_dropout")(x)
    for i in range(1, blocks + 1):
        depthwise = keras.layers.DepthwiseConv2D(
            3, padding="same", depthwise_initializer="he_normal", name=f"depthwise{i}"
        )
        x = norm_relu(depthwise(x), f"depthwise{i}")
        x = norm_relu(keras.layers.Conv2D(filters, 1, name=f"pointwise{i}", **common)(x), f"pointwise{i}")
    if dropout[1]:
        x = keras.layers.Dropout(dropout[1], name="head_dropout")(x)
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name)

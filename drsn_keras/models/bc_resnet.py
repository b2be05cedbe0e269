"""BC-ResNet: 1-D temporal convolutions whose output is broadcast back over the bands."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import BandMean, SubSpectralNormalization, UnevenDepthwise2D
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .standardised import scaled, standardised_input

#: (channels over the base, blocks, stride over bands, dilation over time) of each stage.
STAGES = ((1.0, 2, 1, 1), (1.5, 2, 2, 2), (2.0, 4, 2, 4), (2.5, 4, 1, 8))
#: Channels of BC-ResNet-1's first stage; the stem has twice, the head four times as many.
BASE = 8
#: Groups of bands that sub-spectral normalisation tells apart, on maps of 20, 10 and 5 bands for 40 at the input.
GROUPS = 5
#: The strides of stem and stages leave whole groups of so many bands only.
BANDS = 8 * GROUPS
HEAD_KERNEL = 5


def bc_resnet(
    input_shape: Sequence[int],
    classes: int,
    scale: float = 1.0,
    *,
    width: float = 1.0,
    stages: Sequence[tuple[float, int, int, int]] = STAGES,
    dropout: float = 0.1,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Keyword classifier with broadcasted residual learning.

    A strided 5 x 5 convolution, twelve blocks in four stages, depthwise 5 x 5 over all bands that are left, pointwise,
    batch normalisation, ReLU, mean over time, classes. A block convolves each channel over three bands, with
    sub-spectral normalisation; the mean of that over bands is convolved over three (dilated) frames, with batch
    normalisation, swish and a pointwise convolution; the sum of both, where channels stay also with the input, goes
    through a ReLU. Where channels change, a pointwise convolution with batch normalisation and ReLU goes first.

    Over 98 x 40 and 12 classes, ``scale`` 1 has 9,232 parameters (published: 9.2 k) and 2,408,440 MACs, ``scale`` 3 has
    54,168 (54.2 k) and 14,093,160. The paper's 3.1 M and 16.2 M multiplications count more than the convolutions: with
    two for every normalised value, one for every value that a ReLU outside of the blocks' sums or a mean sees, all five
    of its sizes come out. (SparkNet's table gives 3.6 M for BC-ResNet-1; the paper does not.)

    Parameters
    ----------
    input_shape : (n_frames, n_features)
        ``n_features`` a multiple of 40.
    classes : int
    scale : float > 0
        The number in the published names: BC-ResNet-1, BC-ResNet-3.
    width : float > 0
        Scales the channels besides.
    stages : (channels over the base, blocks, stride over bands, dilation over time) of each
    dropout : float
        Of whole channels in each block.
    momentum : float
        Of every batch normalisation.
    activation : of the last layer; None gives logits
    name : str, optional

    Returns
    -------
    keras.Model
        (batch, n_frames, n_features) -> (batch, classes)

    Raises
    ------
    ValueError
        A number of bands that is no multiple of 40; a scale or width not above 0.

    References
    ----------
    B. Kim, S. Chang, J. Lee, D. Sung, "Broadcasted residual learning for efficient keyword spotting", Interspeech 2021,
    doi:10.21437/Interspeech.2021-383 (github.com/Qualcomm-AI-research/bcresnet).

    Examples
    --------
    >>> bc_resnet((98, 40), 12).output_shape
    (None, 12)
    """
    if input_shape[1] % BANDS:
        raise ValueError(f"input_shape: expected bands in multiples of {BANDS}, got {input_shape[1]}")
    if not scale > 0:
        raise ValueError(f"scale: expected a number above 0, got {scale!r}")
    base = scaled(BASE * scale, width)
    layer = _Layers(momentum)
    inputs, x = standardised_input(input_shape, momentum)
    x = keras.layers.Reshape((*input_shape, 1), name="map")(x)
    stem = keras.layers.Conv2D(2 * base, 5, strides=(1, 2), name="stem", padding="same", **_PLAIN)
    x = layer.relu(layer.norm(stem(x), "stem"), "stem")
    for stage, (factor, blocks, stride, dilation) in enumerate(stages, start=1):
        for block in range(1, blocks + 1):
            place = f"stage{stage}_block{block}"
            x = layer.block(x, int(factor * base), stride if block == 1 else 1, dilation, dropout, place)
    x = keras.layers.ZeroPadding2D(((HEAD_KERNEL // 2,) * 2, (0, 0)), name="head_pad")(x)
    x = keras.layers.DepthwiseConv2D(
        HEAD_KERNEL, use_bias=False, depthwise_initializer="he_normal", name="head_depthwise"
    )(x)
    x = layer.relu(layer.norm(layer.pointwise(x, 4 * base, "head"), "head"), "head")
    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name or f"bc_resnet_{scale:g}".replace(".", "_"))


_PLAIN = {"use_bias": False, "kernel_initializer": "he_normal"}


class _Layers:
    """The parts of a block, named after their place."""

    def __init__(self, momentum: float) -> None:
        self._norm = {"momentum": momentum, "epsilon": BATCH_NORM_EPSILON}

    def norm(self, x, place: str):
        return keras.layers.BatchNormalization(**self._norm, name=f"{place}_norm")(x)

    def relu(self, x, place: str):
        return keras.layers.ReLU(name=f"{place}_relu")(x)

    def pointwise(self, x, filters: int, place: str):
        return keras.layers.Conv2D(filters, 1, name=f"{place}_pointwise", **_PLAIN)(x)

    def depthwise(self, x, size: tuple[int, int], place: str, **how):
        conv = UnevenDepthwise2D(
            size, padding="same", use_bias=False, depthwise_initializer="he_normal", name=place, **how
        )
        return conv(x)

    def block(self, x, filters: int, stride: int, dilation: int, dropout: float, place: str):
        same = x.shape[-1] == filters
        y = x
        if not same:
            y = self.relu(
                self.norm(self.pointwise(y, filters, f"{place}_change"), f"{place}_change"), f"{place}_change"
            )
        y = self.depthwise(y, (1, 3), f"{place}_bands", strides=(1, stride))
        y = SubSpectralNormalization(GROUPS, **self._norm, name=f"{place}_bands_norm")(y)
        z = BandMean(name=f"{place}_mean")(y)
        z = self.norm(self.depthwise(z, (3, 1), f"{place}_time", dilation_rate=(dilation, 1)), f"{place}_time")
        z = self.pointwise(keras.layers.Activation("silu", name=f"{place}_swish")(z), filters, place)
        if dropout:
            z = keras.layers.SpatialDropout2D(dropout, name=f"{place}_dropout")(z)
        total = keras.layers.Add(name=f"{place}_sum")([y, z, x] if same else [y, z])
        return self.relu(total, place)

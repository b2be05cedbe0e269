"""DnCNN: plain convolutions that learn the noise instead of the clean signal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import keras

from ..layers.rank import check_rank, conv

#: The published networks, as arguments of :func:`dncnn`: for one known noise level; for any level (0 to 55 of 255); for
#: denoising, super-resolution and compression artefacts with one set of weights. The last two differ in their training.
DNCNN_VARIANTS: dict[str, dict[str, int]] = {
    "dncnn-s": {"depth": 17},
    "dncnn-b": {"depth": 20},
    "dncnn-3": {"depth": 20},
}
INITIALIZERS = ("normal", "orthogonal")
#: Slower averages lag behind the weights: the network then leaves spots that training never showed.
_MOMENTUM, _EPSILON = 0.9, 1e-4


def dncnn(
    input_shape: Sequence[int | None],
    *,
    depth: int = 17,
    width: int = 64,
    kernel_size: int = 3,
    dilations: int | Sequence[int] = 1,
    batch_norm: bool = True,
    residual: bool = True,
    initializer: str = "normal",
    rank: int = 2,
    name: str | None = None,
) -> keras.Model:
    """Denoising convolutional network, for signals or images of any length or size.

    Convolution and ReLU; ``depth - 2`` times convolution, batch normalisation, ReLU; a last convolution estimates the
    noise, which is subtracted from the input. With the defaults 556,097 trainable parameters for grey images.

    Parameters
    ----------
    input_shape : (n_samples, channels) or (height, width, channels)
        None for any length.
    depth : int >= 2
        Number of convolutions.
    width : int
        Channels between them.
    kernel_size : int
    dilations : int, or one for each convolution
    batch_norm : bool
        Without, the convolutions in between have a bias instead.
    residual : bool
        Without, the last convolution estimates the clean signal itself.
    initializer : {"normal", "orthogonal"}
        ``normal``: of variance 2 / (kernel_size ** rank * width), the paper's.
    rank : {1, 2}
        Signals or images.
    name : str, optional

    Returns
    -------
    keras.Model
        Noisy to clean, both (batch, n_samples, channels) or (batch, height, width, channels).

    Raises
    ------
    ValueError
        For a depth below 2, another number of dilations, or an ``input_shape`` of another rank.

    References
    ----------
    K. Zhang, W. Zuo, Y. Chen, D. Meng, L. Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for image
    denoising", IEEE Trans. Image Processing 26(7):3142-3155, 2017, doi:10.1109/TIP.2017.2662206.

    Examples
    --------
    >>> from drsn_keras.models import count_parameters
    >>> count_parameters(dncnn((None, None, 1))), count_parameters(dncnn((None, 1), rank=1))
    (556097, 186689)
    """
    check_rank(rank, "dncnn")
    if depth < 2:
        raise ValueError(f"depth: expected at least 2, got {depth!r}")
    if initializer not in INITIALIZERS:
        raise ValueError(f"initializer: expected one of {', '.join(INITIALIZERS)}, got {initializer!r}")
    if len(input_shape) != rank + 1 or input_shape[-1] is None:
        wanted = "(n_samples, channels)" if rank == 1 else "(height, width, channels)"
        raise ValueError(f"input_shape: expected {wanted}, got {tuple(input_shape)}")
    dilations = [dilations] * depth if isinstance(dilations, int) else list(dilations)
    if len(dilations) != depth:
        raise ValueError(f"dilations: expected one number or {depth}, got {len(dilations)}")

    def convolution(i: int, filters: int, **options) -> keras.layers.Layer:
        # An initializer for each: one that is shared would give equal kernels to layers of equal shape.
        deviation = math.sqrt(2.0 / (kernel_size**rank * width))
        normal = keras.initializers.RandomNormal(stddev=deviation)
        return conv(
            rank,
            filters,
            kernel_size,
            padding="same",
            dilation_rate=dilations[i - 1],
            kernel_initializer=normal if initializer == "normal" else "orthogonal",
            **options,
        )

    inputs = keras.Input(tuple(input_shape), name="noisy")
    x = convolution(1, width, activation="relu", name="conv1")(inputs)
    for i in range(2, depth):
        x = convolution(i, width, use_bias=not batch_norm, name=f"conv{i}")(x)
        if batch_norm:
            x = keras.layers.BatchNormalization(momentum=_MOMENTUM, epsilon=_EPSILON, name=f"norm{i}")(x)
        x = keras.layers.ReLU(name=f"relu{i}")(x)
    last = "noise" if residual else "clean"
    outputs = convolution(depth, input_shape[-1], dtype="float32", name=last)(x)
    if residual:
        outputs = keras.layers.Subtract(dtype="float32", name="clean")([inputs, outputs])
    return keras.Model(inputs, outputs, name=name or "dncnn")

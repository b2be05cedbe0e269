"""The keyword DRSN: 1-D convolutions along time over log-mel frames, channels = mel bands."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import ResidualUnit, SpectralShrinkage
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .kinds import in_eights, unit_options

#: (channels at width 1, stride) of every unit.
UNITS = ((24, 1), (32, 2), (40, 2))
STEM_KERNEL = 5
UNIT_KERNEL = 9
#: Kind of spectral shrinkage -> frames of its local mean.
SPECTRAL = {"clip": None, "frames": 8}


def keyword_network(
    input_shape: Sequence[int],
    classes: int,
    kind: str = "drsn-cw",
    *,
    width: float = 1.0,
    units: Sequence[tuple[int, int]] = UNITS,
    stem_kernel: int = STEM_KERNEL,
    kernel_size: int = UNIT_KERNEL,
    shortcut: str = "padded",
    spectral: str | None = None,
    dropout: float = 0.0,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Keyword classifier over feature frames.

    Normalisation of each band, a strided stem, three residual shrinkage units with long kernels (the last sees 1.3 s),
    BN, ReLU, average over time, a fully connected layer. Over 98 x 40 log-mel frames and 12 classes the default has
    65,220 parameters and 1.49 M MACs.

    Parameters
    ----------
    input_shape : (n_frames, n_features)
        Frames of 10 ms for the log-mel default; channels are mel bands.
    classes : int
    kind : {"drsn-cw", "drsn-cs", "resnet", "senet", "convnet"}
    width : float > 0
        Scales every unit's channels, rounded to multiples of 8.
    units : (channels, stride) of every unit
    stem_kernel, kernel_size : int
        In frames, of the stem and of the units.
    shortcut : {"padded", "projection"}
    spectral : {None, "clip", "frames"}
        A shrinkage of the spectrum in front of everything (:class:`~drsn_keras.layers.SpectralShrinkage`), for features
        >= 0 (root-mel): a threshold for each band of the clip, or of every frame.
    dropout : float
        Before the last layer.
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
    S. Choi et al., "Temporal convolution for real-time keyword spotting on mobile devices", Interspeech 2019 (bands as
    channels, kernels of 9 frames); M. Zhao et al., IEEE Trans. Ind. Informatics 16(7), 2020 (the units).

    Examples
    --------
    >>> keyword_network((98, 40), 12).output_shape
    (None, 12)
    """
    if spectral is not None and spectral not in SPECTRAL:
        raise ValueError(f"spectral: expected None or one of {', '.join(SPECTRAL)}, got {spectral!r}")
    options = unit_options(kind, shortcut)
    channels = [in_eights(n, width) for n, _ in units]
    inputs = keras.Input(tuple(input_shape), name="features")
    x = inputs
    if spectral is not None:
        x = SpectralShrinkage(local=SPECTRAL[spectral], momentum=momentum, name="spectral")(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="input_norm")(x)
    x = keras.layers.Conv1D(
        channels[0], stem_kernel, strides=2, padding="same", kernel_initializer="he_normal", name="stem"
    )(x)
    for i, (n, (_, strides)) in enumerate(zip(channels, units, strict=True), start=1):
        x = ResidualUnit(n, kernel_size, strides, momentum=momentum, name=f"unit{i}", **options)(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="head_norm")(x)
    x = keras.layers.ReLU(name="head_relu")(x)
    x = keras.layers.GlobalAveragePooling1D(name="head_pool")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name or "keyword_" + kind.replace("-", "_"))

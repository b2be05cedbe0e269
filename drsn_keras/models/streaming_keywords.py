"""A keyword DRSN for streams: causal, its past in states, one answer for every few new frames."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import ResidualUnit, RunningMean, StepConv1D
from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM
from .kinds import in_eights, unit_options

#: Kinds of unit that a stream has: thresholds from a running mean, or none.
STREAMING_KINDS = ("drsn-cw", "drsn-cs", "resnet")
#: New frames of a step: 40 ms where a frame comes every 10 ms.
STRIDE = 4
STEM_KERNEL = 8
UNIT_KERNEL = 5
#: Of the first convolution of every unit.
DILATIONS = (1, 1, 1)
#: Channels at width 1.
CHANNELS = 40
#: Frames of the running means: a second.
WINDOW_FRAMES = 100


def streaming_keyword_network(
    input_shape: Sequence[int | None],
    classes: int,
    kind: str = "drsn-cw",
    *,
    width: float = 1.0,
    stride: int = STRIDE,
    stem_kernel: int = STEM_KERNEL,
    kernel_size: int = UNIT_KERNEL,
    dilations: Sequence[int] = DILATIONS,
    window_frames: int = WINDOW_FRAMES,
    front: keras.layers.Layer | None = None,
    dropout: float = 0.0,
    momentum: float = BATCH_NORM_MOMENTUM,
    activation: str | None = "softmax",
    name: str | None = None,
) -> keras.Model:
    """Keyword classifier over feature frames, none of whose layers looks ahead.

    Normalisation of each band, a stem that makes one position of every ``stride`` frames, causal residual shrinkage
    units with thresholds from the running mean of the last second, BN, ReLU, the mean of the last second, a fully
    connected layer. Given whole clips it answers once, after the clip's last whole step: so it is trained and evaluated
    like any other model. Lowered to a step (``drsn_keras.export.lowering.lower_stream``) it takes ``stride`` new frames
    and answers every time, at the cost of one position instead of a whole window. Both begin with zeros in every state.

    Over 40 bands and 12 classes the default has 72,292 parameters and takes 70,880 MACs a step, 1.77 M MACs for a
    second of audio; :func:`.keyword_network`, evaluated every 0.1 s, takes 14.9 M. Through its convolutions a position
    sees 25 steps, a second, and the mean is over the positions of the last second.

    Parameters
    ----------
    input_shape : (n_frames or None, n_features)
        Frames of 10 ms for the log-mel default; channels are mel bands.
    classes : int
    kind : {"drsn-cw", "drsn-cs", "resnet"}
    width : float > 0
        Scales the channels, rounded to multiples of 8.
    stride : int
        Frames of a step. With 2 it answers twice as often, at twice the cost, and looks back half as far.
    stem_kernel : int
        In frames, at least ``stride``.
    kernel_size : int
        In steps, of the units.
    dilations : sequence of int
        A unit each; of its first convolution.
    window_frames : int
        Of the running means, rounded to whole steps, at least one.
    front : keras layer, optional
        Applied to the features before anything else, such as a threshold on the spectrum; causal, its shape stays.
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

    Raises
    ------
    ValueError
        For another kind, no dilations, or a size below 1.

    References
    ----------
    O. Rybakov et al., "Streaming keyword spotting on mobile devices", Interspeech 2020,
    doi:10.21437/Interspeech.2020-1003 (states instead of windows); S. Choi et al., "Temporal convolution for real-time
    keyword spotting on mobile devices", Interspeech 2019 (bands as channels); M. Zhao et al., IEEE Trans. Ind.
    Informatics 16(7), 2020 (the units).

    Examples
    --------
    >>> streaming_keyword_network((98, 40), 12).output_shape
    (None, 12)
    """
    if kind not in STREAMING_KINDS:
        raise ValueError(f"kind: expected one of {', '.join(STREAMING_KINDS)}, got {kind!r}")
    for what, value in (("stride", stride), ("kernel_size", kernel_size), ("window_frames", window_frames)):
        if value < 1:
            raise ValueError(f"{what}: expected at least 1, got {value!r}")
    if not dilations:
        raise ValueError("dilations: expected at least one, got none")
    channels = in_eights(CHANNELS, width)
    window = max(1, round(window_frames / stride))
    options = unit_options(kind)
    inputs = keras.Input(tuple(input_shape), name="features")
    x = inputs if front is None else front(inputs)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="input_norm")(x)
    x = StepConv1D(channels, stem_kernel, stride, kernel_initializer="he_normal", name="stem")(x)
    for number, dilation in enumerate(dilations, start=1):
        x = ResidualUnit(
            channels,
            kernel_size,
            padding="causal",
            dilation=dilation,
            window=window if options["attention"] else None,
            momentum=momentum,
            name=f"unit{number}",
            **options,
        )(x)
    x = keras.layers.BatchNormalization(momentum=momentum, epsilon=BATCH_NORM_EPSILON, name="head_norm")(x)
    x = keras.layers.ReLU(name="head_relu")(x)
    x = RunningMean(window, last=True, name="head_mean")(x)
    if dropout:
        x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name or "streaming_keyword_" + kind.replace("-", "_"))


def step_frames(model: keras.Model) -> int | None:
    """Frames of a step of a keyword network for streams; None for a network that looks at whole windows."""
    if not any(isinstance(layer, RunningMean) and layer.last for layer in model.layers):
        return None
    frames = 1
    for layer in model.layers:
        frames *= layer.strides[0] if isinstance(layer, StepConv1D) else 1
    return frames


def over_streams(model: keras.Model, *, n_frames: int | None = None, every_step: bool = False) -> keras.Model:
    """A keyword network for streams, over features of any length, or of another one.

    Parameters
    ----------
    model : keras.Model
        Of :func:`streaming_keyword_network`; its weights are copied.
    n_frames : int, optional
    every_step : bool
        Answer after every step [shape=(batch, steps, classes)] instead of after the last one.

    Returns
    -------
    keras.Model

    Examples
    --------
    >>> over_streams(streaming_keyword_network((98, 40), 12), every_step=True)(keras.ops.zeros((1, 200, 40))).shape
    TensorShape([1, 50, 12])
    """

    def copy(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        if isinstance(layer, RunningMean) and layer.last:
            config["last"] = not every_step
        return type(layer).from_config(config)

    inputs = keras.Input((n_frames, model.input_shape[-1]), name=model.inputs[0].name)
    found = keras.models.clone_model(model, input_tensors=inputs, clone_function=copy)
    found.set_weights(model.get_weights())
    return found

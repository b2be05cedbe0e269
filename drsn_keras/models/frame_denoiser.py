"""A denoiser for streams: learned coefficients, thresholds found by causal shrinkage units, and back to samples."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers import Magnitude, ResidualUnit, ShrinkAt
from ..layers.defaults import BATCH_NORM_EPSILON

#: Samples of a frame: 4 ms at 16 kHz, which is also the delay.
HOP_LENGTH = 64
MOMENTUM = 0.9


def frame_denoiser(
    hop_length: int = HOP_LENGTH,
    *,
    coefficients: int = 128,
    filters: int = 64,
    dilations: Sequence[int] = (1, 2, 4, 8, 16, 32),
    kernel_size: int = 3,
    window: int = 32,
    hidden: int = 16,
    reach: int = 2,
    attention: str | None = "channel_wise",
    name: str = "frame_drsn",
) -> keras.Model:
    """A causal DRSN that cleans a signal frame by frame.

    An analysis convolution over the last ``reach`` frames gives coefficients, as a transform with overlapping windows
    does, but learned. Causal residual shrinkage units look at their magnitudes and find a threshold for every one; what
    is left after soft thresholding goes back to samples through a synthesis convolution. Only convolutions, shrinkage
    and normalisation: no recurrence and no transform outside the graph, so that the whole is one integer file whose
    states are the last positions of some maps (``drsn_keras.export.lowering.lower_stream``).

    Parameters
    ----------
    hop_length : int
        Samples of a frame.
    coefficients : int
        Of each frame; twice the frame's samples is a transform with twofold redundancy.
    filters : int
        Channels of the shrinkage units.
    dilations : sequence of int
        A unit each.
    kernel_size : int
    window : int
        Frames of the running mean that a unit's thresholds come from.
    hidden : int
        Width of the units' gates.
    reach : int
        Frames that analysis and synthesis see.
    attention : {"channel_wise", "channel_shared", None}
        None leaves the shrinkage of the units out, for comparison.

    Returns
    -------
    keras.Model
        (batch, n_frames, hop_length) -> the same shape: a signal in frames, as
        ``signal.reshape(-1, n_frames, hop_length)``. Output frame i depends on no input frame after i.

    Raises
    ------
    ValueError
        For a size below 1, or no dilations.

    References
    ----------
    M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020 (the units); D. L. Donoho, "De-noising by
    soft-thresholding", IEEE Trans. Inf. Theory 41(3):613-627, 1995 (thresholds on coefficients of a transform);
    Y. Luo, N. Mesgarani, "Conv-TasNet", IEEE/ACM Trans. ASLP 27(8):1256-1266, 2019, doi:10.1109/TASLP.2019.2915167
    (learned analysis and synthesis around dilated causal convolutions).

    Examples
    --------
    >>> frame_denoiser().output_shape
    (None, None, 64)
    """
    sizes = {"hop_length": hop_length, "coefficients": coefficients, "filters": filters, "window": window}
    for what, value in {**sizes, "hidden": hidden, "reach": reach, "kernel_size": kernel_size}.items():
        if value < 1:
            raise ValueError(f"{what}: expected at least 1, got {value!r}")
    if not dilations:
        raise ValueError("dilations: expected at least one, got none")
    inputs = keras.Input((None, hop_length), name="frames")
    analysed = _conv(coefficients, reach, "analysis", use_bias=False)(inputs)
    x = _conv(filters, 1, "enter")(Magnitude(name="magnitude")(analysed))
    for number, dilation in enumerate(dilations, start=1):
        x = ResidualUnit(
            filters,
            kernel_size,
            attention=attention,
            padding="causal",
            dilation=dilation,
            window=window if attention else None,
            hidden=hidden,
            momentum=MOMENTUM,
            name=f"unit{number}",
        )(x)
    x = keras.layers.BatchNormalization(momentum=MOMENTUM, epsilon=BATCH_NORM_EPSILON, name="head_norm")(x)
    x = keras.layers.ReLU(name="head_relu")(x)
    tau = _conv(coefficients, 1, "tau", activation="relu")(x)
    kept = ShrinkAt(name="shrink")([analysed, tau])
    outputs = _conv(hop_length, reach, "synthesis", use_bias=False)(kept)
    return keras.Model(inputs, outputs, name=name)


def _conv(filters: int, kernel_size: int, name: str, **options) -> keras.layers.Conv1D:
    return keras.layers.Conv1D(filters, kernel_size, padding="causal", name=name, **options)

"""Networks for vibration windows: the paper's, those with a wide first kernel, WDCNN; by name."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from .drsn import residual_network
from .kinds import KINDS
from .wdcnn import STAGES, wdcnn

WIDE = "wide-"
#: Every network by the name that asks for it.
VIBRATION_MODELS = (*KINDS, *(f"{WIDE}{kind}" for kind in KINDS), "wdcnn")
#: Of the wide ones: filters of each stage, units in each, first kernel and its stride over a raw signal.
WIDE_FILTERS, WIDE_UNITS, WIDE_KERNEL, WIDE_STRIDES = (16, 24, 32), 2, 64, 8
#: First kernel and stride over a spectrum, which is half as long and whose lines are narrow.
_SPECTRAL_KERNEL, _SPECTRAL_STRIDES = 9, 4
_PAPER_FILTERS = (4, 8, 16)


def vibration_network(
    input_shape: Sequence[int],
    classes: int,
    kind: str = "wide-drsn-cw",
    *,
    width: float = 1.0,
    spectral: bool = False,
    activation: str | None = "softmax",
) -> keras.Model:
    """A network for windows of :class:`drsn_keras.frontend.WindowSpec`.

    ``drsn-cw`` and its twins are the paper's networks; ``wide-drsn-cw`` and its twins have a first kernel of 64 samples
    with stride 8 and six units of 16, 24 and 32 channels; ``wdcnn`` is the published network without shrinkage.

    Parameters
    ----------
    input_shape : (points, channels)
    classes : int
    kind : str
        Of :data:`VIBRATION_MODELS`.
    width : float > 0
        Scales the filters.
    spectral : bool
        The points are frequencies: the classes see every position, and the wide first kernel has 9 points.
    activation : of the last layer; None gives logits

    Returns
    -------
    keras.Model
        (batch, points, channels) -> (batch, classes)

    Raises
    ------
    ValueError
        An unknown ``kind``, a ``width`` not above 0; from Keras, an ``input_shape`` of other than two axes, ``classes``
        below 1.

    Examples
    --------
    >>> vibration_network((2048, 1), 10).output_shape
    (None, 10)
    """
    if kind not in VIBRATION_MODELS:
        raise ValueError(f"kind: expected one of {', '.join(VIBRATION_MODELS)}, got {kind!r}")
    if not width > 0:
        raise ValueError(f"width: expected a number above 0, got {width!r}")
    if kind == "wdcnn":
        scaled = [(max(1, round(n * width)), size, strides) for n, size, strides in STAGES]
        return wdcnn(input_shape, classes, stages=scaled, activation=activation)
    common = {"head": "flatten" if spectral else "pool", "activation": activation, "name": kind.replace("-", "_")}
    if not kind.startswith(WIDE):
        filters = [max(1, round(n * width)) for n in _PAPER_FILTERS]
        return residual_network(input_shape, classes, kind, filters=filters, **common)
    kernel, strides = (_SPECTRAL_KERNEL, _SPECTRAL_STRIDES) if spectral else (WIDE_KERNEL, WIDE_STRIDES)
    return residual_network(
        input_shape,
        classes,
        kind.removeprefix(WIDE),
        filters=[max(1, round(n * width)) for n in WIDE_FILTERS],
        units_per_stage=WIDE_UNITS,
        stem_kernel=kernel,
        stem_strides=strides,
        **common,
    )

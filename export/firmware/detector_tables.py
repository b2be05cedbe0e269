"""The constants of the C detector: thresholds on integer sums that decide as the float32 averages of Python."""

from __future__ import annotations

import math

import numpy as np

from drsn_keras.edge.detector import Detector
from drsn_keras.errors import BundleError, mismatch
from drsn_keras.model_card import TensorSpec

from .signal_tables import Tables

#: Whole numbers up to here are exact in float32.
_EXACT = 2**24


def detector_tables(tables: Tables, detector: Detector, tensor: TensorSpec, name: str = "detector") -> str:
    """Define a ``drsn_detector`` and its table; returns its C name.

    Parameters
    ----------
    detector : Detector
        With the evaluation hop that the device keeps, as :class:`drsn_keras.edge.listener.KeywordListener` makes it.
    tensor : TensorSpec
        The model's output.
    """
    threshold, release = threshold_sums(detector, tensor)
    members = {
        "words": tables.array("uint16_t", "words", np.asarray(detector.words)),
        "n_words": f"{len(detector.words)}U",
        "n_labels": f"{len(detector.labels)}U",
        "n_smoothing": f"{detector.n_smoothing}U",
        "n_refractory": f"{detector.n_refractory}U",
        "threshold_sum": threshold,
        "release_sum": release,
        "scale_q31": min(round(float(np.float32(tensor.scale)) * 2**31), 2**31 - 1),
        "zero": tensor.zero_point,
    }
    return tables.struct("drsn_detector", name, members)


def threshold_sums(detector: Detector, tensor: TensorSpec) -> tuple[int, int]:
    """Smallest sums of N outputs, each less the zero point, whose average reaches threshold and release.

    All possible sums are averaged in float32, as :class:`Detector` does. That the sum alone decides is proven first:
    every partial sum of dequantised outputs is exact in float32, and larger sums have larger averages.

    Raises
    ------
    BundleError
        If the output is not int8, or its scale's multiples do not add up exactly in float32.
    """
    if tensor.dtype != "int8":
        raise BundleError(mismatch("output, dtype", "int8", tensor.dtype))
    if not -128 <= tensor.zero_point <= 127:
        raise BundleError(mismatch("output, zero_point", "-128 to 127", tensor.zero_point))
    n, scale = detector.n_smoothing, np.float32(tensor.scale)
    if not 0 < scale <= 1:
        raise BundleError(mismatch("output, scale", "above 0 and at most 1 (a probability's)", tensor.scale))
    low, high = n * (-128 - tensor.zero_point), n * (127 - tensor.zero_point)
    # scale = mantissa * 2^exponent with an odd mantissa: multiples up to 2^24 / mantissa are exact.
    mantissa = int(math.frexp(scale)[0] * _EXACT)
    mantissa //= mantissa & -mantissa
    if n > 1 and max(-low, high) * mantissa > _EXACT:
        expected = f"a step whose multiples up to {max(-low, high)} are exact in float32, such as 1/256"
        raise BundleError(mismatch("output, scale", expected, f"{tensor.scale!r}"))
    sums = np.arange(low, high + 1)
    averages = sums.astype(np.float32) * scale / np.float32(n)
    if not (np.diff(averages) > 0).all():
        raise BundleError(mismatch("output, scale", "averages that float32 can tell apart", f"{tensor.scale!r}"))
    limits = np.array([detector.spec.threshold, detector.spec.release], dtype=np.float32)
    threshold, release = low + np.searchsorted(averages, limits, side="left")
    return int(threshold), int(release)

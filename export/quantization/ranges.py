"""The range of every activation over calibration inputs: all of it, all but rare values, or the one of least error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tf_keras

from drsn_keras.errors import DataError, UsageError, mismatch

from ..recipe import RANGES

#: Eight bits.
LEVELS = 256
#: What one batch's activations may take, in bytes: the maps of a 2-D network are large.
_BATCH_BYTES = 1 << 26
_LARGEST_BATCH = 256
#: Bins of a histogram on each side of zero.
_BINS = 1 << 14
#: Factors that an end of the range is tried with: far first, then near what was found.
_FAR = np.geomspace(1.0, 1.0 / 1024.0, 41)
_NEAR = np.geomspace(1.2, 1.0 / 1.2, 21)
#: Which ends move together, and how far. The best lower end depends on the upper one, so each has more than one turn.
_SEARCH = (((0, 1), _FAR), ((0,), _FAR), ((1,), _FAR), ((0,), _NEAR), ((1,), _NEAR), ((0,), _NEAR), ((1,), _NEAR))

Range = tuple[float, float]


def measure_ranges(
    model: tf_keras.Model, inputs: np.ndarray | Sequence[np.ndarray], method: str = "min-max", percentile: float = 99.99
) -> dict[str, Range]:
    """Measure the range of every layer's output, the input layers' included.

    Parameters
    ----------
    model : tf_keras.Model
        A twin (``Twin.model``, ``StreamTwin.model``): functional.
    inputs : np.ndarray [shape=(n, ...)], or one such array for each input
        Calibration inputs, in the model's or in the Keras model's shape.
    method : {"min-max", "percentile", "mse"}
        ``min-max``: least and largest value. ``percentile``: what a share of the values does not exceed, at each end.
        ``mse``: the range whose 256 levels reproduce the values with the least mean squared error, rounding inside and
        clipping outside.
    percentile : float
        For ``percentile``: that share, in percent.

    Returns
    -------
    dict of (least, largest)
        By layer name; each holds 0, so that padding and ReLU stay exact.

    Raises
    ------
    UsageError
        For an unknown method or a percentile outside (50, 100].
    DataError
        If there are no inputs, or a layer's output is not finite.
    """
    if method not in RANGES:
        raise UsageError(mismatch("method", f"one of {', '.join(RANGES)}", repr(method)))
    if not 50.0 < percentile <= 100.0:
        raise UsageError(mismatch("percentile", "above 50, at most 100", percentile))
    inputs = _as_inputs(model, inputs)
    if not len(inputs[0]):
        raise DataError(mismatch("calibration inputs", "at least one", "none"))
    whole = _min_max(model, inputs)
    if method == "min-max":
        return whole
    histograms = _histograms(model, inputs, whole)
    if method == "percentile":
        return {name: _percentile(histograms[name], whole[name], percentile) for name in whole}
    return {name: _least_error(histograms[name], whole[name]) for name in whole}


def _as_inputs(model: tf_keras.Model, inputs: np.ndarray | Sequence[np.ndarray]) -> list[np.ndarray]:
    """An array for each of the model's inputs."""
    parts = [inputs] if len(model.inputs) == 1 else list(inputs)
    return [
        np.asarray(part, np.float32).reshape(-1, *tensor.shape[1:])
        for part, tensor in zip(parts, model.inputs, strict=True)
    ]


def _activations(model: tf_keras.Model, inputs: list[np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """(Layer name, output) of all layers for one batch after another."""
    tensors = [layer.output for layer in model.layers]
    everything = tf_keras.Model(model.inputs, tensors)
    size = sum(4 * int(np.prod(tensor.shape[1:])) for tensor in tensors)
    n = min(max(_BATCH_BYTES // size, 1), _LARGEST_BATCH)
    for start in range(0, len(inputs[0]), n):
        parts = [part[start : start + n] for part in inputs]
        for layer, values in zip(model.layers, everything(parts, training=False), strict=True):
            yield layer.name, values.numpy().ravel()


def _min_max(model: tf_keras.Model, inputs: list[np.ndarray]) -> dict[str, Range]:
    found = {layer.name: (0.0, 0.0) for layer in model.layers}
    for name, values in _activations(model, inputs):
        least, largest = float(values.min()), float(values.max())
        if not np.isfinite(least + largest):
            raise DataError(mismatch(f"calibration inputs, output of {name}", "finite values", f"{least}, {largest}"))
        found[name] = (min(least, found[name][0]), max(largest, found[name][1]))
    return found


def _histograms(model: tf_keras.Model, inputs: list[np.ndarray], whole: dict[str, Range]) -> dict[str, np.ndarray]:
    """Counts [shape=(2 * _BINS,)] by layer; a second pass, as all values together would not fit in memory."""
    counts = {layer.name: np.zeros(2 * _BINS, np.int64) for layer in model.layers}
    for name, values in _activations(model, inputs):
        farthest = max(-whole[name][0], whole[name][1])
        if farthest > 0.0:
            # Even in the square root: fine around zero, so that one far outlier does not put all others in one bin.
            place = np.sqrt(np.abs(values) / np.float32(farthest)) * np.float32(_BINS)
            place = np.copysign(place, values) + np.float32(_BINS)
            bins = np.clip(place.astype(np.int32), 0, 2 * _BINS - 1)
            counts[name] += np.bincount(bins, minlength=2 * _BINS)
    return counts


def _bin_values(places: np.ndarray, whole: Range) -> np.ndarray:
    """What lies at places [0, 2 * _BINS] of a histogram's axis; n is bin n's lower edge, n + 0.5 its middle."""
    root = places / _BINS - 1.0
    return np.clip(np.sign(root) * root**2 * max(-whole[0], whole[1]), *whole)


def _percentile(counts: np.ndarray, whole: Range, percentile: float) -> Range:
    # The margin keeps 0.1 % of 1000 values at one value in spite of rounding.
    rare = counts.sum() * (1.0 - percentile / 100.0) * (1.0 + 1e-9)
    edges = _bin_values(np.arange(2 * _BINS + 1), whole)
    first = int(np.argmax(np.cumsum(counts) > rare))
    last = 2 * _BINS - int(np.argmax(np.cumsum(counts[::-1]) > rare))
    return min(float(edges[first]), 0.0), max(float(edges[last]), 0.0)


def _least_error(counts: np.ndarray, whole: Range) -> Range:
    held = np.flatnonzero(counts)
    values, weights = _bin_values(held + 0.5, whole), counts[held].astype(np.float64)

    def error(ends: Range) -> float:
        step = (ends[1] - ends[0]) / (LEVELS - 1)
        zero = round(-ends[0] / step)
        # In place: this runs two hundred times a layer.
        errors = values * (1.0 / step)
        np.rint(errors, out=errors)
        np.minimum(np.maximum(errors, -zero, out=errors), LEVELS - 1 - zero, out=errors)
        errors *= step
        errors -= values
        errors *= errors
        errors *= weights
        return float(errors.sum())

    if not len(held):
        return whole
    best = whole
    for ends, factors in _SEARCH:
        moved = [[best[i] * (float(f) if i in ends else 1.0) for i in (0, 1)] for f in (1.0, *factors)]
        best = min(((max(low, whole[0]), min(high, whole[1])) for low, high in moved), key=error)
    return best

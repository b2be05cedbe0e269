"""Look inside: the thresholds that every block chose for given inputs."""

from __future__ import annotations

import keras
import numpy as np

from ..layers import recorded_thresholds


def thresholds(model: keras.Model, x, batch_size: int = 256) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Thresholds tau and scales alpha of every shrinkage block.

    Parameters
    ----------
    model : keras.Model
    x : inputs of the model [shape=(n, ...)]
    batch_size : int

    Returns
    -------
    dict
        ``{block name: (tau, alpha)}`` in the order of evaluation, both [shape=(n, channels)] channel-wise or
        [shape=(n, 1)] channel-shared, float32. ``tau`` is in the units of the block's residual path, 0 < alpha < 1. Of
        a running mean those at the last position. Empty for a model without shrinkage.

    Examples
    --------
    >>> from drsn_keras.models import residual_network
    >>> found = thresholds(residual_network((64, 1), 3, filters=(4,), units_per_stage=1), np.ones((5, 64, 1)))
    >>> {name: tau.shape for name, (tau, alpha) in found.items()}
    {'stage1_unit1': (5, 4)}
    """
    x = np.asarray(x)
    parts: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    for start in range(0, len(x), batch_size):
        with recorded_thresholds() as records:
            model(x[start : start + batch_size], training=False)
        for path, tau, alpha in records:
            parts.setdefault(_block(path), []).append((_at_end(tau), _at_end(alpha)))
    return {
        name: (np.concatenate([tau for tau, _ in pairs]), np.concatenate([alpha for _, alpha in pairs]))
        for name, pairs in parts.items()
    }


def _block(path: str) -> str:
    """``unit3/shrinkage`` is block ``unit3``; a shrinkage that stands alone keeps its own name."""
    return path.removesuffix("/shrinkage")


def _at_end(tensor) -> np.ndarray:
    """Values of a whole input, or of its last position."""
    values = keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))
    return values if values.ndim == 2 else values[:, -1]

"""Whichever specification a model card holds, and its features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .reference import compute_features
from .specification import FrontEndSpec
from .window import WindowSpec, window_features


def front_end_from_dict(values: Mapping[str, Any]) -> FrontEndSpec | WindowSpec:
    """Read ``ModelCard.front_end``: ``kind`` says what it is.

    Raises
    ------
    UsageError, BundleError
        Where a name is unknown or missing, or a value is of the wrong type or out of range.

    Examples
    --------
    >>> front_end_from_dict(WindowSpec(n_samples=2048).to_dict()).shape
    (2048, 1)
    """
    windows = isinstance(values, Mapping) and values.get("kind") == "window"
    return (WindowSpec if windows else FrontEndSpec).from_dict(values)


def features_of(y: np.ndarray, spec: FrontEndSpec | WindowSpec) -> np.ndarray:
    """Model input of samples [shape=(..., n_samples)] in [-1, 1]: :func:`compute_features` or :func:`window_features`.

    Returns
    -------
    np.ndarray [shape=(..., *spec.shape), float32]
    """
    return window_features(y, spec) if isinstance(spec, WindowSpec) else compute_features(y, spec)

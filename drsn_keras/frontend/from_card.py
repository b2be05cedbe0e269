"""Whichever specification a model card holds, and its features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .reference import compute_features
from .signal import KINDS, SignalSpec, as_model_input
from .specification import FrontEndSpec
from .window import WindowSpec, window_features


def front_end_from_dict(values: Mapping[str, Any]) -> FrontEndSpec | WindowSpec | SignalSpec:
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
    kind = values.get("kind") if isinstance(values, Mapping) else None
    if kind in KINDS:
        return SignalSpec.from_dict(values)
    return (WindowSpec if kind == "window" else FrontEndSpec).from_dict(values)


def features_of(y: np.ndarray, spec: FrontEndSpec | WindowSpec | SignalSpec) -> np.ndarray:
    """Model input of samples [shape=(..., n_samples)] in [-1, 1], by the function of the specification.

    That is :func:`compute_features`, :func:`window_features` or :func:`as_model_input`.

    Returns
    -------
    np.ndarray [shape=(..., *spec.shape), float32]
    """
    if isinstance(spec, SignalSpec):
        return as_model_input(y, spec)
    return window_features(y, spec) if isinstance(spec, WindowSpec) else compute_features(y, spec)

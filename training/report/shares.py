"""Accuracy over several kinds of noise at once, with intervals that count every clip once."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from ..conditions import wilson_interval

_Z = 1.959964


@dataclasses.dataclass(frozen=True)
class Share:
    """Percent correct and its 95 % interval."""

    percent: float
    low: float
    high: float
    clips: int


@dataclasses.dataclass(frozen=True)
class Difference:
    """Difference of two accuracies on the same clips [percentage points] and its 95 % interval."""

    points: float
    low: float
    high: float


def share(scores: np.ndarray) -> Share:
    """Accuracy of clips that were heard under several conditions.

    The same clip in nine noises is not nine clips: the spread is taken over clips, the design effect turned into an
    effective number of trials (at least the number of clips), and Wilson's interval computed with that. Under one
    condition this is Wilson's interval itself.

    Parameters
    ----------
    scores : np.ndarray [shape=(n,)], 0 to 1
        Share of the conditions in which each clip was classified correctly.

    >>> share(np.array([1.0] * 90 + [0.0] * 10))  # doctest: +ELLIPSIS
    Share(percent=90.0, low=82.56..., high=94.47..., clips=100)
    """
    n, p = len(scores), float(np.mean(scores))
    variance = float(np.var(scores, ddof=1)) / n if n > 1 else 0.0
    trials = max(float(n), p * (1 - p) / variance) if variance > 0 else float(n)
    low, high = wilson_interval(p * trials, trials)
    return Share(100.0 * p, max(0.0, low), min(100.0, high), n)


def difference(scores: np.ndarray, base: np.ndarray) -> Difference:
    """``scores`` minus ``base``, clip by clip, in percentage points, with a normal interval over clips."""
    d = 100.0 * (np.asarray(scores) - np.asarray(base))
    half = _Z * math.sqrt(float(np.var(d, ddof=1)) / len(d)) if len(d) > 1 else 0.0
    middle = float(np.mean(d))
    return Difference(middle, middle - half, middle + half)

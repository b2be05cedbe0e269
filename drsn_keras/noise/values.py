"""Plain numbers drawn from a generator: what goes into a parameter dict has to survive JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A Python float, uniform in [low, high)."""
    return float(rng.uniform(low, high))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A Python float in [low, high), uniform in its logarithm; for frequencies, times and rates. 0 < low <= high."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def pick(rng: np.random.Generator, items: Sequence[Item]) -> Item:
    """One of the items, each as likely as the others, of its own Python type."""
    return items[int(rng.integers(len(items)))]


def chance(rng: np.random.Generator, probability: float) -> bool:
    """True with this probability."""
    return bool(rng.random() < probability)


def db_to_gain(level_db: float) -> float:
    """Level [dB] to an amplitude factor.

    >>> db_to_gain(-20.0)
    0.1
    """
    return 10.0 ** (level_db / 20.0)

"""The murmur of a hall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .spectrum import low_pass, shaped_noise
from .values import log_uniform, uniform


def draw_murmur(rng: np.random.Generator) -> dict[str, Any]:
    """Parameters of the hall's murmur: everything that is too far away to be told apart."""
    return {
        "kind": "murmur",
        "level_db": uniform(rng, -18.0, -8.0),
        "corner_hz": log_uniform(rng, 200.0, 800.0),
        "fall_db_per_octave": uniform(rng, 4.0, 8.0),
    }


def render_murmur(part: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
    """Low-passed Gaussian noise [shape=(n_samples,)] of power 1."""
    return shaped_noise(rng, n_samples, sample_rate_hz, low_pass(part["corner_hz"], part["fall_db_per_octave"]))

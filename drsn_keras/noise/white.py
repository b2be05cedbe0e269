"""White Gaussian noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .base import NoiseSource


class WhiteNoise(NoiseSource):
    """Independent Gaussian samples: the same power in every hertz up to half the rate.

    Examples
    --------
    >>> y = WhiteNoise()(np.random.default_rng(0), 8000, 16000)
    >>> y.shape, y.dtype.name, round(float((y.astype(float) ** 2).mean()), 5)
    ((8000,), 'float32', 1.0)
    """

    name = "white"

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        del parameters, sample_rate_hz
        return rng.standard_normal(n_samples)

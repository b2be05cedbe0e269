"""Noise of a power-law spectrum, the common part of pink and brown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import UsageError, mismatch
from .base import NoiseSource
from .spectrum import shaped_noise


class ColouredNoise(NoiseSource):
    """Gaussian noise whose power density falls as 1 / f^exponent above a corner and is flat below it.

    Parameters
    ----------
    corner_hz : float, > 0
        Without a corner the power of a longer signal would move ever lower, out of hearing, and an SNR would say
        less and less about what is heard. 20 Hz is the lower end of hearing.

    Raises
    ------
    UsageError
        If the corner is not above 0.
    """

    exponent: float

    def __init__(self, corner_hz: float = 20.0) -> None:
        if not 0.0 < corner_hz < np.inf:
            raise UsageError(mismatch(f"{self.name} noise, corner_hz", "a number above 0", repr(corner_hz)))
        self.corner_hz = corner_hz

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        del rng, n_samples, sample_rate_hz
        return {"corner_hz": float(self.corner_hz)}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        corner_hz = parameters["corner_hz"]
        return shaped_noise(
            rng, n_samples, sample_rate_hz, lambda f: (corner_hz / np.maximum(f, corner_hz)) ** (self.exponent / 2.0)
        )

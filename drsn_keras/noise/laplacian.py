"""Laplacian noise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .base import NoiseSource


class LaplacianNoise(NoiseSource):
    """Independent samples of the Laplace distribution: white, with more and larger peaks than Gaussian noise.

    Its kurtosis is 6 (Gaussian: 3).

    References
    ----------
    S. Kotz, T. J. Kozubowski, K. Podgorski, "The Laplace Distribution and Generalizations", Birkhauser, 2001.
    M. Zhao, S. Zhong, X. Fu, B. Tang, M. Pecht, "Deep Residual Shrinkage Networks for Fault Diagnosis", IEEE
    Transactions on Industrial Informatics 16:4681, 2020, doi:10.1109/TII.2019.2943898 (one of its noises).
    """

    name = "laplacian"

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        del parameters, sample_rate_hz
        return rng.laplace(size=n_samples)

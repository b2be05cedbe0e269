"""A noise made of parts that each follow a small physical model."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from ..errors import DataError, mismatch
from .base import NoiseSource
from .values import db_to_gain

#: ``render(part, rng, n_samples, sample_rate_hz)`` to np.ndarray [shape=(n_samples,)].
PartRenderer = Callable[[Mapping[str, Any], np.random.Generator, int, int], np.ndarray]


class SceneNoise(NoiseSource):
    """A sum of parts, each with a ``kind``, a ``level_db`` and parameters of its own.

    Every part has its own random stream, by its place in the list: the parameters of one can be changed and the
    others stay as they were.

    Attributes
    ----------
    renderers : dict
        From the kind of a part to the function that renders it at its reference level.
    """

    renderers: ClassVar[Mapping[str, PartRenderer]]

    @abc.abstractmethod
    def _compose(self, rng: np.random.Generator, duration_s: float) -> list[dict[str, Any]]:
        """The parts of a scene of this length."""

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        return {"parts": self._compose(rng, n_samples / sample_rate_hz)}

    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        parts = parameters["parts"]
        total = np.zeros(n_samples)
        for part, stream in zip(parts, rng.spawn(len(parts)), strict=True):
            if part["kind"] not in self.renderers:
                known = ", ".join(sorted(self.renderers))
                raise DataError(mismatch(f"{self.name} noise, kind of part", f"one of {known}", repr(part["kind"])))
            sound = self.renderers[part["kind"]](part, stream, n_samples, sample_rate_hz)
            total += db_to_gain(part["level_db"]) * sound
        return total

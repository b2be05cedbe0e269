"""How clean material is spoiled: the interface, and the conditions of a test."""

from __future__ import annotations

import abc
import dataclasses
import math
from collections.abc import Sequence

import numpy as np

#: The condition in which nothing is spoiled.
CLEAN = "none"


@dataclasses.dataclass(frozen=True)
class Condition:
    """One way of spoiling at one level.

    Parameters
    ----------
    noise : str
        Kind of noise; ``none`` for clean, at an infinite ratio.
    level : float
    measure : str
        What the level is: ``snr_db``, ``sigma`` (in the signal's unit), ``scale``, ``quality``.
    seen : bool
        Whether training spoils in this way.
    """

    noise: str
    level: float
    measure: str
    seen: bool = True

    @property
    def clean(self) -> bool:
        """Nothing is spoiled."""
        return self.noise == CLEAN

    @property
    def level_text(self) -> str:
        """The level for a person."""
        if self.clean:
            return "clean"
        value = f"{self.level:g}".replace("-", "−")
        unit = {
            "snr_db": f"{value}\u00a0dB",
            "sigma": f"σ {value}",
            "scale": f"×{value}",
            "quality": f"quality {value}",
        }
        return unit[self.measure]


def clean_condition() -> Condition:
    """The condition of a clean signal."""
    return Condition(CLEAN, math.inf, "snr_db")


class Corruption(abc.ABC):
    """Spoils clean examples of one task."""

    @abc.abstractmethod
    def spoil(self, clean: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A training batch: noisy, and the clean that a network should give back.

        Parameters
        ----------
        clean : np.ndarray [shape=(batch, *natural_shape)]
            In units of full scale.
        """

    @abc.abstractmethod
    def conditions(self, noises: Sequence[str] | None = None, levels: Sequence[float] | None = None) -> list[Condition]:
        """Conditions of a test; all that the task has by default."""

    @abc.abstractmethod
    def apply(
        self, y: np.ndarray, condition: Condition, rng: np.random.Generator, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """One example of a part under a condition: noisy and clean [shape of y, or cut to what the condition needs].

        The same generator state gives the same stretch of noise at every level.
        """

    @abc.abstractmethod
    def validation(self) -> dict[str, list[Condition]]:
        """Conditions of the scores that choose the epoch, by the score's name; examples take its conditions in turn."""

    @property
    @abc.abstractmethod
    def names(self) -> list[str]:
        """Kinds that training spoils with."""

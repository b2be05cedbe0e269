"""A denoising task that is open: clean material, how it is spoiled, by what an estimate is judged."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from drsn_keras.frontend import SignalSpec

from .corruption import Corruption
from .material import Material


@dataclasses.dataclass(frozen=True, eq=False)
class DenoiseTask:
    """What training and evaluation of a denoiser work on.

    Parameters
    ----------
    kind : str
        Of :data:`~drsn_keras.training.denoising.recipes.KINDS`.
    material : Material
    corruption : Corruption
    peak : float
        The largest value that the clean signal may have, in its unit: of the PSNR.
    """

    kind: str
    material: Material
    corruption: Corruption
    peak: float

    @property
    def spec(self) -> SignalSpec:
        """Shape, rate, scale and unit."""
        return self.material.spec

    @property
    def protocol(self) -> dict[str, Any]:
        """JSON-able: how the material was divided."""
        return self.material.protocol

    @property
    def notes(self) -> list[str]:
        """What reading had to say."""
        return self.material.notes

    def describe(self) -> str:
        """One line about what was found."""
        return f"{self.material.describe()}; {', '.join(self.corruption.names)}"

    def read_all(self) -> None:
        """Find out what is wrong before the training, not after."""
        self.material.read_all()
        self.corruption.conditions()
        rng = np.random.default_rng(0)
        self.corruption.spoil(self.material.draw(rng, 1), rng)

    def listing(self) -> list[tuple[str, ...]]:
        """Rows of splits.csv."""
        return self.material.listing()

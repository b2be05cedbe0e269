"""White Gaussian noise of a standard deviation, as the published denoisers of images and spikes are trained with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from .corruption import Condition, Corruption

GAUSSIAN = "gaussian"


class SigmaNoise(Corruption):
    """Noise of a standard deviation drawn evenly for every example; nothing is clipped or rounded.

    Parameters
    ----------
    spec : SignalSpec
    sigma : (float, float)
        In the signal's unit.
    levels : sequence of float
        Standard deviations of a test.
    """

    def __init__(self, spec: SignalSpec, sigma: tuple[float, float], levels: Sequence[float]) -> None:
        self._full_scale, self._sigma, self._levels = spec.full_scale, sigma, list(levels)

    @property
    def names(self) -> list[str]:
        """One kind."""
        return [GAUSSIAN]

    def spoil(self, clean: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Each example has a standard deviation of its own."""
        sigma = rng.uniform(*self._sigma, (len(clean), *[1] * (clean.ndim - 1))) / self._full_scale
        noise = rng.standard_normal(clean.shape, np.float32)
        return (clean + noise * sigma).astype(np.float32), clean.astype(np.float32)

    def conditions(self, noises: Sequence[str] | None = None, levels: Sequence[float] | None = None) -> list[Condition]:
        """Every standard deviation."""
        if noises is not None and list(noises) != [GAUSSIAN]:
            raise UsageError(mismatch("--noises", GAUSSIAN, ", ".join(noises)))
        low, high = self._sigma
        return [Condition(GAUSSIAN, float(s), "sigma", low <= s <= high) for s in (levels or self._levels)]

    def apply(
        self, y: np.ndarray, condition: Condition, rng: np.random.Generator, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """The same draw is scaled to every standard deviation."""
        del split
        clean = np.asarray(y, np.float32)
        noise = rng.standard_normal(clean.shape, np.float32)
        return clean + noise * np.float32(condition.level / self._full_scale), clean

    def validation(self) -> dict[str, list[Condition]]:
        """The test's standard deviations as far as training has them, or else its largest."""
        seen = [c for c in self.conditions() if c.seen] or [Condition(GAUSSIAN, self._sigma[1], "sigma")]
        return {f"sigma_{c.level:g}": [c] for c in seen}

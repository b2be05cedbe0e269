"""How to read a noise level off a network's thresholds. Standard library only."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from .errors import BundleError, mismatch
from .typed_fields import check_fields

#: The file of a bundle that gives the thresholds of one block.
NOISE_MODEL_NAME = "noise.tflite"


@dataclasses.dataclass(frozen=True)
class NoiseLevelSpec:
    """noise level [dB] = bias + sum of weight * ln(tau) over one block; at 0 dB noise is as strong as the signal.

    Parameters
    ----------
    block : str
        The shrinkage block, such as ``stage1_unit1``.
    weights : tuple of float
    bias : float
    low_db, high_db : float
        Levels that it was fitted between; an estimate is held inside.
    rmse_db : float
        Root mean squared error of single windows on validation data.
    sha256 : str
        Of the bundle's noise.tflite.

    Raises
    ------
    BundleError
        If a value is out of its range.
    """

    block: str
    weights: tuple[float, ...]
    bias: float
    low_db: float
    high_db: float
    rmse_db: float
    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.weights:
            raise BundleError(mismatch("noise level, weights", "at least one", "none"))
        if not self.low_db < self.high_db:
            raise BundleError(mismatch("noise level, high_db", f"above low_db ({self.low_db:g})", self.high_db))
        if not self.rmse_db >= 0:
            raise BundleError(mismatch("noise level, rmse_db", "0 or more", self.rmse_db))

    def level_db(self, tau: Any) -> float:
        """Level [dB] of thresholds (a number a weight, each above 0).

        >>> spec = NoiseLevelSpec("unit1", (2.0,), 1.0, -20.0, 10.0, 1.5)
        >>> spec.level_db([1.0]), spec.level_db([1e9])
        (1.0, 10.0)
        """
        logs = (math.log(max(float(t), 1e-9)) for t in tau)
        level = self.bias + sum(w * v for w, v in zip(self.weights, logs, strict=True))
        return min(self.high_db, max(self.low_db, level))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a model card."""
        return {**dataclasses.asdict(self), "weights": list(self.weights)}

    @classmethod
    def from_dict(cls, values: Any, source: object) -> NoiseLevelSpec:
        """Read it back; ``source`` is the name that errors give it."""
        try:
            return cls(**check_fields(cls, values, source))
        except BundleError as error:
            text = str(error)
            raise BundleError(text if text.startswith(str(source)) else f"{source}: {text}") from None

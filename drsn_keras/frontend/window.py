"""Windows of raw samples (vibration), standardised or in real units: specification and NumPy reference."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .card_spec import CardSpec

_LARGEST = 1_000_000


@dataclasses.dataclass(frozen=True)
class WindowSpec(CardSpec):
    """Cuts a stream into windows of samples for a model that takes the waveform itself.

    Window ``t`` covers samples ``t * hop_length`` to ``t * hop_length + n_samples - 1``: nothing is padded.

    Parameters
    ----------
    kind : {"window"}
    sample_rate_hz : int
    n_samples : int
        Of one model evaluation.
    hop_length : int
        Samples between evaluations, at most ``n_samples``.
    standardize : bool
        Each window becomes (x - mean) / std, with the population's standard deviation; a window of equal samples
        becomes zeros. Otherwise the model gets the samples in real units.
    full_scale : float
        The real value of a sample of 1.0 (of 32768 as int16), such as 16.0 for an accelerometer of +-16 g.
    """

    CALLED: ClassVar[str] = "window"

    kind: str = "window"
    sample_rate_hz: int = 12000
    n_samples: int = 1024
    hop_length: int = 1024
    standardize: bool = True
    full_scale: float = 1.0

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                raise UsageError(mismatch(f"window, {name}", expected, repr(getattr(self, name))))

        need(self.kind == "window", "kind", "window")
        for name in ("sample_rate_hz", "n_samples", "hop_length"):
            value = getattr(self, name)
            need(isinstance(value, int) and 0 < value <= _LARGEST, name, f"a whole number, 1 to {_LARGEST:,}")
        need(self.hop_length <= self.n_samples, "hop_length", f"at most n_samples ({self.n_samples})")
        need(isinstance(self.standardize, bool), "standardize", "true or false")
        need(math.isfinite(self.full_scale) and self.full_scale > 0, "full_scale", "a number above 0")

    @property
    def shape(self) -> tuple[int, int]:
        """(samples, channels) of one model evaluation."""
        return self.n_samples, 1

    @property
    def duration_s(self) -> float:
        """Seconds of one model evaluation."""
        return self.n_samples / self.sample_rate_hz

    @property
    def hop_s(self) -> float:
        """Seconds between evaluations."""
        return self.hop_length / self.sample_rate_hz


def window_features(y: np.ndarray, spec: WindowSpec) -> np.ndarray:
    """What the model gets of windows that are already cut.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples)], samples in [-1, 1]
    spec : WindowSpec

    Returns
    -------
    np.ndarray [shape=(..., n_samples), float32]
        Standard deviations from the mean, or real units (those of ``full_scale``).

    Raises
    ------
    DataError
        On another length, NaN or infinity.

    Examples
    --------
    >>> window_features(np.array([0.5, -0.5, 0.5, -0.5]), WindowSpec(n_samples=4, hop_length=4)).tolist()
    [1.0, -1.0, 1.0, -1.0]
    """
    y = np.asarray(y, dtype=np.float64)
    if y.shape[-1:] != (spec.n_samples,):
        raise DataError(mismatch("window", f"{spec.n_samples} samples", f"shape {y.shape}"))
    if not np.isfinite(y).all():
        raise DataError(mismatch("window", "finite samples", "NaN or infinity"))
    if not spec.standardize:
        return (y * spec.full_scale).astype(np.float32)
    centred = y - y.mean(axis=-1, keepdims=True)
    # The mean of equal samples may be off by a rounding: their deviation is 0 all the same.
    flat = y.max(axis=-1, keepdims=True) == y.min(axis=-1, keepdims=True)
    std = np.sqrt(np.mean(np.square(centred), axis=-1, keepdims=True))
    return np.where(flat, 0.0, centred / np.where(flat, 1.0, std)).astype(np.float32)

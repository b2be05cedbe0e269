"""What a denoiser takes and gives back: pieces of a signal, or of an image, of one scale."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .card_spec import CardSpec

#: What a specification may describe.
KINDS = ("signal", "image")
_LARGEST = 1_000_000


@dataclasses.dataclass(frozen=True)
class SignalSpec(CardSpec):
    """One evaluation of a denoiser; its output has the shape, the scale and the unit of its input.

    Parameters
    ----------
    kind : {"signal", "image"}
    shape : (int, int) or (int, int, int)
        Of one evaluation. A signal is ``(n_samples, 1)``, or ``(n_frames, hop_length)`` for a network that works in
        frames; a grey image is ``(height, width, 1)``. Networks that are convolutions throughout take other lengths
        and sizes too; this is the one that training saw.
    sample_rate_hz : int or None
        None for an image, and for a signal that has no time.
    full_scale : float
        The real value of a sample of 1.0, in ``unit``. A sample may be larger.
    unit : str
        Of the real values: ``FS`` (share of full scale), ``mV``, ``g`` ...; ``grey`` for an image.

    Examples
    --------
    >>> spec = SignalSpec(shape=(250, 64))
    >>> spec.n_samples, spec.hop_length, spec.duration_s
    (16000, 64, 1.0)
    """

    CALLED: ClassVar[str] = "signal"

    kind: str = "signal"
    shape: tuple[int, ...] = (16000, 1)
    sample_rate_hz: int | None = 16000
    full_scale: float = 1.0
    unit: str = "FS"

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                raise UsageError(mismatch(f"signal, {name}", expected, repr(getattr(self, name))))

        need(self.kind in KINDS, "kind", " or ".join(KINDS))
        axes = 3 if self.is_image else 2
        whole = all(isinstance(n, int) and 0 < n <= _LARGEST for n in self.shape)
        need(whole and len(self.shape) == axes, "shape", f"{axes} whole numbers of 1 to {_LARGEST:,}")
        need(not self.is_image or self.shape[-1] == 1, "shape", "one channel (grey)")
        rate = self.sample_rate_hz
        need(rate is None or 0 < rate <= _LARGEST, "sample_rate_hz", f"none, or 1 to {_LARGEST:,} Hz")
        need(rate is None or not self.is_image, "sample_rate_hz", "none for an image")
        need(math.isfinite(self.full_scale) and self.full_scale > 0, "full_scale", "a number above 0")
        need(bool(self.unit.strip()), "unit", "a unit")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a model card, the shape as the list that JSON gives back."""
        return {**super().to_dict(), "shape": list(self.shape)}

    @property
    def is_image(self) -> bool:
        """Whether an evaluation is of an image."""
        return self.kind == "image"

    @property
    def n_samples(self) -> int:
        """Samples, or pixels, of one evaluation."""
        return math.prod(self.shape)

    @property
    def natural_shape(self) -> tuple[int, ...]:
        """Of one evaluation as people keep it: ``(n_samples,)``, ``(height, width)``."""
        return self.shape[:-1] if self.is_image else (self.n_samples,)

    @property
    def hop_length(self) -> int:
        """Samples of a frame; 1 where there are none."""
        return self.shape[-1]

    @property
    def duration_s(self) -> float | None:
        """Seconds of one evaluation; None without a rate."""
        return None if self.sample_rate_hz is None else self.n_samples / self.sample_rate_hz


def as_model_input(y: np.ndarray, spec: SignalSpec) -> np.ndarray:
    """Samples as a network takes them; only axes change.

    Parameters
    ----------
    y : np.ndarray [shape=(..., n_samples) or (..., height, width)]
        In units of full scale. The length may be any multiple of ``hop_length``, an image of any size.

    Returns
    -------
    np.ndarray [shape=(..., n_frames, hop_length) or (..., height, width, 1), float32]

    Raises
    ------
    DataError
        A length that is no multiple of the hop; NaN or infinity.

    Examples
    --------
    >>> as_model_input(np.arange(6.0), SignalSpec(shape=(2, 3))).tolist()
    [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    """
    y = np.asarray(y, dtype=np.float32)
    if not np.isfinite(y).all():
        raise DataError(mismatch("signal", "finite samples", "NaN or infinity"))
    if spec.is_image:
        if y.ndim < 2:
            raise DataError(mismatch("image", "height and width", f"shape {y.shape}"))
        return y[..., None]
    hop = spec.hop_length
    if y.ndim < 1 or y.shape[-1] == 0 or y.shape[-1] % hop:
        raise DataError(mismatch("signal", f"a multiple of {hop} samples", f"shape {y.shape}"))
    return y.reshape(*y.shape[:-1], -1, hop)


def from_model_output(x: np.ndarray, spec: SignalSpec) -> np.ndarray:
    """The inverse of :func:`as_model_input`.

    Parameters
    ----------
    x : np.ndarray [shape=(..., n_frames, hop_length) or (..., height, width, 1)]

    Returns
    -------
    np.ndarray [shape=(..., n_samples) or (..., height, width), float32]

    Examples
    --------
    >>> from_model_output(np.ones((5, 2, 3)), SignalSpec(shape=(2, 3))).shape
    (5, 6)
    """
    x = np.asarray(x, dtype=np.float32)
    if spec.is_image:
        return x[..., 0]
    return x.reshape(*x.shape[:-2], -1)

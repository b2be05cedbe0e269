"""How a model file computes a stream step by step, as its card says. Standard library only."""

from __future__ import annotations

import dataclasses
from typing import Any

from .errors import BundleError, mismatch
from .typed_fields import check_fields

_LARGEST = 2**31


@dataclasses.dataclass(frozen=True)
class StreamSpec:
    """One step: frames and states in; as many frames, or class probabilities, and the new states out.

    Parameters
    ----------
    frames : int
        New frames of a step: of samples, or of features.
    states : int
        Inputs, and outputs, that are states.
    state_bytes : int
        Memory that a device keeps between steps.
    delay_samples : int
        Samples that have to be there before the first of them can be answered: those of a step. A denoiser's answers
        are aligned with what came in.

    Raises
    ------
    BundleError
        If a number is below 1.

    Examples
    --------
    >>> spec = StreamSpec(frames=8, states=20, state_bytes=8000, delay_samples=512)
    >>> StreamSpec.from_dict(spec.to_dict(), "card.json, stream") == spec
    True
    """

    frames: int
    states: int
    state_bytes: int
    delay_samples: int

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if not 0 < getattr(self, field.name) <= _LARGEST:
                raise BundleError(mismatch(field.name, f"1 to {_LARGEST:,}", getattr(self, field.name)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``ModelCard.stream``."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Any, source: object) -> StreamSpec:
        """Check and read; ``source`` is the name that errors give it."""
        fields = check_fields(cls, values, source)
        try:
            return cls(**fields)
        except BundleError as error:
            raise BundleError(f"{source}, {error}") from None

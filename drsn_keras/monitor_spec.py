"""What a model card says to a monitor besides the model: units, abstention, health. Standard library only."""

from __future__ import annotations

import dataclasses
from typing import Any

from .errors import BundleError, mismatch
from .typed_fields import check_fields

#: How the protocol of a split that shares recordings between its parts begins.
LEAKY = "LEAKY"
_LONGEST_SMOOTHING = 10_000


@dataclasses.dataclass(frozen=True)
class MonitorSpec:
    """When a monitor abstains, and how it sums up.

    Parameters
    ----------
    unit : str
        Of the samples that the model was trained on: "g", "m/s^2", "mm/s" ...
    healthy : tuple of str
        Labels of a sound machine; empty if there was none in training, and then there is no health index.
    min_probability : float, 0..1
        The monitor is unsure of a window whose largest probability is below this.
    false_abstention_percent : float, 0..100
        Share of windows like those of training, clean and in noise, on which it abstains, measured on recordings that
        neither training nor the thresholds have seen.
    novelty : dict
        :meth:`drsn_keras.machinery.novelty.NoveltyModel.to_dict`.
    smoothing : int, 1 to 10000
        Windows of the moving average that is the health index.
    protocol : str
        How training, validation and test parts were kept apart, in a sentence; one that begins with LEAKY is repeated
        wherever the model is used.
    false_abstention_clean_percent : float or None
        The same of clean windows alone.

    Raises
    ------
    BundleError
        If a value is out of its range.

    Examples
    --------
    >>> spec = MonitorSpec("g", ("normal",), 0.6, 1.2, {})
    >>> MonitorSpec.from_dict(spec.to_dict(), "card.json, monitor") == spec
    True
    """

    unit: str
    healthy: tuple[str, ...]
    min_probability: float
    false_abstention_percent: float
    novelty: dict[str, Any]
    smoothing: int = 5
    protocol: str = ""
    false_abstention_clean_percent: float | None = None

    def __post_init__(self) -> None:
        if not self.unit.strip():
            raise BundleError(mismatch("unit", "a unit (g, m/s^2, mm/s ...)", "nothing"))
        if len(set(self.healthy)) < len(self.healthy):
            raise BundleError(mismatch("healthy", "each label once", ", ".join(self.healthy)))
        for name, most in (("min_probability", 1), ("false_abstention_percent", 100)):
            if not 0 <= getattr(self, name) <= most:
                raise BundleError(mismatch(name, f"0 to {most}", getattr(self, name)))
        if not 1 <= self.smoothing <= _LONGEST_SMOOTHING:
            raise BundleError(mismatch("smoothing", f"1 to {_LONGEST_SMOOTHING} windows", self.smoothing))

    @property
    def is_leaky(self) -> bool:
        """Whether training and test shared recordings: what was measured then promises too much."""
        return self.protocol.startswith(LEAKY)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``ModelCard.monitor``."""
        return {**dataclasses.asdict(self), "healthy": list(self.healthy)}

    @classmethod
    def from_dict(cls, values: Any, source: object) -> MonitorSpec:
        """Check and read; ``source`` is the name that errors give it.

        Raises
        ------
        BundleError
            In one line, naming the field, what was expected and what came.
        """
        fields = check_fields(cls, values, source)
        try:
            return cls(**fields)
        except BundleError as error:
            raise BundleError(f"{source}, {error}") from None

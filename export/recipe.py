"""What a conversion is asked to do: scheme, target, ranges, sparsity. Standard library only."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.model_card import TARGETS

SCHEMES = ("float32", "float16", "dynamic", "int8", "int16x8", "int8-qat")
RANGES = ("min-max", "percentile", "mse")
#: Most accurate in every case that was measured, and without a knob.
DEFAULT_RANGES = "mse"
#: What a layer of an int8 graph may be kept at.
KEEPS = ("int16", "float")
#: Schemes whose graph computes in integers from end to end.
INTEGER_SCHEMES = ("int8", "int16x8", "int8-qat")
_INTEGER_TARGETS = ("tflm", "ethos-u")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a run becomes a bundle.

    Parameters
    ----------
    scheme : {"float32", "float16", "dynamic", "int8", "int16x8", "int8-qat"}
        ``int8-qat``: fine-tuned with the quantisation in the loop.
    target : {"litert", "tflm", "ethos-u"}
        Whose kernels the graph is written for.
    ranges : {"min-max", "percentile", "mse"}
        How activation ranges of ``int8`` are chosen from the calibration clips.
    keep : dict
        Layers (places in the Keras model, or prefixes of them) that stay at ``int16`` or ``float`` in an int8 graph.
    prune : float or None
        Share of each kernel's weights that are set to zero, in (0, 1), with fine-tuning.
    cluster : int or None
        Number of distinct values that each kernel is reduced to, with fine-tuning.
    seed : int
        Of every fine-tuning.

    Raises
    ------
    UsageError
        For combinations that mean nothing.
    """

    scheme: str = "int8"
    target: str = "litert"
    ranges: str = DEFAULT_RANGES
    keep: Mapping[str, str] = dataclasses.field(default_factory=dict)
    prune: float | None = None
    cluster: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for option, value, known in (
            ("--scheme", self.scheme, SCHEMES),
            ("--target", self.target, TARGETS),
            ("--ranges", self.ranges, RANGES),
        ):
            if value not in known:
                raise UsageError(mismatch(option, f"one of {', '.join(known)}", repr(value)))
        if self.prune is not None and not 0 < self.prune < 1:
            raise UsageError(mismatch("--prune", "a share above 0 and below 1", self.prune))
        if self.cluster is not None and not 2 <= self.cluster <= 256:
            raise UsageError(mismatch("--cluster", "2 to 256 values", self.cluster))
        if self.prune is not None and self.cluster is not None:
            raise UsageError(mismatch("--prune and --cluster", "one of them", "both"))
        if self.scheme == "int8-qat" and (self.prune is not None or self.cluster is not None or self.keep):
            raise UsageError(mismatch("--scheme int8-qat", "neither --prune, --cluster nor --keep", "one of them"))
        if self.scheme != "int8" and (self.ranges != DEFAULT_RANGES or self.keep):
            option = "--keep" if self.keep else "--ranges"
            raise UsageError(mismatch(option, "--scheme int8 with it", f"--scheme {self.scheme}"))
        for place, precision in self.keep.items():
            if precision not in KEEPS:
                raise UsageError(mismatch(f"--keep {place}", " or ".join(KEEPS), repr(precision)))
        if self.keep and self.target in _INTEGER_TARGETS:
            raise UsageError(mismatch("--keep", "--target litert with it", f"--target {self.target}"))
        if self.target in _INTEGER_TARGETS and self.scheme not in {*INTEGER_SCHEMES, "float32"}:
            expected = f"one of {', '.join(INTEGER_SCHEMES)} for {self.target}"
            raise UsageError(mismatch("--scheme", expected, self.scheme))

    @property
    def name(self) -> str:
        """Short name of the result, such as ``int8``, ``int8-mixed`` or ``int8-pruned50-tflm``."""
        parts = [f"{self.scheme}-mixed" if self.keep else self.scheme]
        if self.ranges != DEFAULT_RANGES:
            parts.append(self.ranges)
        if self.prune is not None:
            parts.append(f"pruned{100 * self.prune:g}")
        if self.cluster is not None:
            parts.append(f"clustered{self.cluster}")
        if self.target != "litert":
            parts.append(self.target)
        return "-".join(parts)

    @property
    def all_integer(self) -> bool:
        """Whether no float tensor may stand in the result."""
        return self.scheme in INTEGER_SCHEMES and not self.keep

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the card; what was not asked for is left out."""
        values = {**dataclasses.asdict(self), "keep": dict(self.keep)}
        return {name: value for name, value in values.items() if value not in (None, {})}


def parse_keep(texts: list[str]) -> dict[str, str]:
    """``["unit1/shrinkage=int16"]`` to a dict.

    Raises
    ------
    UsageError
        On another form.
    """
    keep = {}
    for text in texts:
        place, found, precision = text.partition("=")
        if not (place and found and precision):
            raise UsageError(mismatch("--keep", "LAYER=int16 or LAYER=float", repr(text)))
        if place in keep:
            raise UsageError(mismatch(f"--keep {place}", "one precision", f"{keep[place]} and {precision}"))
        keep[place] = precision
    return keep

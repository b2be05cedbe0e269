"""Clean material of a task: what training draws from, what validation and test look at."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.frontend import SignalSpec

from ..recordings import SPLITS


@dataclasses.dataclass(frozen=True, eq=False)
class Example:
    """One clean piece of the validation or test part.

    Parameters
    ----------
    name : str
        For a page.
    group : str
        Speaker, recording, person, file.
    y : np.ndarray [shape=(n_samples,) or (height, width), float32]
        In units of full scale.
    """

    name: str
    group: str
    y: np.ndarray


class Material(abc.ABC):
    """Clean signals or images of one task, in units of full scale.

    Parameters
    ----------
    spec : SignalSpec
    protocol : dict
        JSON-able: where it comes from, how it was divided.
    notes : list of str
        What was converted or left out.
    made : str
        What stands in for recordings, in a sentence; empty for recordings.
    """

    #: Examples of validation and test that are looked at, where nothing else is said.
    validation_examples, test_examples = 64, 200

    def __init__(self, spec: SignalSpec, protocol: dict[str, Any], notes: Sequence[str] = (), made: str = "") -> None:
        self.spec, self.protocol, self.notes, self.made = spec, protocol, list(notes), made
        self.examples = functools.lru_cache(maxsize=None)(self._checked_examples)

    @abc.abstractmethod
    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Clean training examples [shape=(count, *natural_shape), float64]; depends on the generator alone."""

    @abc.abstractmethod
    def _examples(self, split: str, count: int) -> list[Example]:
        """At most so many examples of a part, the same at every call."""

    @abc.abstractmethod
    def listing(self) -> list[tuple[str, ...]]:
        """Rows of splits.csv: part, label, group, file, what identifies the content."""

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Training examples that an epoch shows, where nothing else is said."""

    def _checked_examples(self, split: str, count: int | None = None) -> list[Example]:
        count = count or (self.validation_examples if split == "val" else self.test_examples)
        found = self._examples(split, count)
        if not found:
            raise DataError(mismatch(f"{split} part", "at least one clean example that is not silent", "none"))
        return found

    def read_all(self) -> None:
        """Find out what is wrong with the material before the training, not after."""
        for split in ("val", "test"):
            self.examples(split)
        y = self.draw(np.random.default_rng(0), 2)
        if not np.isfinite(y).all():
            raise DataError(mismatch("train part", "finite samples", "NaN or infinity"))

    def describe(self) -> str:
        """One line about what was found."""
        groups = {split: len({row[2] for row in self.listing() if row[0] == split}) for split in SPLITS}
        shape = " x ".join(str(n) for n in self.spec.natural_shape)
        rate = f" at {self.spec.sample_rate_hz} Hz" if self.spec.sample_rate_hz else ""
        return (
            f"{self.protocol['layout']}: groups {'/'.join(map(str, groups.values()))} in train/val/test, {shape}{rate}"
        )

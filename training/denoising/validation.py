"""Validation: the same spoiled copies of the validation part after every epoch."""

from __future__ import annotations

import numpy as np

from .measures import mean_of, measures_of
from .predictor import Predictor
from .task import DenoiseTask

_SEED = 20_002


class Validation:
    """Spoiled and clean validation examples, by score.

    Parameters
    ----------
    task : DenoiseTask

    Attributes
    ----------
    measure : Measure
        By which an epoch is judged.
    noisy : dict of str to float
        The measure of the examples as they are.
    """

    def __init__(self, task: DenoiseTask) -> None:
        self.measure = measures_of(task)[0]
        self._full_scale = task.spec.full_scale
        self._pairs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
        examples = task.material.examples("val")
        for name, conditions in task.corruption.validation().items():
            self._pairs[name] = [
                task.corruption.apply(
                    one.y, conditions[row % len(conditions)], np.random.default_rng([_SEED, row]), "val"
                )
                for row, one in enumerate(examples)
            ]
        self.noisy = {name: self._score(pairs, [y for y, _ in pairs]) for name, pairs in self._pairs.items()}

    def scores(self, predict: Predictor) -> dict[str, float]:
        """The measure of the estimates, by score."""
        return {name: self._score(pairs, predict([y for y, _ in pairs])) for name, pairs in self._pairs.items()}

    def _score(self, pairs: list[tuple[np.ndarray, np.ndarray]], estimates: list[np.ndarray]) -> float:
        return mean_of(self.measure, [clean for _, clean in pairs], estimates, self._full_scale)

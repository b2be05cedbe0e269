"""A few test examples, before and after, to look at and listen to; chosen before anything is known of the results."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..corruption import Condition
from ..evaluate import Observer
from ..task import DenoiseTask

SHOWN = 3
_SEED = 50_001


@dataclasses.dataclass(frozen=True, eq=False)
class Shown:
    """One example under one condition.

    Parameters
    ----------
    title : str
    condition : Condition
    clean, noisy : np.ndarray [shape=natural_shape, float32]
        In units of full scale.
    estimates : dict of (model, scheme) to np.ndarray
    """

    title: str
    condition: Condition
    clean: np.ndarray
    noisy: np.ndarray
    estimates: dict[tuple[str, str], np.ndarray]


class ExampleKeeper:
    """Keeps examples while they are evaluated.

    Parameters
    ----------
    task : DenoiseTask
    conditions : sequence of Condition
        Of the evaluation; examples take them in turn, from the middle of each kind's levels.
    count : most examples that the evaluation looks at
    """

    def __init__(self, task: DenoiseTask, conditions: Sequence[Condition], count: int | None = None) -> None:
        self._names = [one.name for one in task.material.examples("test", count)]
        rng = np.random.default_rng(_SEED)
        rows = rng.permutation(len(self._names))[:SHOWN]
        middle = _middle_levels([c for c in conditions if not c.clean])
        turn = [middle[i] for i in rng.permutation(len(middle))]
        self._wanted = [(int(row), turn[i % len(turn)]) for i, row in enumerate(rows)] if turn else []
        self._found: dict[int, Shown] = {}

    @property
    def observe(self) -> Observer:
        """What :func:`~drsn_keras.training.denoising.evaluate.evaluate` calls."""

        def look(condition: Condition, noisy: list, clean: list, estimates: dict) -> None:
            for place, (row, wanted) in enumerate(self._wanted):
                if wanted == condition:
                    ours = {series: found[row] for series, found in estimates.items()}
                    self._found[place] = Shown(self._names[row], condition, clean[row], noisy[row], ours)

        return look

    @property
    def shown(self) -> list[Shown]:
        """Those that were seen, in their order."""
        return [self._found[place] for place in sorted(self._found)]


def _middle_levels(conditions: Sequence[Condition]) -> list[Condition]:
    """Of each kind the condition in the middle of its levels."""
    by_kind: dict[str, list[Condition]] = {}
    for condition in conditions:
        by_kind.setdefault(condition.noise, []).append(condition)
    return [found[len(found) // 2] for found in by_kind.values()]

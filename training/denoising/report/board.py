"""Results as a board: a row for each candidate, a column for each level."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ...conditions import RECORDED
from ..corruption import Condition
from ..evaluate import Result, mean_interval
from ..measures import Measure
from ..rows import BOUND_SCHEME, CLASSICAL_SCHEME, NOISY

Series = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Column:
    """One level; of signals with all kinds of noise together.

    Parameters
    ----------
    title : str
    level : float
    conditions : tuple of Condition
    """

    title: str
    level: float
    conditions: tuple[Condition, ...]

    @property
    def clean(self) -> bool:
        """Nothing was spoiled."""
        return self.conditions[0].clean


class Board:
    """Look-up of results.

    Parameters
    ----------
    results : sequence of Result, at least one
    measures : sequence of Measure
        The first is the one that gains are counted in.

    Attributes
    ----------
    series : list of (model, scheme)
        Networks first, as they were evaluated.
    networks : list of (model, scheme)
    columns : list of Column
        Most noise last; clean, where it was evaluated, first.
    kinds : list of str
        Kinds of noise that a column's mean is over.
    """

    def __init__(self, results: Sequence[Result], measures: Sequence[Measure]) -> None:
        self.measures = list(measures)
        self._found = {((r.model, r.scheme), r.condition): r for r in results}
        everything = list(dict.fromkeys((r.model, r.scheme) for r in results))
        self.networks = [s for s in everything if s[1] not in {CLASSICAL_SCHEME, BOUND_SCHEME}]
        self.series = [*self.networks, *(s for s in everything if s not in self.networks)]
        conditions = list(dict.fromkeys(r.condition for r in results))
        noises = list(dict.fromkeys(c.noise for c in conditions if not c.clean))
        self.columns = _columns(conditions, noises)
        self.kinds = list(dict.fromkeys(c.noise for column in self.noisy_columns for c in column.conditions))
        self.n = len(next(iter(results[0].values.values())))

    @property
    def first(self) -> Measure:
        """The measure that gains are counted in."""
        return self.measures[0]

    @property
    def network(self) -> Series:
        """The network that the page is about: the last of them, which is what a device would run."""
        return self.networks[-1]

    @property
    def noisy_columns(self) -> list[Column]:
        """Columns with noise."""
        return [c for c in self.columns if not c.clean]

    @property
    def pooled(self) -> bool:
        """Whether columns are means over several kinds of noise."""
        return any(len(c.conditions) > 1 for c in self.columns)

    def name(self, series: Series) -> str:
        """What a row is called."""
        model, scheme = series
        if scheme == BOUND_SCHEME:
            return f"{model} (bound)"
        if scheme == CLASSICAL_SCHEME:
            return model
        return model if len(self.networks) == 1 else f"{model}, {'Keras' if scheme == 'keras' else scheme}"

    def examples(self, series: Series, column: Column, measure: Measure) -> np.ndarray | None:
        """Mean over a column's conditions for each example [shape=(n,)]; None where it was not evaluated."""
        found = [self._found.get((series, condition)) for condition in column.conditions]
        if any(r is None for r in found):
            return None
        return np.mean([r.values[measure.name] for r in found], axis=0)

    def mean(self, series: Series, column: Column, measure: Measure) -> float:
        """Mean over examples and conditions; NaN where there is none."""
        found = [self._found.get((series, condition)) for condition in column.conditions]
        return float("nan") if any(r is None for r in found) else float(np.mean([r.mean(measure.name) for r in found]))

    def one(self, series: Series, condition: Condition, measure: Measure) -> float:
        """Mean under a single condition; NaN where there is none."""
        result = self._found.get((series, condition))
        return float("nan") if result is None else result.mean(measure.name)

    def gain(self, series: Series, column: Column) -> tuple[float, float, float] | None:
        """How much better than the noisy examples, paired, with its 95 % interval; None where it is not defined."""
        ours = self.examples(series, column, self.first)
        theirs = self.examples((NOISY, CLASSICAL_SCHEME), column, self.first)
        if ours is None or theirs is None:
            return None
        with np.errstate(invalid="ignore"):
            difference = (ours - theirs) if self.first.higher else (theirs - ours)
        if not np.isfinite(difference).all():
            return None
        return (float(np.mean(difference)), *mean_interval(difference))

    def better(self, condition: Condition) -> float:
        """How much better than the noisy examples the network is under one condition."""
        ours, theirs = (self.one(s, condition, self.first) for s in (self.network, (NOISY, CLASSICAL_SCHEME)))
        return ours - theirs if self.first.higher else theirs - ours

    def best_classical(self, column: Column) -> Series | None:
        """The classical row that does best, the noisy examples and the bound aside."""
        rows = [s for s in self.series if s[1] == CLASSICAL_SCHEME and s[0] != NOISY]
        scored = [(self.mean(s, column, self.first), s) for s in rows]
        scored = [(value, s) for value, s in scored if np.isfinite(value)]
        if not scored:
            return None
        return (max if self.first.higher else min)(scored, key=lambda pair: pair[0])[1]

    def kind_conditions(self, kind: str) -> list[Condition]:
        """Conditions of one kind of noise, in the order of the columns."""
        return [c for column in self.noisy_columns for c in column.conditions if c.noise == kind]


def _columns(conditions: Sequence[Condition], noises: Sequence[str]) -> list[Column]:
    clean = [Column("clean", c.level, (c,)) for c in conditions if c.clean]
    noisy = [c for c in conditions if not c.clean]
    if any(c.measure != "snr_db" for c in noisy):
        several = len(noises) > 1
        return clean + [Column(f"{c.noise}, {c.level_text}" if several else c.level_text, c.level, (c,)) for c in noisy]
    # Where all recordings were pooled, single ones (folder/name) would count twice.
    alone = {n for n in noises if n != RECORDED and "/" in n} if RECORDED in noises else set()
    found = []
    for level in sorted({c.level for c in noisy}, reverse=True):
        at_level = tuple(c for c in noisy if c.level == level and c.noise not in alone)
        found.append(Column(at_level[0].level_text, level, at_level))
    return clean + found

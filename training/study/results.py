"""Results of a study: the file of rows, means with intervals, paired differences with a test."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log

from .study_file import Study
from .trial import Trial, measured_by

CLEAN = "clean"
#: Half-width of an interval [quantile of Student's t].
_QUANTILE = 0.975


def read_results(path: Path) -> list[dict[str, Any]]:
    """Rows of a results file; a damaged line is left out."""
    rows = []
    if path.is_file():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                row = json.loads(line)
                _ = row["model"], row["seed"], row["words"], row["scores"]
            except (ValueError, TypeError, KeyError):
                log(f"{path}, line {number}: damaged, left out")
                continue
            rows.append(row)
    return rows


def row_of_trial(rows: Sequence[Mapping[str, Any]], study: Study, trial: Trial) -> dict[str, Any] | None:
    """The last result of exactly this training, measured as the study asks."""
    asked = json.loads(json.dumps(measured_by(study)))
    for row in reversed(rows):
        same = (row["model"], row["seed"], tuple(row["words"])) == (trial.model, trial.seed, trial.words)
        if same and all(row.get(name) == value for name, value in asked.items()):
            return dict(row)
    return None


@dataclasses.dataclass(frozen=True)
class Mean:
    """Mean over seeds and half of its 95 % interval (NaN for a single seed)."""

    mean: float
    half: float
    n: int

    def text(self, digits: int = 1) -> str:
        """Such as ``81.2 ± 0.4``."""
        interval = "" if np.isnan(self.half) else f" ± {self.half:.{digits}f}"
        return f"{self.mean:.{digits}f}{interval}"


@dataclasses.dataclass(frozen=True)
class Difference:
    """Paired difference over seeds, half of its 95 % interval, and the two-sided p of Student's paired test."""

    mean: float
    half: float
    p: float
    n: int


def mean_of(values: Sequence[float]) -> Mean:
    """Mean and interval of independent values.

    >>> mean_of([1.0, 2.0, 3.0]).text(2)
    '2.00 ± 2.48'
    """
    from scipy import stats

    values = np.asarray(values, np.float64)
    if len(values) < 2:
        return Mean(float(values.mean()), float("nan"), len(values))
    half = stats.t.ppf(_QUANTILE, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return Mean(float(values.mean()), float(half), len(values))


def difference_of(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """Paired difference ours - theirs.

    Values of equal places belong to equal seeds.

    >>> found = difference_of([3.0, 4.0, 5.5], [1.0, 2.5, 3.0])
    >>> round(found.mean, 2), round(found.p, 3)
    (2.0, 0.02)
    """
    from scipy import stats

    values = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    mean = mean_of(values)
    if len(values) < 2:
        return Difference(mean.mean, float("nan"), float("nan"), len(values))
    if np.ptp(values) == 0:  # no spread: the test divides by zero
        return Difference(mean.mean, 0.0, 1.0 if mean.mean == 0 else 0.0, len(values))
    return Difference(mean.mean, mean.half, float(stats.ttest_1samp(values, 0.0).pvalue), len(values))


class Scores:
    """Scores of a study by model, scheme and column, seed by seed.

    Parameters
    ----------
    study : Study
    rows : sequence of dict
    """

    def __init__(self, study: Study, rows: Sequence[Mapping[str, Any]]) -> None:
        self.study = study
        self._rows = {(row["model"], row["seed"]): row for row in rows}
        first = next(iter(self._rows.values()))["scores"][study.schemes[0]]
        #: Conditions that were measured, then the averages.
        self.conditions = list(first)
        self.columns = [*self.conditions, *study.averages]

    def values(self, model: str, scheme: str, column: str) -> list[float]:
        """One value a seed, in the order of the study's seeds."""
        return [self._value(self._rows[model, seed]["scores"][scheme], column) for seed in self.study.seeds]

    def mean(self, model: str, scheme: str, column: str) -> Mean:
        """Over the seeds."""
        return mean_of(self.values(model, scheme, column))

    def difference(self, model: str, baseline: str, scheme: str, column: str) -> Difference:
        """Of a model to the baseline, paired by seed."""
        return difference_of(self.values(model, scheme, column), self.values(baseline, scheme, column))

    def cost(self, model: str, name: str) -> float:
        """Mean over seeds of ``parameters``, ``macs`` or ``train_seconds``."""
        return float(np.mean([self._rows[model, seed][name] for seed in self.study.seeds]))

    def _value(self, scores: Mapping[str, float], column: str) -> float:
        if column in scores:
            return scores[column]
        levels = self.study.averages[column]
        chosen = [value for name, value in scores.items() if name != CLEAN and float(name.split()[-1]) in levels]
        return float(np.mean(chosen)) if chosen else float("nan")

"""Results of a study: the file of rows, means with intervals, paired differences with a test."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, mismatch

from .study_file import Study
from .trial import Trial, measured_by

CLEAN = "clean"
#: Half-width of an interval [quantile of Student's t].
_QUANTILE = 0.975
#: What a table shows of a training beside its scores.
_COSTS = ("parameters", "macs", "train_seconds")


def read_results(path: Path) -> list[dict[str, Any]]:
    """Rows of a results file; a damaged line is left out."""
    rows = []
    if path.is_file():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            try:
                row = json.loads(line)
                _check(row)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                log(f"{path}, line {number}: damaged, left out")
                continue
            rows.append(row)
    return rows


def _check(row: dict[str, Any]) -> None:
    """Touch all that is used later; what is missing or of another kind raises."""
    _ = row["model"], row["seed"], tuple(row["words"]), [float(row[name]) for name in _COSTS]
    for scores in row["scores"].values():
        _ = [float(value) for value in scores.values()]


def row_of_trial(rows: Sequence[Mapping[str, Any]], study: Study, trial: Trial) -> dict[str, Any] | None:
    """The last result of exactly this training, measured as the study asks."""
    asked = json.loads(json.dumps(measured_by(study)))
    for row in reversed(rows):
        same = (row["model"], row["seed"], tuple(row["words"])) == (trial.model, trial.seed, trial.words)
        whole = all(row["scores"].get(scheme) for scheme in study.schemes)
        if same and whole and all(row.get(name) == value for name, value in asked.items()):
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
    if len(values) < 2 or not np.isfinite(values).all():
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

    with np.errstate(invalid="ignore"):  # of two that are infinite
        values = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    mean = mean_of(values)
    if len(values) < 2 or not np.isfinite(values).all():
        return Difference(mean.mean, float("nan"), float("nan"), len(values))
    if np.ptp(values) == 0:  # coarse scores of few seeds: no spread to test by
        return Difference(mean.mean, float("nan"), 1.0 if mean.mean == 0 else float("nan"), len(values))
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
        measures = sorted({row["measure"] for row in rows if row.get("measure")})
        if len(measures) > 1:
            raise DataError(mismatch(f"{study.path}, models", "one task", f"scores in {' and '.join(measures)}"))
        #: What the scores are: ``accuracy`` [%], or a column of a denoiser's evaluation; empty of older studies.
        self.measure = measures[0] if measures else ""
        measured = [row["scores"][scheme] for row in rows for scheme in study.schemes]
        #: Conditions that were measured, then the averages.
        self.conditions = [name for name in measured[0] if all(name in scores for scores in measured)]
        if others := sorted({name for scores in measured for name in scores} - set(self.conditions)):
            log(f"left out, not measured with all models: {', '.join(others)}")
        if not self.conditions:
            raise DataError(mismatch(f"{study.path}, models", "conditions that all are measured in", "none"))
        for name, levels in study.averages.items():
            if not self._of_levels(levels):
                raise DataError(mismatch(f"{study.path}, averages, {name}", "levels that were measured", levels))
        self.columns = [*self.conditions, *study.averages]

    @property
    def higher(self) -> bool:
        """Whether more is better."""
        return self.measure != "rmse"

    @property
    def digits(self) -> int:
        """Behind the point, of the table."""
        return {"": 1, "accuracy": 1, "rmse": 3}.get(self.measure, 2)

    def values(self, model: str, scheme: str, column: str) -> list[float]:
        """One value a seed, in the order of the model's seeds."""
        return self._values(model, scheme, column, self.study.seeds[model])

    def mean(self, model: str, scheme: str, column: str) -> Mean:
        """Over the seeds."""
        return mean_of(self.values(model, scheme, column))

    def difference(self, model: str, baseline: str, scheme: str, column: str) -> Difference:
        """Of a model to the baseline, paired by the seeds that both have."""
        both = [seed for seed in self.study.seeds[model] if seed in self.study.seeds[baseline]]
        return difference_of(*(self._values(name, scheme, column, both) for name in (model, baseline)))

    def cost(self, model: str, name: str) -> float:
        """Mean over seeds of ``parameters``, ``macs`` or ``train_seconds``."""
        return float(np.mean([self._rows[model, seed][name] for seed in self.study.seeds[model]]))

    def _values(self, model: str, scheme: str, column: str, seeds: Sequence[int]) -> list[float]:
        return [self._value(self._rows[model, seed]["scores"][scheme], column) for seed in seeds]

    def _value(self, scores: Mapping[str, float], column: str) -> float:
        if column in scores:
            return scores[column]
        return float(np.mean([scores[name] for name in self._of_levels(self.study.averages[column])]))

    def _of_levels(self, levels: Sequence[float]) -> list[str]:
        return [name for name in self.conditions if name != CLEAN and float(name.split()[-1]) in levels]

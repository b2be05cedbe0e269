"""Evaluate denoisers: every row sees the same examples, the same noise, the same levels."""

from __future__ import annotations

import csv
import dataclasses
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.files import write_atomically

from .corruption import Condition
from .measures import PARTLY_DEFINED, Measure, measures_of, values_of
from .rows import Candidate
from .task import DenoiseTask

_SEED = 1
#: 95 % of a normal variable lies within this many standard deviations.
_Z = 1.959964


@dataclasses.dataclass(frozen=True, eq=False)
class Result:
    """Measures of one row under one condition.

    Parameters
    ----------
    model, scheme : str
    condition : Condition
    values : dict of str to np.ndarray [shape=(n,)]
        By the measure's name, example by example.
    """

    model: str
    scheme: str
    condition: Condition
    values: dict[str, np.ndarray]

    def mean(self, name: str) -> float:
        """Mean over the examples; NaN where the measure is not defined.

        Of measures that need more speech than some examples have, the mean of those that have it.
        """
        values = self.values[name]
        if name in PARTLY_DEFINED and not np.isnan(values).all():
            values = values[~np.isnan(values)]
        return float(np.mean(values))

    def interval(self, name: str) -> tuple[float, float]:
        """95 % interval of the mean over other examples like these; NaN where it is not finite."""
        return mean_interval(self.values[name])


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Normal 95 % interval of a mean.

    >>> mean_interval(np.array([1.0, 1.0, 1.0]))
    (1.0, 1.0)
    """
    if len(values) < 2 or not np.isfinite(values).all():
        return float("nan"), float("nan")
    middle, half = float(np.mean(values)), _Z * float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return float(middle - half), float(middle + half)


#: Condition, clean and noisy examples, estimates by (model, scheme).
Observer = Callable[[Condition, list, list, "dict[tuple[str, str], list]"], None]


def spoiled(
    task: DenoiseTask, condition: Condition, split: str = "test", count: int | None = None, seed: int = _SEED
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Noisy and clean examples of a part under a condition, in units of full scale.

    Each example draws its noise from (seed, kind of noise, its row): the same stretch at every level.
    """
    kind = zlib.crc32(condition.noise.encode())
    pairs = [
        task.corruption.apply(one.y, condition, np.random.default_rng([seed, kind, row]), split)
        for row, one in enumerate(task.material.examples(split, count))
    ]
    return [noisy for noisy, _ in pairs], [clean for _, clean in pairs]


def evaluate(
    candidates: Sequence[Candidate],
    task: DenoiseTask,
    conditions: Sequence[Condition],
    *,
    count: int | None = None,
    split: str = "test",
    observe: Observer | None = None,
) -> list[Result]:
    """Measure every row under every condition.

    Parameters
    ----------
    count : most examples; the task's number by default
    observe : called with each condition, its examples and all estimates
    """
    measures, scale = measures_of(task), task.spec.full_scale
    results: list[Result] = []
    told = None
    for condition in conditions:
        if condition.noise != told:
            told = condition.noise
            log(f"evaluating: {'clean' if condition.clean else told}")
        noisy, clean = spoiled(task, condition, split, count)
        estimates = {(c.model, c.scheme): c.denoise(noisy, condition) for c in candidates}
        results += [
            Result(model, scheme, condition, {m.name: values_of(m, clean, found, scale) for m in measures})
            for (model, scheme), found in estimates.items()
        ]
        if observe is not None:
            observe(condition, noisy, clean, estimates)
    return results


def columns(measures: Sequence[Measure]) -> tuple[str, ...]:
    """Columns of evaluation.csv: the first measure has its 95 % interval."""
    first, *others = (m.name for m in measures)
    return (
        *("model", "scheme", "noise", "seen", "level", "level_is", "n"),
        *(first, f"{first}_low", f"{first}_high"),
        *others,
    )


def row_of(result: Result, measures: Sequence[Measure]) -> dict[str, object]:
    """Line of evaluation.csv; what is not defined is empty, clean has noise ``none`` and level ``inf``."""
    condition, first = result.condition, measures[0]
    low, high = result.interval(first.name)
    found = {m.name: _number(result.mean(m.name), m) for m in measures}
    row = {
        "model": result.model,
        "scheme": result.scheme,
        "noise": condition.noise,
        "seen": "yes" if condition.seen else "no",
        "level": f"{condition.level:g}",
        "level_is": condition.measure,
        "n": len(result.values[first.name]),
        **found,
        f"{first.name}_low": _number(low, first),
        f"{first.name}_high": _number(high, first),
    }
    return {name: row[name] for name in columns(measures)}


def write_evaluation(path: Path, results: Sequence[Result], measures: Sequence[Measure]) -> None:
    """Write evaluation.csv."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(measures), lineterminator="\n")
    writer.writeheader()
    writer.writerows(row_of(result, measures) for result in results)
    write_atomically(path, text.getvalue())


def _number(value: float, measure: Measure) -> str:
    return "" if np.isnan(value) else f"{value:.{measure.digits}f}"

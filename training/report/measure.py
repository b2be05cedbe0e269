"""Thresholds under a condition: does tau grow with the noise?"""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drsn_keras.files import write_atomically

from ..conditions import Condition

if TYPE_CHECKING:
    import keras

#: Clips that are looked at under every condition: spread evenly over all, the same ones each time.
MAX_CLIPS = 256
_PERCENTILES = (10.0, 90.0)


@dataclasses.dataclass(frozen=True)
class ThresholdRow:
    """Threshold tau and scale alpha of one block under one condition.

    A clip's value is the mean over the block's channels; mean, 10th and 90th percentile are over clips. ``tau`` is in
    the units of the block's residual path, 0 < alpha < 1. Clean has noise ``none`` and an infinite ``snr_db``.
    """

    block: str
    noise: str
    snr_db: float
    tau_mean: float
    tau_low: float
    tau_high: float
    alpha_mean: float
    alpha_low: float
    alpha_high: float


def threshold_rows(model: keras.Model, condition: Condition, features: np.ndarray) -> list[ThresholdRow]:
    """Measure every block of a model under one condition.

    Parameters
    ----------
    model : keras.Model
    condition : Condition
    features : np.ndarray [shape=(n, ...)]
        Inputs of the model under this condition; at most 256 of them are used.

    Returns
    -------
    list of ThresholdRow
        In the order of evaluation; empty for a model without shrinkage.
    """
    from drsn_keras.models.thresholds import thresholds

    rows = []
    for block, (tau, alpha) in thresholds(model, features[_subset(len(features))]).items():
        numbers = [round(float(v), 6) for values in (tau, alpha) for v in _summary(values.mean(axis=1))]
        rows.append(ThresholdRow(block, condition.noise, condition.snr_db, *numbers))
    return rows


def write_thresholds(path: Path, rows: Sequence[ThresholdRow]) -> None:
    """Write thresholds.csv; only a header where there is no threshold."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in dataclasses.fields(ThresholdRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**dataclasses.asdict(row), "snr_db": f"{row.snr_db:g}"} for row in rows)
    write_atomically(path, text.getvalue())


def _subset(n: int) -> np.ndarray:
    return np.linspace(0, n - 1, min(n, MAX_CLIPS)).round().astype(int)


def _summary(values: np.ndarray) -> tuple[float, float, float]:
    return (float(values.mean(dtype=np.float64)), *np.percentile(values, _PERCENTILES))

"""Macro-F1 beside accuracy, level by level."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..evaluate import confusion_matrix
from ..macro_f1 import macro_f1
from .grid import Grid, Series
from .shares import Share


@dataclasses.dataclass(frozen=True)
class LevelRow:
    """One level of noise [dB, infinite for clean]: of every series its accuracy and macro-F1 [%], or None."""

    snr_db: float
    cells: tuple[tuple[Share, float] | None, ...]


def level_rows(grid: Grid) -> list[LevelRow]:
    """From clean to the noisiest level; both numbers are means over kinds of noise."""
    return [
        LevelRow(level, tuple(_cell(grid, series, level) for series in grid.series))
        for level in reversed(grid.levels_db)
    ]


def _cell(grid: Grid, series: Series, level: float) -> tuple[Share, float] | None:
    share = grid.share(series, level)
    if share is None:
        return None
    found = [macro_f1(confusion_matrix(result, grid.classes)) for result in grid.of(series, level)]
    return share, float(np.mean(found))

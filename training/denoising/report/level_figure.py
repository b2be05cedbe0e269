"""The measure over the level: networks drawn strong, what they are held against behind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ...report.style import Theme, curve_style, level_axis, new_figure, shorten
from ..rows import BOUND_SCHEME, NOISY, ZEROS
from .board import Board, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Classical rows that a figure has room for; all are in the table.
_CLASSICAL = 4


def draw_levels(board: Board, theme: Theme) -> Figure:
    """A curve a row over levels of noise, or bars where levels are of several kinds or just one."""
    columns = board.noisy_columns
    over_snr = all(c.conditions[0].measure == "snr_db" for c in columns) and len(columns) > 1
    over_sigma = all(c.conditions[0].measure == "sigma" for c in columns) and len(columns) > 1
    figure = new_figure(6.2, 4.3)
    axes = figure.subplots()
    if over_snr or over_sigma:
        _curves(axes, board, theme)
        if over_snr:
            level_axis(axes, {c.level: c.level for c in columns}, theme)
            axes.set_xlabel("SNR [dB]   ← more noise        less noise →")
        else:
            axes.set_xticks([c.level for c in columns])
            axes.set_xlabel("Standard deviation of the noise")
    else:
        _bars(axes, board, theme)
    axes.set_ylabel(shorten(board.first.title, 44))
    figure.legend(loc="outside upper left", ncols=3, handlelength=2.4)
    return figure


def rows_shown(board: Board) -> list[Series]:
    """Networks, the noisy examples, the bound, and the classical rows that do best."""
    columns = board.noisy_columns

    def score(series: Series) -> float:
        values = [board.mean(series, c, board.first) for c in columns]
        mean = float(np.mean(values))
        return (mean if board.first.higher else -mean) if math.isfinite(mean) else -math.inf

    fixed = [s for s in board.series if s[0] == NOISY or s[1] == BOUND_SCHEME]
    others = [s for s in board.series if s not in board.networks and s not in fixed and s[0] != ZEROS]
    return [*board.networks, *fixed, *sorted(others, key=score, reverse=True)[:_CLASSICAL]]


def _curves(axes: Axes, board: Board, theme: Theme) -> None:
    x = [c.level for c in board.noisy_columns]
    shown = rows_shown(board)
    for index, series in enumerate(shown):
        y = [board.mean(series, c, board.first) for c in board.noisy_columns]
        if not np.isfinite(y).all():
            continue
        if series in board.networks:
            axes.plot(x, y, label=shorten(board.name(series), 30), **curve_style(index, len(board.networks), theme))
            continue
        color = theme.muted if series[0] == NOISY else theme.series[index % len(theme.series)]
        style = {"linestyle": (0, (3.5, 1.5)), "linewidth": 1.5, "marker": "o", "markersize": 3.5, "zorder": 2}
        axes.plot(x, y, color=color, label=shorten(board.name(series), 30), **style)


def _bars(axes: Axes, board: Board, theme: Theme) -> None:
    shown, columns = rows_shown(board), board.noisy_columns
    width = 0.8 / len(shown)
    for index, series in enumerate(shown):
        y = [board.mean(series, c, board.first) for c in columns]
        x = np.arange(len(columns)) + (index - (len(shown) - 1) / 2) * width
        color = theme.muted if series[0] == NOISY else theme.series[index % len(theme.series)]
        height = np.nan_to_num(y, posinf=0.0, neginf=0.0)
        axes.bar(x, height, width * 0.92, color=color, label=shorten(board.name(series), 30))
    axes.set_xticks(range(len(columns)), [shorten(c.title.replace("\u00a0", " "), 26) for c in columns])
    if len(columns) > 3:
        axes.tick_params(axis="x", rotation=25)
    axes.grid(axis="x", visible=False)


def draw_training(history: list[dict[str, float]], best_epoch: int | None, title: str, theme: Theme) -> Figure:
    """Loss above the measure on the validation part, whose mean chooses the epoch."""
    figure = new_figure(5.9, 4.8)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.6))
    epochs = [int(float(row["epoch"])) for row in history]
    marker = {"marker": "o", "markersize": 4} if len(epochs) < 4 else {}
    top.plot(epochs, [float(row["loss"]) for row in history], color=theme.ink, linewidth=1.6, **marker)
    top.set_ylabel("Training loss")
    keys = [key for key in history[0] if key.startswith("val_") and key != "val_mean"]
    for index, key in enumerate(keys):
        name = key.removeprefix("val_").replace("_", " ").replace("sigma", "σ")
        color = theme.series[index % len(theme.series)]
        bottom.plot(epochs, [float(r[key]) for r in history], color=color, linewidth=1.3, label=name, **marker)
    if len(keys) > 1:
        mean = [float(r["val_mean"]) for r in history]
        bottom.plot(epochs, mean, color=theme.ink, linewidth=2.4, label="mean", **marker)
        bottom.legend(fontsize=9.5, ncols=2, frameon=True, facecolor=theme.paper, edgecolor="none", framealpha=0.9)
    if best_epoch is not None:
        for axes in (top, bottom):
            axes.axvline(best_epoch, color=theme.muted, linewidth=1, linestyle=":")
    bottom.set_ylabel(f"Validation\n{shorten(title, 34)}")
    bottom.set_xlabel("Epoch")
    bottom.xaxis.get_major_locator().set_params(integer=True)
    return figure

"""Accuracy over SNR: over all kinds of noise together, and kind by kind."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .grid import Grid
from .style import Theme, curve_style, dashed_style, level_axis, level_positions, new_figure, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
#: Panels of the figure by noise; what is beyond stands in the table.
MAX_PANELS = 18


def draw_accuracy(grid: Grid, chance_label: str, theme: Theme) -> Figure:
    """Curves with interval bands, the chance level, and below how far networks, or else classical rows, differ."""
    several = len(grid.series) > 1
    figure = new_figure(5.9, 5.3 if several else 4.0)
    if several:
        top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.1, 1))
    else:
        top, bottom = figure.subplots(), None
    places = level_positions(grid.levels_db)
    for index in range(len(grid.series)):
        _curve(top, grid, index, None, places, theme)
    _, chance = grid.commonest
    top.axhline(chance, color=theme.muted, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
    below = chance > 80
    top.text(
        max(places.values()),
        chance + (-1.2 if below else 1.2),
        shorten(chance_label, 60),
        color=theme.muted,
        ha="right",
        va="top" if below else "bottom",
        fontsize=9.5,
    )
    top.set_ylim(0, 102)
    top.set_ylabel("Accuracy [%]")
    figure.legend(handles=_handles(top, grid, theme), loc="outside upper left", ncols=4, handlelength=2.6)
    last = top
    if bottom is not None:
        _differences(bottom, grid, places, theme)
        last = bottom
    level_axis(last, places, theme)
    last.set_xlabel("SNR [dB]   ← more noise        less noise →")
    if bottom is not None:
        finite = grid.snrs_db
        if finite and math.inf in places:
            top.axvline((places[math.inf] + max(finite)) / 2, color=theme.muted, linewidth=0.8, linestyle=":")
    return figure


def draw_noises(grid: Grid, theme: Theme) -> Figure:
    """Small multiples, one a kind of noise; the mean over all in grey behind."""
    noises = sorted(grid.kinds, key=lambda n: not grid.seen(n))[:MAX_PANELS]
    columns = min(_COLUMNS, len(noises))
    rows = -(-len(noises) // columns)
    figure = new_figure(2.5 * columns + 0.5, 1.95 * rows + 0.75)
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    places = level_positions(grid.levels_db)
    for panel, noise in zip(panels.flat, noises, strict=False):
        _mean_behind(panel, grid, places, theme)
        for index in range(len(grid.series)):
            _curve(panel, grid, index, [noise], places, theme, band=False)
        unseen = not grid.seen(noise)
        panel.set_title(shorten(noise, 22), fontsize=10.5, pad=4)
        if unseen:
            panel.text(0.97, 0.05, "unseen", transform=panel.transAxes, ha="right", fontsize=9.5, style="italic")
            for side in ("left", "bottom"):
                panel.spines[side].set(color=theme.ink, linewidth=1.8)
        level_axis(panel, places, theme, every=max(1, len(grid.snrs_db) // 3))
        panel.set_ylim(0, 103)
        panel.set_yticks((0, 50, 100))
        panel.tick_params(labelsize=9)
    for panel in panels.flat[len(noises) :]:
        panel.set_axis_off()
    for panel in panels.flat[max(0, len(noises) - columns) : len(noises)]:
        panel.tick_params(labelbottom=True)
    handles = _handles(panels.flat[0], grid, theme)
    handles += panels.flat[0].plot([], [], color=theme.muted, linewidth=1.4, label="mean of all kinds", alpha=0.6)
    figure.legend(handles=handles, loc="outside upper left", ncols=min(columns + 1, len(handles)))
    figure.supxlabel("SNR [dB]", fontsize=10.5)
    figure.supylabel("Accuracy [%]", fontsize=10.5)
    return figure


def _handles(axes: Axes, grid: Grid, theme: Theme) -> list:
    return [
        axes.plot([], [], label=shorten(grid.name(s), 30), **_style(grid, i, theme))[0]
        for i, s in enumerate(grid.series)
    ]


def _style(grid: Grid, index: int, theme: Theme) -> dict:
    """Classical rows are dashed: networks are what a page is about."""
    count = len(grid.networks)
    return curve_style(index, count, theme) if index < count else dashed_style(index, theme)


def _curve(
    axes: Axes,
    grid: Grid,
    index: int,
    noises: list[str] | None,
    places: dict[float, float],
    theme: Theme,
    *,
    band: bool = True,
) -> None:
    """One series; clean is a point of its own."""
    series, style = grid.series[index], _style(grid, index, theme)
    found = [(s, grid.share(series, s, noises)) for s in grid.levels_db]
    noisy = [(places[s], p) for s, p in found if p is not None and not math.isinf(s)]
    clean = [(places[s], p) for s, p in found if p is not None and math.isinf(s)]
    for part in (noisy, clean):
        if not part:
            continue
        x = [place for place, _ in part]
        axes.plot(x, [p.percent for _, p in part], **style)
        if not band or series in grid.classical:
            continue
        low, high = [p.low for _, p in part], [p.high for _, p in part]
        color = style["color"]
        if len(part) == 1:
            axes.vlines(x, low, high, color=color, linewidth=style["linewidth"] + 4, alpha=0.25)
        else:
            axes.fill_between(x, low, high, color=color, alpha=0.16, linewidth=0, zorder=2)


def _mean_behind(axes: Axes, grid: Grid, places: dict[float, float], theme: Theme) -> None:
    found = [(places[s], grid.share(grid.shipped, s)) for s in reversed(grid.snrs_db)]
    points = [(x, p.percent) for x, p in found if p is not None]
    axes.plot(*zip(*points, strict=True), color=theme.muted, linewidth=1.4, alpha=0.6, zorder=2)


def _differences(axes: Axes, grid: Grid, places: dict[float, float], theme: Theme) -> None:
    """Further series minus the first, with paired intervals; side by side so that none hides another.

    Where there are several networks they alone: what quantisation changes is small beside other differences.
    """
    axes.axhline(0, color=theme.muted, linewidth=1)
    reach = 0.5
    others = grid.networks[1:] or grid.series[1:]
    for index, series in enumerate(others, start=1):
        dodge = (index - (len(others) + 1) / 2) * 0.8
        style = _style(grid, index, theme)
        for level in grid.levels_db:
            d = grid.difference(series, grid.series[0], level)
            if d is None:
                continue
            axes.errorbar(
                places[level] + dodge,
                d.points,
                yerr=[[d.points - d.low], [d.high - d.points]],
                color=style["color"],
                marker=style["marker"],
                markersize=5,
                linewidth=1.6,
                zorder=3,
            )
            reach = max(reach, abs(d.low), abs(d.high))
    axes.set_ylim(-1.15 * reach, 1.15 * reach)
    axes.set_ylabel("Difference\n[points]")
    name = grid.name(others[0]) if len(others) == 1 else "others"
    axes.set_title(shorten(f"{name} minus {grid.name(grid.series[0])}", 60), fontsize=10, weight="normal", pad=4)

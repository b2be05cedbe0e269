"""Misses over false accepts an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..report.style import LIGHT, Theme, curve_style, new_figure, render
from .sweep import Point, det_curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def det_png(curves: Mapping[str, Sequence[Point]], chosen: Mapping[str, Point], limit_per_hour: float) -> bytes:
    """The figure's file.

    Parameters
    ----------
    curves : all points of a sweep by the stream's name
    chosen : the operating point by the stream's name
    limit_per_hour : false accepts that are allowed
    """
    return render(lambda theme: _draw(curves, chosen, limit_per_hour, theme), LIGHT)


def _draw(
    curves: Mapping[str, Sequence[Point]], chosen: Mapping[str, Point], limit_per_hour: float, theme: Theme
) -> Figure:
    figure = new_figure(5.9, 4.2)
    axes = figure.subplots()
    # None at all has no place on a logarithmic axis: it stands at a third of one in the whole stream.
    least = min(1.0 / point.hours for points in curves.values() for point in points) / 3
    for index, (name, points) in enumerate(curves.items()):
        curve = det_curve(points)
        x = [max(point.false_accepts_per_hour, least) for point in curve]
        style = {**curve_style(0, 1, theme), "color": theme.series[index], "marker": ""}
        # A detector between two points does what the cheaper one does: steps.
        axes.step(x, [point.misses_percent for point in curve], where="post", label=name, **style)
        at = chosen[name]
        place = (max(at.false_accepts_per_hour, least), at.misses_percent)
        axes.plot(*place, "o", markersize=9, color=theme.series[index], markeredgecolor=theme.ink, zorder=9)
    if limit_per_hour > 0:
        axes.axvline(limit_per_hour, color=theme.muted, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylim(0, 100)
    axes.set_xlabel("False accepts per hour   (leftmost: none)")
    axes.set_ylabel("Missed words [%]")
    axes.plot([], [], "o", markersize=9, color=theme.paper, markeredgecolor=theme.ink, label="operating point")
    figure.legend(loc="outside upper left", ncols=3)
    return figure

"""Confusion matrices side by side, clean and in noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .grid import Grid
from .style import Theme, new_figure, shorten
from .terms import KEYWORDS, Terms

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: With more classes than this, cells carry no number.
_MAX_WRITTEN = 13


def matrices(grid: Grid) -> list[tuple[str, np.ndarray]]:
    """What there is to show: ``(title, counts)``, clean and at the level nearest to 0 dB."""
    found = []
    for level in (math.inf, grid.confusion_snr_db):
        counts = None if level is None else grid.confusion(grid.shipped, level)
        if counts is not None:
            title = "Clean" if math.isinf(level) else f"In noise, {level:g} dB".replace("-", "−")
            found.append((title, counts))
    return found


def draw_confusions(grid: Grid, labels: Sequence[str], theme: Theme, terms: Terms = KEYWORDS) -> Figure:
    """Rows are the truth, in percent of it; columns are the answers."""
    from matplotlib.colors import LinearSegmentedColormap

    shown = matrices(grid)
    side = max(3.2, 0.235 * len(labels) + 0.9) if len(labels) > _MAX_WRITTEN else max(2.9, 0.4 * len(labels))
    names = [shorten(label, terms.label_length) for label in labels]
    text_in = 0.072 * max(map(len, names)) + 0.1
    figure = new_figure(len(shown) * side + text_in + 1.25, side + text_in + 0.65)
    figure.set_layout_engine("compressed")
    colours = LinearSegmentedColormap.from_list("share", [theme.paper, theme.series[0]])
    panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
    for axes, (title, counts) in zip(panels, shown, strict=True):
        image = _matrix(axes, counts, colours, theme)
        axes.set_title(title)
        ticks = range(len(labels))
        axes.set_xticks(ticks, names, rotation=90, fontsize=9)
        axes.set_yticks(ticks, names, fontsize=9)
        axes.set_xlabel(terms.answer)
    panels[0].set_ylabel(terms.truth)
    bar = figure.colorbar(image, ax=list(panels), shrink=0.7, aspect=28, pad=0.02)
    bar.set_label(f"Share of {terms.of_truth} [%]", fontsize=9.5)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=9)
    return figure


def _matrix(axes: Axes, counts: np.ndarray, colours, theme: Theme):
    total = counts.sum(axis=1, keepdims=True)
    percent = np.where(total > 0, 100.0 * counts / np.maximum(total, 1), 0.0)
    image = axes.imshow(percent, cmap=colours, vmin=0, vmax=100, aspect="equal", interpolation="nearest")
    axes.grid(False)
    axes.tick_params(length=0)
    edges = np.arange(len(counts) + 1) - 0.5
    axes.set_xticks(edges, minor=True)
    axes.set_yticks(edges, minor=True)
    axes.grid(which="minor", color=theme.faint, linewidth=0.6)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if len(counts) <= _MAX_WRITTEN:
        for row, column in zip(*np.nonzero(counts), strict=True):
            value = percent[row, column]
            color = _readable(image.to_rgba(value), theme)
            text = f"{value:.0f}" if value >= 0.95 else "<1"
            axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=color)
    return image


def _readable(background, theme: Theme) -> str:
    """Ink or paper, whichever stands out more (WCAG's contrast)."""
    from matplotlib.colors import to_rgb

    def luminance(rgb) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05

    behind = luminance(background[:3])
    ratios = {c: max(luminance(to_rgb(c)) / behind, behind / luminance(to_rgb(c))) for c in (theme.ink, theme.paper)}
    return max(ratios, key=ratios.__getitem__)

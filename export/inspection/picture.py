"""One picture of a bundle: noise, work and bytes of every layer, in execution order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from drsn_keras.training.report.style import LIGHT, Theme, new_figure, render, shorten

from .examine import Contents, Inspection
from .layers import LayerNoise, largest_drops, worst

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Families of operators, in the order of the theme's colours; all others are grey.
FAMILIES = {
    "convolution, fully connected": ("CONV_2D", "FULLY_CONNECTED"),
    "depthwise convolution": ("DEPTHWISE_CONV_2D",),
    "add, subtract, multiply, min, max": ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM"),
    "mean, pooling": ("MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D"),
    "abs, sigmoid, other functions": ("ABS", "LEAKY_RELU", "RELU", "RELU6", "LOGISTIC", "TANH", "SOFTMAX"),
}
_OTHERS = "others"
_LABELLED = 3
#: A tensor without noise is drawn at this ratio at least [dB].
_EXACT_DB = 60.0
_SHORT_DB = 8.0
_ROW_IN, _FRAME_IN, _WIDTH_IN = 0.2, 1.6, 11.5


def picture(inspection: Inspection) -> bytes:
    """PNG bytes: the ratio a layer where there is a comparison, and always multiply-accumulates and weights."""
    return render(lambda theme: _draw(inspection, theme), LIGHT)


def _draw(inspection: Inspection, theme: Theme) -> Figure:
    contents, found = inspection.contents, inspection.comparison
    rows = contents.layers
    figure = new_figure(_WIDTH_IN, _FRAME_IN + _ROW_IN * max(8, len(rows)))
    panels = figure.subplots(
        1, 3 if found else 2, sharey=True, squeeze=False, width_ratios=[1.9] * bool(found) + [1, 1]
    )
    axes, names = list(panels[0]), inspection.layer_names
    colours = [_colour(row.operator, theme) for row in rows]
    if found:
        _noise_panel(axes.pop(0), contents, found.layers, colours, theme)
    _cost_panel(axes[0], [row.macs for row in rows], "Multiply-accumulates", colours, theme)
    _cost_panel(axes[1], [row.weight_bytes for row in rows], "Weights [bytes]", colours, theme)
    first = panels[0][0]
    first.set_yticks(range(len(rows)), [shorten(names[row.index], 38) for row in rows], fontsize=8)
    for one in panels[0]:
        one.tick_params(axis="y", length=0)
    first.set_ylim(len(rows) - 0.4, -0.6)
    card = inspection.bundle.card
    figure.suptitle(f"{card.name}, for {card.target}", x=0.01, ha="left", fontsize=12, fontweight="bold")
    _legend(figure, {row.operator for row in rows}, theme, bool(found))
    return figure


def _noise_panel(axes: Axes, contents: Contents, layers: list[LayerNoise], colours: list[str], theme: Theme) -> None:
    """Bars of the running graph's ratio; a tick where rounding that tensor alone would put it; drops on the right."""
    drops = {row.tensor: row.drop_db for row in largest_drops(layers, _LABELLED)}
    noises = {row.tensor: row for row in layers}
    lowest = {row.tensor for row in worst(layers, _LABELLED)}
    top = max([_EXACT_DB, *(r.sqnr_db for r in layers if r.sqnr_db is not None and math.isfinite(r.sqnr_db))])
    for y, row in enumerate(contents.layers):
        noise = noises.get(row.tensor)
        if noise is None or noise.sqnr_db is None:
            continue
        low = row.tensor in lowest
        length = min(noise.sqnr_db, top)
        axes.barh(y, length, height=0.72, color=colours[y], alpha=1.0 if low else 0.6)
        if noise.local_db is not None:
            axes.vlines(min(noise.local_db, top), y - 0.36, y + 0.36, color=theme.ink, linewidth=1.2)
        if low:
            _value(axes, length, y, f"{noise.sqnr_db:.1f}", theme)
        if row.tensor in drops:
            place = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "center_baseline"}
            axes.text(1, y, f"−{drops[row.tensor]:.1f}", fontsize=8.5, color=theme.muted, **place)
    axes.set_xlim(min([0.0, *(r.sqnr_db for r in layers if r.sqnr_db is not None)]), 1.1 * top)
    axes.set_title("Signal to quantisation noise")
    axes.set_xlabel("SQNR [dB]   ← worse      better →      right: largest drops")
    axes.grid(False, axis="y")


def _value(axes: Axes, length: float, y: int, text: str, theme: Theme) -> None:
    """A figure at the end of its bar, where no tick can hide it; beside a bar that is too short."""
    inside = length > _SHORT_DB
    x, side, colour = (length - 0.6, "right", theme.paper) if inside else (max(length, 0) + 0.8, "left", theme.ink)
    axes.text(x, y, text, ha=side, va="center_baseline", fontsize=8.5, fontweight="bold", color=colour)


def _cost_panel(axes: Axes, values: list[int], title: str, colours: list[str], theme: Theme) -> None:
    axes.barh(range(len(values)), values, height=0.72, color=colours, alpha=0.8)
    total = sum(values)
    for y in sorted(range(len(values)), key=lambda i: -values[i])[:_LABELLED]:
        if values[y]:
            share = f" {100 * values[y] / total:.0f} %"
            axes.text(values[y], y, share, va="center", fontsize=8.5, color=theme.muted)
    axes.set_title(title)
    axes.set_xlabel(f"total {total:,}")
    axes.set_xlim(0, 1.2 * max([1, *values]))
    axes.xaxis.set_major_locator(_few_ticks())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value / 1000:g} k" if value >= 1000 else f"{value:g}")
    axes.grid(False, axis="y")


def _few_ticks():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(4)


def _family(operator: str) -> str:
    return next((name for name, members in FAMILIES.items() if operator in members), _OTHERS)


def _colour(operator: str, theme: Theme) -> str:
    name = _family(operator)
    return theme.muted if name == _OTHERS else theme.series[list(FAMILIES).index(name)]


def _legend(figure: Figure, operators: set[str], theme: Theme, noise: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = {_family(operator) for operator in operators}
    handles = [
        Patch(color=_colour(members[0], theme), label=name) for name, members in FAMILIES.items() if name in shown
    ]
    if _OTHERS in shown:
        handles.append(Patch(color=theme.muted, label=_OTHERS))
    if noise:
        tick = Line2D([], [], color=theme.ink, marker="|", linestyle="", markersize=9, label="rounding it alone")
        handles.append(tick)
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9)

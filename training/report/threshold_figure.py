"""Threshold and scale of every block over SNR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .measure import ThresholdRow
from .style import Theme, level_axis, level_positions, new_figure, shorten
from .trend import mean_over_noises

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 4


def draw_thresholds(rows: Sequence[ThresholdRow], kinds: Sequence[str], theme: Theme) -> Figure:
    """For each block tau above alpha: the mean over kinds of noise, the spread over clips, each kind in grey."""
    blocks = list(dict.fromkeys(row.block for row in rows))
    columns = min(_COLUMNS, len(blocks))
    bands = -(-len(blocks) // columns)
    figure = new_figure(max(4.4, 2.1 * columns + 0.5), 3.7 * bands + 0.6)
    panels = figure.subplots(
        2 * bands, columns, squeeze=False, sharex=True, height_ratios=(1.5, 1) * bands, gridspec_kw={"wspace": 0.05}
    )
    levels = sorted({row.snr_db for row in rows})
    places = level_positions(levels)
    every = max(1, len(levels) // 3)
    for number, block in enumerate(blocks):
        band, column = divmod(number, columns)
        of_block = [row for row in rows if row.block == block]
        for offset, quantity in enumerate(("tau", "alpha")):
            axes = panels[2 * band + offset, column]
            _panel(axes, of_block, kinds, quantity, places, theme, theme.series[2 - 2 * offset])
            level_axis(axes, places, theme, every=every)
            axes.tick_params(labelsize=9, labelbottom=offset == 1)
            if column == 0:
                axes.set_ylabel("Threshold τ" if quantity == "tau" else "Scale α")
        panels[2 * band, column].set_title(shorten(block, 20), fontsize=10.5)
    for spare in range(len(blocks), bands * columns):
        band, column = divmod(spare, columns)
        panels[2 * band, column].set_axis_off()
        panels[2 * band + 1, column].set_axis_off()
    figure.supxlabel("SNR [dB]   ← more noise        less noise →", fontsize=10.5)
    return figure


def _panel(
    axes: Axes,
    rows: list[ThresholdRow],
    kinds: Sequence[str],
    quantity: str,
    places: dict[float, float],
    theme: Theme,
    color: str,
) -> None:
    for kind in kinds if len(kinds) > 1 else ():
        of_kind = sorted((r for r in rows if r.noise == kind), key=lambda r: r.snr_db)
        x = [places[r.snr_db] for r in of_kind]
        axes.plot(x, [getattr(r, f"{quantity}_mean") for r in of_kind], color=theme.muted, linewidth=0.7, alpha=0.5)
    means = {part: mean_over_noises(rows, kinds, f"{quantity}_{part}") for part in ("mean", "low", "high")}
    levels = sorted(means["mean"])
    for group in ([s for s in levels if not math.isinf(s)], [s for s in levels if math.isinf(s)]):
        if not group:
            continue
        x = [places[s] for s in group]
        low, high = ([means[part][s] for s in group] for part in ("low", "high"))
        if len(group) == 1:
            axes.vlines(x, low, high, color=color, linewidth=5, alpha=0.25)
        else:
            axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(x, [means["mean"][s] for s in group], color=color, linewidth=2.2, marker="o", markersize=4)
    if quantity == "alpha":
        axes.set_ylim(0, 1)
        axes.set_yticks((0, 0.5, 1), ("0", "0.5", "1"))
    else:
        axes.set_ylim(bottom=0)

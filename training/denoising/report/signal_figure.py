"""One signal before and after: the clean one behind, in real units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drsn_keras.frontend import SignalSpec

from ...report.style import Theme, new_figure, shorten
from .examples import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Samples that a figure of this width shows apart; of a longer signal its first part is drawn.
_MOST = 1200


def draw_signal(
    shown: Shown, forms: list[tuple[str, np.ndarray]], spec: SignalSpec, theme: Theme, *, stems: bool = False
) -> Figure:
    """A panel a form (noisy, then estimates), each over the clean signal; heights compare."""
    figure = new_figure(8.6, 1.35 * len(forms) + 0.8)
    panels = figure.subplots(len(forms), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    length = min(len(shown.clean), _MOST)
    rate = spec.sample_rate_hz
    x = np.arange(length) / rate if rate else np.arange(length)
    clean = shown.clean[:length] * spec.full_scale
    for index, (axes, (name, y)) in enumerate(zip(panels, forms, strict=True)):
        if stems:
            axes.vlines(x, 0, clean, color=theme.muted, linewidth=3.5, alpha=0.45, zorder=2)
        else:
            axes.plot(x, clean, color=theme.muted, linewidth=2.2, alpha=0.5, zorder=2)
        color = theme.series[1] if index == 0 else theme.series[0]
        axes.plot(x, y[:length] * spec.full_scale, color=color, linewidth=0.9, zorder=3)
        axes.set_title(shorten(name.replace("\u00a0", " "), 60), fontsize=10, pad=3)
        axes.tick_params(labelsize=8.5)
        axes.margins(x=0)
    panels[-1].set_xlabel("Time [s]" if rate else "Sample")
    figure.supylabel(f"[{spec.unit}]", fontsize=10.5)
    return figure

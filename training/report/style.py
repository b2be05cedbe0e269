"""Colours and type of the figures, for light and dark pages; a drawing into PNG bytes that repeat exactly."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Pixels an inch of the PNG files; a CSS pixel is 1/96 inch.
DPI = 192


@dataclasses.dataclass(frozen=True)
class Theme:
    """Colours of one rendering. ``series`` follows Okabe and Ito, told apart by the colour-blind."""

    name: str
    paper: str
    ink: str
    muted: str
    faint: str
    series: tuple[str, ...]


LIGHT = Theme(
    "light", "#ffffff", "#1b1f24", "#5b6470", "#e3e7ec",
    ("#0072B2", "#D55E00", "#009E73", "#AA4499", "#8C6D00", "#4B3FA8", "#7A4526", "#C2185B"),
)  # fmt: skip
DARK = Theme(
    "dark", "#14171c", "#e8ebef", "#9aa4b0", "#2b313a",
    ("#56B4E9", "#FF9E4A", "#2FC79B", "#DD8AC0", "#E5C84B", "#A79CFF", "#CFA27E", "#FF7FA3"),
)  # fmt: skip
THEMES = (LIGHT, DARK)

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure that lays itself out; no global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width_in, height_in), layout="constrained")


def render(draw: Callable[[Theme], Figure], theme: Theme) -> bytes:
    """Draw in a theme's colours; PNG with a palette (a third of the size), without date or version."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    with matplotlib.rc_context(_settings(theme)):
        figure = draw(theme)
        figure.set_dpi(DPI)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        image = Image.fromarray(_rgb(canvas))
    palette = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    out = io.BytesIO()
    palette.save(out, format="PNG", optimize=True, dpi=(DPI, DPI))
    return out.getvalue()


def curve_style(index: int, count: int, theme: Theme) -> dict[str, object]:
    """Line of one of several curves that may lie on each other: the first is broad, each later one narrower on top."""
    width = 1.6 + 3.4 * (count - 1 - index) / max(1, count - 1) if count > 1 else 2.4
    return {
        "color": theme.series[index % len(theme.series)],
        "linewidth": width,
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": width + 3.6,
        "alpha": 0.55 if index < count - 1 else 1.0,
        "markeredgewidth": 0,
        "solid_capstyle": "round",
        "zorder": 3 + index,
    }


def dashed_style(index: int, theme: Theme) -> dict[str, object]:
    """Line of a curve that others are held against; it lies behind them."""
    return {
        "color": theme.series[index % len(theme.series)],
        "linewidth": 1.5,
        "linestyle": (0, (3.5, 1.5)),
        "marker": _MARKERS[index % len(_MARKERS)],
        "markersize": 5.0,
        "markeredgewidth": 0,
        "zorder": 2.5,
    }


def level_positions(levels_db: list[float]) -> dict[float, float]:
    """Places of SNRs on an axis in dB; clean stands apart on the right."""
    finite = [s for s in levels_db if s != float("inf")]
    places = {s: s for s in finite}
    if len(finite) < len(levels_db):
        span = max(finite) - min(finite) if finite else 0.0
        places[float("inf")] = (max(finite) if finite else 0.0) + max(4.0, 0.2 * span)
    return places


def level_axis(axes: Axes, places: dict[float, float], theme: Theme, *, every: int = 1) -> None:
    """Ticks and label of an axis of SNRs, the clean end set apart by a dotted line."""
    finite = [s for s in sorted(places) if s != float("inf")]
    shown = finite[::every]
    if every > 1 and float("inf") in places and len(shown) > 1:
        room = 0.28 * (places[float("inf")] - finite[0])
        shown = [s for s in shown if places[float("inf")] - s > room]
    ticks, labels = [places[s] for s in shown], [f"{s:g}".replace("-", "−") for s in shown]
    if float("inf") in places:
        ticks.append(places[float("inf")])
        labels.append("clean")
        if finite:
            axes.axvline((places[float("inf")] + max(finite)) / 2, color=theme.muted, linewidth=0.8, linestyle=":")
    axes.set_xticks(ticks, labels)


def shorten(label: str, length: int = 14) -> str:
    """A label for a figure: cut to a length; one that the font cannot draw becomes a box."""
    from matplotlib import font_manager

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    drawn = "".join(c if font.get_char_index(ord(c)) else "□" for c in label if c.isprintable())
    return drawn if len(drawn) <= length else drawn[: length - 1] + "…"


def _rgb(canvas):
    import numpy as np

    return np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., :3])


def _settings(theme: Theme) -> dict[str, object]:
    return {
        "font.family": ["DejaVu Sans"],
        "font.size": 10.5,
        "text.parse_math": False,
        "text.color": theme.ink,
        "figure.facecolor": theme.paper,
        "axes.facecolor": theme.paper,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.linewidth": 0.8,
        "grid.color": theme.faint,
        "grid.linewidth": 0.8,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "legend.frameon": False,
        "legend.fontsize": 10,
    }

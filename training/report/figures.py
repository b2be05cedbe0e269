"""All figures of a page: PNG files, and their light and dark forms as the page carries them."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.files import write_atomically

from .accuracy_figures import draw_accuracy, draw_noises
from .confusion_figure import draw_confusions
from .grid import Grid
from .measure import ThresholdRow
from .sentences import chance_label
from .sounds import WORDS, SoundExample
from .style import DARK, DPI, LIGHT, Theme, render
from .terms import KEYWORDS, Terms
from .threshold_figure import draw_thresholds
from .training_figure import draw_training
from .window_figure import draw_window
from .window_view import WindowView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Windows of a machine that a page shows.
WINDOWS = tuple(f"window_{number}" for number in range(1, WORDS + 1))
NAMES = ("accuracy_over_snr", "accuracy_by_noise", "confusion_matrix", "threshold_over_snr", "training", *WINDOWS)


def write_figures(
    folder: Path,
    *,
    grid: Grid,
    labels: Sequence[str],
    thresholds: Sequence[ThresholdRow],
    threshold_kinds: Sequence[str],
    history: Sequence[dict[str, Any]],
    best_epoch: int | None,
    terms: Terms = KEYWORDS,
    windows: Sequence[Sequence[SoundExample]] = (),
    view: WindowView | None = None,
) -> dict[str, dict[str, Any]]:
    """Write the figures that there is something to show in; delete what an earlier report left of the others.

    Parameters
    ----------
    windows : forms of each window that is shown, with ``view``

    Returns
    -------
    dict
        By name: ``light`` and ``dark`` as data URIs, ``width`` and ``height`` in CSS pixels.
    """
    chance = chance_label(grid, labels, terms)
    drawings: dict[str, Callable[[Theme], Figure]] = {
        "accuracy_over_snr": lambda theme: draw_accuracy(grid, chance, theme),
        "confusion_matrix": lambda theme: draw_confusions(grid, labels, theme, terms),
    }
    if grid.kinds:
        drawings["accuracy_by_noise"] = lambda theme: draw_noises(grid, theme)
    if thresholds:
        drawings["threshold_over_snr"] = lambda theme: draw_thresholds(thresholds, threshold_kinds, theme)
    if history:
        drawings["training"] = lambda theme: draw_training(history, best_epoch, theme)
    for name, forms in zip(WINDOWS, windows, strict=False):
        drawings[name] = functools.partial(draw_window, forms, view)
    for name in set(NAMES) - set(drawings):
        (folder / f"{name}.png").unlink(missing_ok=True)
    return {name: write_figure(folder / f"{name}.png", draw) for name, draw in drawings.items()}


def write_figure(path: Path, draw: Callable[[Theme], Figure]) -> dict[str, Any]:
    """Write the light form, return both."""
    light, dark = render(draw, LIGHT), render(draw, DARK)
    write_atomically(path, light)
    width, height = (int.from_bytes(light[i : i + 4], "big") * 96 // DPI for i in (16, 20))
    return {"light": _uri(light), "dark": _uri(dark), "width": width, "height": height}


def _uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"

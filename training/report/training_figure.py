"""Loss and accuracy over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .style import Theme, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MEAN = "val_mean"


def draw_training(history: Sequence[dict[str, Any]], best_epoch: int | None, theme: Theme) -> Figure:
    """Loss above accuracy; validation by condition, their mean (which chooses the epoch) drawn boldest."""
    figure = new_figure(5.9, 5.0)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(1, 1.8))
    epochs = [int(float(row["epoch"])) for row in history]
    marker = {"marker": "o", "markersize": 4} if len(epochs) < 4 else {}

    def values(key: str) -> list[float]:
        return [float(row[key]) for row in history]

    top.plot(epochs, values("loss"), color=theme.ink, linewidth=1.6, **marker)
    top.set_ylabel("Training loss")
    conditions = [key for key in history[0] if key.startswith("val_") and key != _MEAN]
    for index, key in enumerate(conditions):
        color = theme.series[index % len(theme.series)]
        bottom.plot(epochs, values(key), color=color, linewidth=1.3, label=_name(key), **marker)
    if _MEAN in history[0]:
        bottom.plot(epochs, values(_MEAN), color=theme.ink, linewidth=2.4, label="validation, mean", **marker)
    if "accuracy" in history[0]:
        bottom.plot(
            epochs, values("accuracy"), color=theme.muted, linewidth=1.3, linestyle="--", label="training, augmented"
        )
    if best_epoch is not None:
        for axes in (top, bottom):
            axes.axvline(best_epoch, color=theme.muted, linewidth=1, linestyle=":")
        late = best_epoch > (epochs[0] + epochs[-1]) / 2
        top.text(
            best_epoch,
            0.97,
            f" epoch {best_epoch} kept ",
            transform=top.get_xaxis_transform(),
            va="top",
            ha="right" if late else "left",
            fontsize=9.5,
            color=theme.muted,
        )
    bottom.set_ylabel("Accuracy [%]")
    bottom.set_xlabel("Epoch")
    bottom.set_ylim(0, 102)
    bottom.xaxis.get_major_locator().set_params(integer=True)
    bottom.legend(
        loc="lower right", ncols=2, fontsize=9.5, frameon=True, facecolor=theme.paper, edgecolor="none", framealpha=0.9
    )
    return figure


def _name(key: str) -> str:
    """``val_-5db`` is "validation, −5 dB"."""
    condition = key.removeprefix("val_")
    if condition.endswith("db"):
        condition = f"{condition.removesuffix('db')} dB".replace("-", "−")
    return f"validation, {condition}"

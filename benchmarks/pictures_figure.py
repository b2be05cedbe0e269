"""What the thresholds of a 2-D DRSN remove, where: maps beside the pictures, and shares by place."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from pictures_task import SIDE, draw

from drsn_keras.layers import Shrinkage

#: Pictures that are drawn, and pictures that the shares are measured on.
_SHOWN, _MEASURED = 6, 500


def removed_maps(model: keras.Model, x: np.ndarray) -> dict[str, np.ndarray]:
    """Share of the magnitude that each shrinkage removes [shape=(n, 40, 40), 0 to 1] by the unit's name."""
    kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    units = [layer for layer in model.layers if isinstance(getattr(layer, "attend", None), Shrinkage)]

    def watched(name: str, layer: Shrinkage):
        original = layer.call

        def call(inputs, training=None):
            outputs = original(inputs, training=training)
            magnitudes = (np.abs(keras.ops.convert_to_numpy(t)).sum(axis=-1) for t in (inputs, outputs))
            kept[name] = tuple(magnitudes)
            return outputs

        return call

    try:
        for unit in units:
            unit.attend.call = watched(unit.name, unit.attend)
        model(x, training=False)
    finally:
        for unit in units:
            del unit.attend.call
    maps = {}
    for name, (before, after) in kept.items():
        share = 1.0 - after / np.maximum(before, 1e-9)
        times = -(-SIDE // share.shape[1])
        maps[name] = np.repeat(np.repeat(share, times, axis=1), times, axis=2)[:, :SIDE, :SIDE]
    return maps


def draw_removed(model: keras.Model, row: str, folder: Path) -> dict[str, dict[str, float]]:
    """Write ROW-removed.png; returns the share [%] removed on the shape that counts, on distractors, on the ground."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    pictures = draw(np.random.default_rng([3]), _MEASURED)
    maps = removed_maps(model, pictures.x)
    target = pictures.mask > 0.5
    other = ~target & (pictures.x[..., 0] > 0.4)
    ground = ~target & ~other
    shares = {
        unit: {
            place: round(100.0 * float(share[where].mean()), 1)
            for place, where in (("target", target), ("distractors", other), ("ground", ground))
        }
        for unit, share in maps.items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(
        _SHOWN, 1 + len(maps), figsize=(1.5 * (1 + len(maps)), 1.5 * _SHOWN + 0.5), layout="constrained"
    )
    for i, line in enumerate(axes):
        line[0].imshow(pictures.x[i, ..., 0], cmap="gray", vmin=0, vmax=1)
        for axis, share in zip(line[1:], maps.values(), strict=True):
            shown = axis.imshow(share[i], cmap="magma", vmin=0, vmax=1)
            axis.contour(pictures.mask[i], [0.5], colors="cyan", linewidths=0.8)
        for axis in line:
            axis.set_axis_off()
    for axis, title in zip(axes[0], ["picture", *maps], strict=True):
        axis.set_title(title.replace("_", " "), fontsize=8)
    figure.colorbar(shown, ax=axes, shrink=0.5, label="share of the magnitude removed")
    figure.suptitle(f"{row}: what the thresholds remove (cyan: the shape that counts)", fontsize=9)
    figure.savefig(folder / f"{row}-removed.png", dpi=100)
    plt.close(figure)
    return shares

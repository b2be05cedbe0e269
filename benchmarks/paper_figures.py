"""The paper's figures, drawn from our results: accuracy by SNR, features in two dimensions, training curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from figures import pyplot

from keyword_runs import key

plt = pyplot()

NAMES = {"convnet": "ConvNet", "resnet": "ResNet", "senet": "SENet", "drsn-cs": "DRSN-CS", "drsn-cw": "DRSN-CW"}
NOISE_NAMES = {"white": "Gaussian", "laplacian": "Laplacian", "pink": "pink"}
COLOURS = {
    "convnet": "#8c8c8c",
    "resnet": "#1f77b4",
    "senet": "#9467bd",
    "drsn-cs": "#2ca02c",
    "drsn-cw": "#d62728",
}


def draw(rows: list[dict[str, Any]], flat: dict[str, float], size: Any, folder: Path) -> None:
    """Write three PNG files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    _by_snr(flat, size, folder / "accuracy.png")
    _curves(rows, size, folder / "training.png")
    _embedding(rows, folder / "features.png")


def _by_snr(flat: dict[str, float], size: Any, path: Path) -> None:
    figure, axes = plt.subplots(1, len(NOISE_NAMES), figsize=(9, 3.4), sharey=True, layout="constrained")
    for axis, (noise, title) in zip(axes, NOISE_NAMES.items(), strict=True):
        for kind, colour in COLOURS.items():
            for suffix, style in (("", "-"), ("_new_machine", "--")):
                values = [flat[f"{kind}_{noise}_{key(s)}{suffix}"] for s in size.snrs_db]
                label = NAMES[kind] if not suffix else None
                axis.plot(size.snrs_db, values, style, color=colour, marker="o", markersize=3, label=label)
        axis.set(title=f"{title} noise", xlabel="SNR [dB]", xticks=size.snrs_db)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("test accuracy [%]")
    axes[0].legend(title="solid: known machines\ndashed: new machines", fontsize=8, title_fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _curves(rows: list[dict[str, Any]], size: Any, path: Path) -> None:
    figure, axis = plt.subplots(figsize=(5.5, 3.4), layout="constrained")
    for kind, colour in COLOURS.items():
        found = [
            r["result"]["losses"]
            for r in rows
            if r["job"]["kind"] == kind
            and (r["job"]["noise"], r["job"]["snr_db"]) == ("white", min(size.snrs_db))
            and r["job"]["epochs"] == size.epochs
        ]
        if found:
            mean = np.mean(found, axis=0)
            axis.plot(np.arange(1, len(mean) + 1), mean, color=colour, label=NAMES[kind])
    axis.set(
        xlabel="epoch",
        ylabel="training cross-entropy",
        title=f"Gaussian noise, {min(size.snrs_db):g} dB, mean of folds",
    )
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _embedding(rows: list[dict[str, Any]], path: Path) -> None:
    from sklearn.manifold import TSNE

    found = {r["job"]["kind"]: r["result"] for r in rows if "features" in r["result"] and r["job"]["epochs"] < 100}
    found = found or {r["job"]["kind"]: r["result"] for r in rows if "features" in r["result"]}
    kinds = [kind for kind in COLOURS if kind in found]
    if not kinds:
        return
    figure, axes = plt.subplots(1, len(kinds), figsize=(2.4 * len(kinds), 2.9), layout="constrained", squeeze=False)
    for axis, kind in zip(axes[0], kinds, strict=True):
        features, labels = np.array(found[kind]["features"]), np.array(found[kind]["labels"])
        chosen = np.random.default_rng(0).permutation(len(labels))[:500]
        places = TSNE(random_state=0, perplexity=30).fit_transform(features[chosen])
        axis.scatter(*places.T, c=labels[chosen], s=5, cmap="tab10", vmax=9)
        axis.set(title=f"{NAMES[kind]}: {found[kind]['new']:.0f} %", xticks=[], yticks=[])
    figure.suptitle("Features before the last layer, new machines, Gaussian noise at -5 dB (t-SNE; colours: states)")
    figure.savefig(path, dpi=110)
    plt.close(figure)

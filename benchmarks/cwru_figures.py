"""Macro-F1 over the level of noise, a panel a split, drawn from the benchmark's figures."""

from __future__ import annotations

from pathlib import Path

from figures import pyplot

from keyword_runs import key

plt = pyplot()

#: Rows that are drawn, and their colours; the table has all.
SHOWN = {
    "spectra-drsn-cw": "#d62728",
    "spectra-resnet": "#1f77b4",
    "wide-drsn-cw": "#ff9896",
    "drsn-cw": "#e377c2",
    "wdcnn": "#8c564b",
    "envelope-forest": "#2ca02c",
    "fft-svm": "#7f7f7f",
}
TITLES = {"load": "load left out", "size": "fault size held out"}
SNRS_DB = (10.0, 5.0, 0.0, -5.0, -10.0)


def draw(flat: dict[str, float], folder: Path) -> None:
    """Write macro_f1.png into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(2, 2, figsize=(9, 6.4), sharex=True, sharey="row", layout="constrained")
    places = [15.0, *SNRS_DB]
    for row, (split, title) in zip(axes, TITLES.items(), strict=True):
        for axis, noise in zip(row, ("white", "pink"), strict=True):
            for name, colour in SHOWN.items():
                keys = [f"{name}_{split}_clean", *(f"{name}_{split}_{noise}_{key(s)}" for s in SNRS_DB)]
                if keys[0] not in flat:
                    continue
                axis.errorbar(
                    places,
                    [flat[k] for k in keys],
                    [flat[f"{k}_interval"] for k in keys],
                    color=colour,
                    marker="o",
                    markersize=3,
                    capsize=2,
                    linewidth=1.2,
                    label=name,
                )
            matched = "matched" if noise == "white" else "not in training"
            axis.set(title=f"{title}: {noise} noise ({matched})", xticks=places)
            axis.set_xticklabels(["clean", *(f"{s:g}" for s in SNRS_DB)])
            axis.grid(alpha=0.3)
        row[0].set_ylabel("macro-F1 [%]")
    for axis in axes[1]:
        axis.set_xlabel("SNR [dB]")
        axis.set_xlim(16.0, -11.0)
    axes[0][0].legend(fontsize=8)
    figure.savefig(folder / "macro_f1.png", dpi=110)
    plt.close(figure)

"""What a study leaves to read: a table for people (Markdown), one for programs (CSV), a figure."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from drsn_keras.files import write_atomically

from .results import CLEAN, Difference, Scores

#: The interval of so few seeds is wider than the figure.
_FEW = 2
#: Measures in words; others by their columns.
_TITLES = {
    "": "Score",
    "accuracy": "Accuracy [%]",
    "rmse": "RMSE, less is better",
    "si_sdr_db": "SI-SDR [dB]",
    "snr_db": "SNR [dB]",
    "psnr_db": "PSNR [dB]",
}


def write_page(scores: Scores, out: Path, title: str) -> list[Path]:
    """Write study.md, table.csv and scores.png; returns their paths."""
    paths = [out / "study.md", out / "table.csv", out / "scores.png"]
    write_atomically(paths[0], markdown(scores, title))
    write_atomically(paths[1], _csv(scores))
    _draw(scores, paths[2], title)
    return paths


def markdown(scores: Scores, title: str) -> str:
    """The tables: scores of each scheme, then paired differences to the baseline."""
    study = scores.study
    different = len(set(study.seeds.values())) > 1
    first = next(iter(study.seeds.values()))
    same = f"{len(first)} seed{'s' if len(first) > 1 else ''} ({', '.join(map(str, first))})"
    seeds = "each model's seeds" if different else same
    parts = [
        f"# {title}",
        f"{_TITLES.get(scores.measure, scores.measure)}: mean over {seeds}, ± 95 % interval (Student's t). "
        "Every model sees the same test examples.",
    ]
    for scheme in study.schemes:
        parts.append(f"## {scheme}")
        shown = ["seeds"] if different else []
        lines = [["model", *shown, "parameters", "M MACs", "s of training", *scores.columns]]
        for model in _ranked(scores, scheme):
            cost = [f"{scores.cost(model, 'parameters'):,.0f}", f"{scores.cost(model, 'macs') / 1e6:.2f}"]
            cost.append(f"{scores.cost(model, 'train_seconds'):.0f}")
            if different:
                cost.insert(0, ", ".join(map(str, study.seeds[model])))
            lines.append([model, *cost, *(scores.mean(model, scheme, c).text(scores.digits) for c in scores.columns)])
        parts.append(_table(lines))
        others = [model for model in study.models if model != study.baseline]
        if study.baseline is not None and others:
            paired = "paired by seed, ± 95 % interval; in brackets p of the paired t test"
            parts.append(f"Difference to {study.baseline}, {paired}")
            lines = [["model", *scores.columns]]
            for model in others:
                found = (scores.difference(model, study.baseline, scheme, c) for c in scores.columns)
                lines.append([model, *(_difference(one, scores.digits) for one in found)])
            parts.append(_table(lines))
    if scores.study.averages:
        parts.append(
            "; ".join(f"{n}: mean over {', '.join(f'{v:g}' for v in levels)}" for n, levels in study.averages.items())
        )
    return "\n\n".join(parts) + "\n"


def _ranked(scores: Scores, scheme: str) -> list[str]:
    """Models, the best mean over all conditions first."""
    mean = {m: np.mean([scores.mean(m, scheme, c).mean for c in scores.conditions]) for m in scores.study.models}
    return sorted(mean, key=lambda m: mean[m], reverse=scores.higher)


def _difference(found: Difference, digits: int) -> str:
    if np.isnan(found.mean):  # both infinite
        return "-"
    if np.isnan(found.half):
        return f"{found.mean:+.{digits}f}"
    return f"{found.mean:+.{digits}f} ± {found.half:.{digits}f} ({found.p:.2g})"


def _table(lines: list[list[str]]) -> str:
    rows = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:]])


def _csv(scores: Scores) -> str:
    """A line a model, scheme, column and seed: what every figure can be computed from."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("model", "scheme", "column", "seed", "score"))
    study = scores.study
    for model in study.models:
        for scheme in study.schemes:
            for column in scores.columns:
                for seed, value in zip(study.seeds[model], scores.values(model, scheme, column), strict=True):
                    writer.writerow((model, scheme, column, seed, f"{value:.4f}"))
    return text.getvalue()


def _draw(scores: Scores, path: Path, title: str) -> None:
    """Score over level, a panel a noise, a curve a model; the last scheme, which is what ships."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from cycler import cycler

    study, scheme = scores.study, scores.study.schemes[-1]
    noisy = [c for c in scores.conditions if c != CLEAN]
    noises = list(dict.fromkeys(c.rsplit(" ", 1)[0] for c in noisy)) or [CLEAN]
    shape = {"figsize": (max(4.5, 3.6 * len(noises)), 3.8), "sharey": True, "squeeze": False, "layout": "constrained"}
    figure, axes = plt.subplots(1, len(noises), **shape)
    for axis, noise in zip(axes[0], noises, strict=True):
        names = sorted((c for c in noisy if c.rsplit(" ", 1)[0] == noise), key=lambda c: float(c.split()[-1]))
        levels = [float(c.split()[-1]) for c in names]
        axis.set_prop_cycle(cycler(linestyle=["-", "--"]) * cycler(color=plt.get_cmap("tab10").colors))
        places, ticks = np.arange(len(names) + (CLEAN in scores.conditions)), [f"{v:g}" for v in levels]
        if CLEAN in scores.conditions:
            names, ticks = [*names, CLEAN], [*ticks, CLEAN]
        for model in study.models:
            means = [scores.mean(model, scheme, c) for c in names]
            middle = np.array([m.mean for m in means])
            half = np.nan_to_num([m.half if m.n > _FEW else 0.0 for m in means])
            axis.plot(places, middle, marker="o", markersize=3, label=model)
            axis.fill_between(places, middle - half, middle + half, alpha=0.15)
        axis.set_xticks(places, ticks)
        axis.set(title=noise, xlabel="level")
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel(f"{_TITLES.get(scores.measure, scores.measure)} ({scheme})")
    axes[0][-1].legend(fontsize=8)
    figure.suptitle(title.replace("$", r"\$"))  # a file's name is no formula
    figure.savefig(path, dpi=110)
    plt.close(figure)

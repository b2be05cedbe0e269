"""``make bench-denoise-norms``: the slides' study of normalisation in the prior-guided net, and shrinkage in its place.

Statistics fixed (of training), of the current signal, none, and batch normalisation with the DRSN's shrinkage behind;
the fixed ones also exchanged for the current signal's after the training. Three experiments on the same networks: the
noise as trained; noise of half and twice that deviation; the whole signal, noise included, at half and twice its level.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from denoise_runs import at_level, trained
from denoise_spikes import NETWORKS, SEEDS, configuration
from figures import pyplot

from keyword_runs import conclude, options, show, start, table

if TYPE_CHECKING:
    from drsn_keras.training.denoising.rows import Candidate
    from drsn_keras.training.open_run import OpenRun

COUNT = 1000
SIGMA = 3.0
#: Row -> the normalisation trained with, and its title.
NORMS = {
    "fixed": ("batch", "batch norm, statistics of training"),
    "exchanged": ("batch", "batch norm, in use those of the signal"),
    "unfixed": ("instance", "statistics of the signal, always"),
    "none": (None, "none"),
    "shrinkage": ("shrinkage", "batch norm and shrinkage"),
}
#: Experiment -> deviation of the noise, gain of what the network is given.
EXPERIMENTS = {
    "as-trained": (SIGMA, 1.0),
    "half-noise": (SIGMA / 2, 1.0),
    "twice-noise": (2 * SIGMA, 1.0),
    "half-level": (SIGMA, 0.5),
    "twice-level": (SIGMA, 2.0),
}
TITLES = {
    "as-trained": "as trained",
    "half-noise": "noise 1.5",
    "twice-noise": "noise 6",
    "half-level": "level x 0.5",
    "twice-level": "level x 2",
}


def networks(runs: Path):
    """(Row, seed, candidate) of every normalisation, trained where it is not yet."""
    from drsn_keras.training.denoising.evaluation_run import network_candidate

    _, arguments, rate, scale = NETWORKS["prior-guided-batch"]
    for seed in SEEDS:
        for row, (norm, _) in NORMS.items():
            network = "prior-guided", {**arguments, "norm": norm}, rate, scale
            run = trained(configuration(network, seed), runs / f"denoise-spikes-prior-guided-{norm or 'none'}-{seed}")
            yield row, seed, exchanged(run) if row == "exchanged" else network_candidate(run)


def exchanged(run: OpenRun) -> Candidate:
    """A network trained with batch normalisation that takes the statistics of each signal in use."""
    from drsn_keras.training.denoising.networks import build_denoiser
    from drsn_keras.training.denoising.predictor import Predictor
    from drsn_keras.training.denoising.rows import Candidate

    twin = build_denoiser(dataclasses.replace(run.config, network={**run.config.network, "norm": "instance"}))
    twin.set_weights([v.numpy() for v in run.model.variables if not v.path.rsplit("/", 1)[-1].startswith("moving_")])
    predict = Predictor(twin, run.config.spec)
    return Candidate(run.config.model, "exchanged", lambda noisy, _: predict(noisy))


def main() -> None:
    """Train, measure, draw, print."""
    parser = options(__doc__, "denoise-norms")
    parser.add_argument("--figure", type=Path, default=Path("build/bench/denoise-norms.png"))
    arguments = parser.parse_args()
    from drsn_keras.training.denoising.evaluate import evaluate
    from drsn_keras.training.denoising.rows import classical_candidates
    from drsn_keras.training.denoising.tasks import open_task

    task = open_task(configuration(NETWORKS["prior-guided-batch"], 0))
    rmse: dict[tuple[str, str], list[float]] = {}
    rows = [*networks(arguments.runs), ("noisy", 0, classical_candidates(task, ["noisy"])[0])]
    for experiment, (sigma, gain) in EXPERIMENTS.items():
        condition = next(c for c in task.corruption.conditions(None, [sigma]) if not c.clean)
        named = [dataclasses.replace(at_level(c, gain), model=row, scheme=f"{seed}") for row, seed, c in rows]
        for result in evaluate(named, task, [condition], count=COUNT):
            rmse.setdefault((result.model, experiment), []).append(result.mean("rmse"))
    flat: dict[str, Any] = {}
    for (row, experiment), seeds in rmse.items():
        flat[f"{row}_{experiment}"] = round(float(np.mean(seeds)), 4)
        if len(seeds) > 1:
            flat[f"{row}_{experiment}_worst_seed"] = round(max(seeds), 4)
    cells = [
        [title, *(_cell(rmse[row, experiment]) for experiment in EXPERIMENTS)]
        for row, title in [*((row, title) for row, (_, title) in NORMS.items()), ("noisy", "*noisy*")]
    ]
    text = f"RMSE of {COUNT} draws; mean of {len(SEEDS)} seeds (and each of them)\n\n"
    draw(rmse, arguments.figure)
    show(flat, text + table(["statistics", *TITLES.values()], cells) + f"\n\n{arguments.figure}", arguments.out)
    conclude([], ["measured"])


def _cell(seeds: list[float]) -> str:
    mean = f"{np.mean(seeds):.2f}"
    return mean if len(seeds) == 1 else f"{mean} ({', '.join(f'{v:.2f}' for v in seeds)})"


def draw(rmse: dict[tuple[str, str], list[float]], path: Path) -> None:
    """Bars of every normalisation, a group an experiment, a dot a seed."""
    plt = pyplot()
    figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
    places, width = np.arange(len(EXPERIMENTS)), 0.8 / len(NORMS)
    for i, (row, (_, title)) in enumerate(NORMS.items()):
        seeds = np.array([rmse[row, experiment] for experiment in EXPERIMENTS])
        at = places + (i - (len(NORMS) - 1) / 2) * width
        axis.bar(at, seeds.mean(axis=1), width, label=title, alpha=0.75)
        axis.plot(at, seeds, "o", color="black", markersize=2.5)
    for place, experiment in zip(places, EXPERIMENTS, strict=True):
        noisy = rmse["noisy", experiment][0]
        axis.hlines(noisy, place - 0.45, place + 0.45, color="black", linestyle=":", label=None if place else "noisy")
    axis.set_xticks(places, TITLES.values())
    axis.set(ylabel="RMSE", title="Prior-guided net on the slides' spikes: mean and single seeds; less is better")
    # A network that has lost its way need not be seen to its top.
    axis.set_ylim(0, 1.1 * max(rmse["noisy", experiment][0] for experiment in EXPERIMENTS))
    figure.legend(fontsize=8, ncols=3, loc="outside lower center")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    start(main)

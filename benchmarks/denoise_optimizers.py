"""``make bench-denoise-optimizers``: SGD and Adam, with and without batch normalisation and residual learning.

A smaller DnCNN on noise of sigma 25, the DnCNN paper's two optimisers with its loss, rates and schedules, fewer epochs,
12 grey levels as the network's 1.0 (with the paper's 255 all forms need ten times the steps); PSNR of the validation
pictures after every epoch.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from denoise_images import configuration
from denoise_runs import trained
from figures import pyplot
from photographs import photographs

from keyword_runs import conclude, options, show, start, table

NETWORK = {"depth": 6, "width": 32}
EPOCHS, STEPS = 20, 100
#: The paper's: half the squared error; Adam to a tenth after 30 of 50 epochs, SGD from 1e-1 to 1e-4.
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "adam", "learning_rate": 1e-3, "schedule": "step"},
    "sgd": {
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "schedule": "exponential",
        "weight_decay": 1e-4,
        "clip_norm": 1.0,
    },
}
NAMES = {"adam": "Adam", "sgd": "SGD"}
#: Row -> batch normalisation, residual learning.
FORMS = {
    "bn-residual": (True, True),
    "bn": (True, False),
    "residual": (False, True),
    "plain": (False, False),
}
TITLES = {
    "bn-residual": "batch norm, residual",
    "bn": "batch norm",
    "residual": "residual",
    "plain": "neither",
}
COLOURS = {"bn-residual": "#d62728", "bn": "#1f77b4", "residual": "#2ca02c", "plain": "#8c8c8c"}


def curves(folder: Path, runs: Path, epochs: int) -> dict[tuple[str, str], np.ndarray]:
    """PSNR [dB] by epoch of every optimiser and form, trained where they are not yet."""
    from drsn_keras.training.epochs import read_history
    from drsn_keras.training.run_folder import HISTORY

    base = configuration(folder, None)
    found = {}
    for optimizer, fields in OPTIMIZERS.items():
        for form, (batch_norm, residual) in FORMS.items():
            config = dataclasses.replace(
                base,
                network={**NETWORK, "batch_norm": batch_norm, "residual": residual},
                loss="half-sse",
                epochs=epochs,
                steps_per_epoch=STEPS,
                **fields,
            )
            run = trained(config, runs / f"denoise-optimizers-{optimizer}-{form}")
            rows = read_history(run.folder / HISTORY)
            found[optimizer, form] = np.array([float(row["val_mean"]) for row in rows])
    return found


def main() -> None:
    """Train, draw, print."""
    parser = options(__doc__, "denoise-optimizers")
    parser.set_defaults(epochs=EPOCHS)
    parser.add_argument("--photographs", type=Path, help="a folder of photographs to train on, such as BSD400")
    parser.add_argument("--figure", type=Path, default=Path("build/bench/denoise-optimizers.png"))
    arguments = parser.parse_args()
    folder = arguments.photographs or photographs(arguments.runs.parent / "photographs")
    found = curves(folder, arguments.runs, arguments.epochs)
    flat: dict[str, Any] = {"epochs": arguments.epochs, "steps": arguments.epochs * STEPS}
    cells = []
    for (optimizer, form), psnr in found.items():
        best, half = float(psnr.max()), float(psnr[len(psnr) // 2 - 1])
        flat |= {f"{optimizer}_{form}": round(best, 2), f"{optimizer}_{form}_halfway": round(half, 2)}
        cells.append([NAMES[optimizer], TITLES[form], f"{half:.2f}", f"{best:.2f}", int(psnr.argmax()) + 1])
    draw(found, arguments.figure)
    titles = ["optimiser", "form", "PSNR [dB] halfway", "best", "at epoch"]
    show(flat, table(titles, cells) + f"\n\n{arguments.figure}", arguments.out)
    conclude([], ["measured"])


def draw(found: dict[tuple[str, str], np.ndarray], path: Path) -> None:
    """A panel an optimiser, a curve a form."""
    plt = pyplot()
    figure, axes = plt.subplots(1, len(OPTIMIZERS), figsize=(8.5, 3.4), sharey=True, layout="constrained")
    for axis, optimizer in zip(axes, OPTIMIZERS, strict=True):
        for form, colour in COLOURS.items():
            psnr = found[optimizer, form]
            axis.plot(np.arange(1, len(psnr) + 1), psnr, color=colour, label=TITLES[form])
        axis.set(title=NAMES[optimizer], xlabel=f"epoch of {STEPS} batches", xticks=range(0, len(psnr) + 1, 5))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("PSNR of validation pictures [dB], peak 255")
    # Before the averages of a batch normalisation have settled there is little to see.
    best = max(float(psnr.max()) for psnr in found.values())
    axes[0].set_ylim(best - 13.0, best + 0.5)
    axes[1].legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    start(main)

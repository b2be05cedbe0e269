"""``make bench-images``: pictures with distractors, 2-D DRSN beside twins at equal cost, and what thresholds remove.

Every picture has one of six shapes that count and four others that do not, in noise; each batch is drawn anew, and so
are the tests: with four distractors as in training, with none and with seven. Stopped at any time it goes on where it
was; results lie in build/bench/images.jsonl.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from study import Job, Network, interval, run_jobs

from keyword_runs import show, start, table

#: row -> (kind of unit, filters of each stage). Gates cost few multiplications but many parameters: the wide ResNet has
#: as many parameters as DRSN-CW, and more multiplications.
ROWS = {
    "resnet": ("resnet", (8, 16, 32)),
    "resnet-wide": ("resnet", (8, 17, 34)),
    "senet": ("senet", (8, 16, 32)),
    "drsn-cs": ("drsn-cs", (8, 16, 32)),
    "drsn-cw": ("drsn-cw", (8, 16, 32)),
}
UNITS = 2
STEPS, BATCH, RATE, WARMUP = 1500, 64, 5e-3, 100
TESTS = {"with 4 distractors": 4, "with none": 0, "with 7": 7}
N_TEST = 2000
FIGURES = Path("docs/results/images")


def build(row: str, activation: str | None = None):
    """The untrained network of a row."""
    from pictures_task import SIDE, TARGETS

    from drsn_keras.models import residual_network

    kind, filters = ROWS[row]
    shape = (SIDE, SIDE, 1)
    options = {"filters": filters, "units_per_stage": UNITS, "rank": 2, "momentum": 0.9, "activation": activation}
    return residual_network(shape, len(TARGETS), kind, **options)


def work(group: Sequence[Job], finished: Callable[[Job, dict[str, Any]], None]) -> None:
    """Train and test one row with each of its seeds."""
    import keras
    from pictures_task import TARGETS, draw

    row = group[0]["row"]
    optimizer = keras.optimizers.AdamW(RATE, weight_decay=0.01)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    network = Network(lambda: build(row), optimizer, label_smoothing=0.05)
    eye = np.eye(len(TARGETS), dtype=np.float32)
    for job in group:

        def batch(step: int, job=job) -> tuple[np.ndarray, np.ndarray]:
            pictures = draw(np.random.default_rng([1, job["seed"], step]), BATCH)
            return pictures.x, eye[pictures.y]

        def rate(step: int) -> float:
            return RATE * min(1.0, (step + 1) / WARMUP) * 0.5 * (1.0 + np.cos(np.pi * step / STEPS))

        losses = network.train(job["seed"], job["steps"], batch, rate)
        result: dict[str, Any] = {"loss": round(float(losses[-100:].mean()), 4)}
        for number, distractors in enumerate(TESTS.values()):
            pictures = draw(np.random.default_rng([2, number]), N_TEST, distractors)
            answers = network.predict(pictures.x).argmax(axis=1)
            result[f"distractors_{distractors}"] = round(100.0 * float(np.mean(answers == pictures.y)), 2)
        result["said"] = ", ".join(f"{k} {v}" for k, v in result.items())
        if row.startswith("drsn") and job["seed"] == 0:
            from pictures_figure import draw_removed

            result["removed"] = draw_removed(network.model, row, FIGURES)
        finished(job, result)


def main() -> None:
    """Run, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench/images.json"))
    arguments = parser.parse_args()
    groups = [[{"row": row, "seed": s, "steps": arguments.steps} for s in range(arguments.seeds)] for row in ROWS]
    rows = run_jobs(groups, work, arguments.out.with_suffix(".jsonl"), arguments.workers)
    from drsn_keras.models import count_macs, count_parameters

    flat: dict[str, Any] = {}
    cells = []
    for row in ROWS:
        model = build(row)
        flat[f"{row}_parameters"], flat[f"{row}_macs"] = count_parameters(model), count_macs(model)
        line: list[object] = [row, f"{flat[f'{row}_parameters']:,}", f"{flat[f'{row}_macs'] / 1e6:.2f}"]
        for distractors in TESTS.values():
            name = f"distractors_{distractors}"
            mean, half = interval([r["result"][name] for r in rows if r["job"]["row"] == row])
            flat[f"{row}_{name}"], flat[f"{row}_{name}_interval"] = round(mean, 2), round(half, 2)
            line.append(f"{mean:.2f} ± {half:.2f}")
        cells.append(line)
    removed = {r["job"]["row"]: r["result"]["removed"] for r in rows if "removed" in r["result"]}
    shares = []
    for row, units in removed.items():
        for unit, share in units.items():
            flat |= {f"{row}_{unit}_removed_{place}": value for place, value in share.items()}
            shares.append([row, unit, *(f"{value:.0f}" for value in share.values())])
    text = table(["row", "parameters", "M MACs", *(f"accuracy [%] {name}" for name in TESTS)], cells)
    places = ["on the shape that counts", "on distractors", "on the ground"]
    text += "\n\nShare of the magnitude that the thresholds remove [%]\n\n" + table(["row", "unit", *places], shares)
    show(flat, text, arguments.out)


if __name__ == "__main__":
    start(main)

"""``make bench-precision``: the training step in 32 and in mixed 16 bits, plain and compiled by XLA, side by side.

The step of ``drsn-train keywords`` (drsn-cw with thresholds a frame) on ready features of noise, at its own width and
four times as wide. Processor time and wall time of a step; ratios are of figures of the same round.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from keyword_runs import show, start, table

WIDTHS = (1.0, 4.0)
BATCH, CLASSES, READY = 64, 12, 4
#: Name: (mixed precision, compiled by XLA).
KINDS = {"float32": (False, False), "float32_xla": (False, True), "mixed": (True, False), "mixed_xla": (True, True)}
BASE = "float32"


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--out", type=Path, default=Path("build/bench/precision.json"))
    arguments = parser.parse_args()
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    figures: dict[str, Any] = {}
    rows = []
    for width in WIDTHS:
        times = measure(width, arguments.rounds)
        for kind, found in times.items():
            name = f"width_{width:g}_{kind}"
            for i, clock in enumerate(("cpu", "wall")):
                ratios = [own[i] / base[i] for own, base in zip(found, times[BASE], strict=True)]
                figures[f"{name}_{clock}_ms"] = round(1e3 * statistics.median(own[i] for own in found), 1)
                figures[f"{name}_{clock}_ratio"] = round(statistics.median(ratios), 2)
            own = [figures[f"{name}_{what}"] for what in ("cpu_ms", "cpu_ratio", "wall_ms", "wall_ratio")]
            rows.append([f"{width:g}", kind, *own])
    titles = ["width", "step", "CPU ms", f"to {BASE}", "wall ms", f"to {BASE}"]
    show(figures, table(titles, rows), arguments.out)


def measure(width: float, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """(processor, wall) seconds of a step, a pair a round; the kinds take turns."""
    import keras
    import tensorflow as tf

    from drsn_keras.frontend import ROOT_MEL_40
    from drsn_keras.training.config import KeywordConfig
    from drsn_keras.training.distributed.devices import Devices
    from drsn_keras.training.fit import compiled_model

    rng = np.random.default_rng(0)
    x = rng.standard_normal((READY, BATCH, *ROOT_MEL_40.shape)).astype(np.float32)
    y = np.eye(CLASSES, dtype=np.float32)[rng.integers(0, CLASSES, (READY, BATCH))]
    batches = tf.data.Dataset.from_tensor_slices((x, y)).repeat()
    config = KeywordConfig(data=".", spectral="frames", front_end=ROOT_MEL_40.to_dict(), width=width)
    steps = {}
    for kind, (mixed, compiled) in KINDS.items():
        keras.utils.set_random_seed(0)
        # A repeatable step is not compiled.
        own = dataclasses.replace(config, mixed_precision=mixed, deterministic=not compiled)
        model = compiled_model(own, CLASSES, READY, Devices())
        model.fit(batches, steps_per_epoch=READY, verbose=0, shuffle=False)
        steps[kind] = model.train_function, iter(batches)
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind, (step, iterator) in steps.items():
            cpu, wall = time.process_time(), time.perf_counter()
            for _ in range(READY):
                step(iterator)
            found[kind].append(((time.process_time() - cpu) / READY, (time.perf_counter() - wall) / READY))
    return found


if __name__ == "__main__":
    start(main)

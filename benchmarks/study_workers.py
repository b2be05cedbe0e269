"""``make bench-study``: how long a small study takes, by how many trainings run at a time, and on a local Ray cluster.

Four trainings of simulated machines, each trained, converted to int8 and measured, by ``drsn-train compare``: one at a
time, two at a time, and two at a time as tasks of Ray. Each way begins anew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from drsn_keras.command_line import log
from keyword_runs import show, start, table

STUDY = """command = "vibration"
seeds = [0, 1]
schemes = ["int8"]
noises = ["white"]
levels = [0]
[options]
machines = 3
hop = 1024
epochs = {epochs}
[models.drsn]
model = "drsn-cw"
[models.resnet]
model = "resnet"
"""
TRAININGS = 4
WAYS = {"workers_1": (), "workers_2": ("--workers", "2"), "ray_2": ("--ray-address", "local", "--workers", "2")}


def main() -> None:
    """Run the study each way, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=Path("build/bench/study-workers"), help="begun anew each time")
    parser.add_argument("--out", type=Path, default=Path("build/bench/study-workers.json"))
    arguments = parser.parse_args()
    shutil.rmtree(arguments.folder, ignore_errors=True)
    arguments.folder.mkdir(parents=True)
    study = arguments.folder / "study.toml"
    study.write_text(STUDY.format(epochs=arguments.epochs), encoding="utf-8")
    figures: dict[str, float] = {"cores": len(os.sched_getaffinity(0)), "trainings": TRAININGS}
    for way, options in WAYS.items():
        log(f"{way}: {TRAININGS} trainings")
        out = arguments.folder / way
        command = [sys.executable, "-m", "drsn_keras.training.cli", "compare", str(study), "--out", str(out), *options]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{way}: {(done.stderr.splitlines() or ['failed'])[-1]}")
        figures[f"{way}_s"] = round(time.monotonic() - began, 1)
    rows = [[way, figures[f"{way}_s"], round(figures["workers_1_s"] / figures[f"{way}_s"], 2)] for way in WAYS]
    show(figures, table(["way", "seconds", "times as fast as one at a time"], rows), arguments.out)


if __name__ == "__main__":
    start(main)

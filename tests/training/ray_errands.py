"""Trials of a cluster without TensorFlow, and a study of them: what travels, what goes on, what ends with it.

``python ray_errands.py ADDRESS`` in a folder that is its own; nodes that were started elsewhere do not see the study's
folder, which is named relative to the process that looks at it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError
from drsn_keras.training.study.crew import Crew, CrewLost, Outcome, Place
from drsn_keras.training.study.folder import keyed
from drsn_keras.training.study.process import Process
from drsn_keras.training.study.ray_cluster import joined
from drsn_keras.training.study.ray_crew import RayCrew
from drsn_keras.training.study.trial import Trial, files_of

OUT = Path("/proc/self/cwd/out")
#: Adds an epoch to the history every 50 ms until there are as many.
PROGRAM = """
import os, pathlib, sys, time
history = pathlib.Path(sys.argv[1])
if not history.exists():
    history.write_text("epoch,pid\\n")
while (done := history.read_text().count("\\n") - 1) < int(sys.argv[2]):
    time.sleep(0.05)
    with history.open("a") as file:
        file.write(f"{done + 1},{os.getpid()}\\n")
"""


def job(trial: Trial, out: Path, process: Process) -> dict[str, Any]:
    """Go on to as many epochs as the trial's words say."""
    run, log, _ = files_of(trial, out)
    run.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(exist_ok=True)
    before = (run / "history.csv").read_text().count("\n") - 1 if (run / "history.csv").exists() else 0
    if not trial.words:
        raise DataError(f"{log}: expected words, got none")
    process.run("held.epochs", [str(run / "history.csv"), *trial.words], log)
    return {"before": before, "folder": str(out)}


def wait(crew: Crew) -> Outcome:
    """The next outcome."""
    while (outcome := crew.wait(0.5)) is None:
        pass
    return outcome


def run_on(crew: Crew, trial: Trial, lines: int) -> str:
    """The history of a trial that runs, of as many lines."""
    while (history := crew.history(trial)).count("\n") < lines:
        if (outcome := crew.wait(0.1)) is not None:
            sys.exit(f"it has ended: {outcome}")
    return history


def main(address: str) -> None:
    """Stop a trial, go on with it; one that fails; one whose desk is lost; one that is left running."""
    OUT.mkdir()
    trial = Trial("m", 0, ("100000",))
    with joined(address, 0, 0.0) as ray, keyed(OUT) as key:
        crew = RayCrew(ray, Place(2, address, 1), job, OUT, key)
        crew.start(trial)
        run_on(crew, trial, 4)
        crew.stop(trial)
        outcome = wait(crew)
        reached = (OUT / "runs" / "m-0" / "history.csv").read_text().count("\n") - 1
        print(json.dumps({"stopped": outcome.stopped, "reached": reached}), flush=True)
        crew.start(Trial("m", 0, (str(reached + 3),)))
        outcome = wait(crew)
        went_on = (OUT / "runs" / "m-0" / "history.csv").read_text().count("\n") - 1
        print(json.dumps({"row": outcome.row, "went_on": went_on}), flush=True)
        crew.start(Trial("bad", 0, ()))
        print(json.dumps({"error": str(wait(crew).error)}), flush=True)
        crew.start(lone := Trial("lone", 0, ("100000",)))
        run_on(crew, lone, 3)
        ray.kill(crew._desk)
        try:
            crew.start(trial)
        except CrewLost as error:
            print(json.dumps({"error": str(error), "stopped": wait(crew).stopped}), flush=True)
        crew = RayCrew(ray, Place(2, address, 1), job, OUT, key)
        crew.start(last := Trial("long", 0, ("100000",)))
        print(json.dumps({"pid": int(run_on(crew, last, 3).split(",")[-1])}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    import ray_errands  # by its name, for the nodes

    ray_errands.main(sys.argv[1])

"""Run a study: trials on some processes at a time, results in one file, resumable at any time."""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, DataError, UsageError, mismatch

from ..run_folder import locked
from .crew import HERE, LOOK_S, Crew, CrewLost, Outcome, Place, crew_at, drain
from .folder import KEY, mend, require_own
from .results import read_results, row_of_trial
from .study_file import Study
from .trial import ModelRefused, Trial, run_trial, store, trials_of

RESULTS = "results.jsonl"
#: What a study writes into its folder.
WRITTEN = (RESULTS, "runs", "logs", "table.csv", "study.md", "scores.png", ".lock", KEY)


def run_study(study: Study, out: Path, place: Place = HERE) -> list[dict[str, Any]]:
    """Run all trials that have no result yet.

    Parameters
    ----------
    study : Study
    out : Path
        Folder of the study; an earlier study's is gone on with.
    place : Place
        Where the trials run, and how many at a time.

    Returns
    -------
    list of dict
        A row of results for every trial.

    Raises
    ------
    UsageError
        If the folder holds other things than a study.
    CheckFailed
        If trials failed: all others were run first, what is done is kept. If the cluster is lost.
    """
    require_own(out, WRITTEN, "study")
    with locked(out):
        mend(out)
        path = out / RESULTS
        rows = read_results(path)
        wanted = trials_of(study)
        waiting = [trial for trial in wanted if row_of_trial(rows, study, trial) is None]
        log(f"{len(waiting)} trainings to do, {len(wanted) - len(waiting)} done before")
        tally = _Tally(path, len(waiting))
        if waiting:
            with crew_at(place, functools.partial(run_trial, study), out, len(waiting)) as crew:
                _run(crew, waiting, tally, out)
        if tally.failed:
            left = len(waiting) - len(tally.failed) - tally.done
            untried = f", {left} were not tried" if left else ""
            raise CheckFailed(
                f"{len(tally.failed)} of {len(waiting)} trainings failed{untried}, "
                f"the others are kept: {tally.failed[0]}"
            )
        rows = read_results(path)
    found = [row_of_trial(rows, study, trial) for trial in wanted]
    if any(row is None for row in found):
        raise DataError(mismatch(path, f"results of {len(found)} trainings", f"{sum(r is not None for r in found)}"))
    return [row for row in found if row is not None]


def _run(crew: Crew, trials: Sequence[Trial], tally: _Tally, out: Path) -> None:
    """Hand out trials where there is room until all have come back."""
    waiting = deque(trials)
    try:
        while crew.running or (waiting and not tally.ended):
            while waiting and not tally.ended and crew.running < crew.slots:
                trial = waiting.popleft()
                if trial.model not in tally.refused:
                    crew.start(trial)
            if crew.running and (outcome := crew.wait(LOOK_S)) is not None:
                outcome.require_asked()
                tally.add(outcome)
    except (KeyboardInterrupt, CrewLost):
        for outcome in drain(crew):
            tally.add(outcome)
        log(f"what is done is kept; to go on, run the command again with {out}")
        raise


class _Tally:
    """Results as they come: stored, said; and what failed."""

    def __init__(self, path: Path, total: int) -> None:
        self._path, self._total, self._began = path, total, time.monotonic()
        #: A line each.
        self.failed: list[str] = []
        #: Models whose options the training refuses.
        self.refused: set[str] = set()
        #: No trial can be measured.
        self.ended = False
        #: Trials with a result.
        self.done = 0

    def add(self, outcome: Outcome) -> None:
        """Store a row, or remember an error."""
        trial = outcome.trial
        if outcome.row is not None:
            store(self._path, outcome.row)
            self.done += 1
            self._say(trial, outcome.row)
            return
        if outcome.stopped:
            return
        self.failed.append(f"{trial.name}: {outcome.error}")
        log(self.failed[-1])
        if isinstance(outcome.error, ModelRefused):
            self.refused.add(trial.model)
        elif isinstance(outcome.error, UsageError):  # a question that no trial can answer
            self.ended = True

    def _say(self, trial: Trial, row: dict[str, Any]) -> None:
        scheme, scores = list(row["scores"].items())[-1]
        shown = ", ".join(f"{name} {value:.1f}" for name, value in list(scores.items())[:4])
        left = (time.monotonic() - self._began) / self.done * (self._total - self.done) / 60
        more = f"; {self._total - self.done} to do, about {left:.0f} min" if self.done < self._total else ""
        log(f"{trial.name}: {scheme} {shown}{more}")

"""Run a search: configurations drawn, trained beside each other, judged by the validation part; resumable any time."""

from __future__ import annotations

import csv
import functools
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import BundleError, CheckFailed, DataError, mismatch

from ..run_folder import SUMMARY, locked, read_json
from ..study.crew import HERE, LOOK_S, Crew, CrewLost, Outcome, Place, crew_at, drain, history_of
from ..study.folder import KEY, mend, require_own
from ..study.process import Process
from ..study.trial import Trial, costs_of, train_trial
from .sampling import JOURNAL, JOURNAL_LOCK, Sampler, Tried
from .search_file import Search

#: What a search writes into its folder.
WRITTEN = (JOURNAL, JOURNAL_LOCK, "runs", "logs", "search.md", "trials.csv", ".lock", KEY)
#: Configurations in a row that may fail.
_FAILURES = 5


def measure_of_training(run: Path, trial: Trial, summary: Any) -> tuple[str, float]:
    """What a training reached on its validation part: the measure's name, and the mean over its conditions."""
    try:
        return str(summary.get("measure", "accuracy")), float(summary["validation"]["val_mean"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BundleError(mismatch(run / SUMMARY, "a validation mean", "none")) from None


def reach(command: str, trial: Trial, out: Path, process: Process) -> dict[str, Any]:
    """Train a configuration (or go on); what it reached on the validation part, and what it cost."""
    run, _ = train_trial(command, trial, out, process)
    measure, value = measure_of_training(run, trial, read_json(run / SUMMARY))
    return {"measure": measure, "value": value, **costs_of(run, ())}


def run_search(search: Search, out: Path, place: Place = HERE) -> tuple[list[Tried], dict[str, float] | None]:
    """Try as many configurations as the search asks for, those of earlier runs included; fewer where there are fewer.

    Parameters
    ----------
    search : Search
    out : Path
        Folder of the search; an earlier one is gone on with.
    place : Place
        Where the trainings run, and how many at a time.

    Returns
    -------
    tried : list of Tried
    importance : dict or None
        Of each option that is varied.

    Raises
    ------
    UsageError
        If the folder holds other things than this search.
    CheckFailed
        If one configuration after the other fails, none has a result, or the cluster is lost.
    """
    require_own(out, WRITTEN, "search")
    with locked(out):
        mend(out)
        sampler = Sampler(out, search.space, search.seed, search.identity)
        before = sampler.tried()
        asked = max(0, search.trials - len(before))
        left = int(min(asked, max(0, sampler.left)))
        rest = f"; that is all of them, trials = {search.trials} asks for more than there are" if left < asked else ""
        log(f"{left} configurations to try, {len(before)} tried before{rest}")
        if left:
            with crew_at(place, functools.partial(reach, search.command), out, left) as crew:
                Hunt(search, sampler, crew, out).run(left)
        tried = sampler.tried()
        if all(one.score is None for one in tried):
            errors = [one.facts["error"] for one in tried if one.facts.get("error")]
            why = errors[-1] if errors else "without a mean over the validation part that is a number"
            raise CheckFailed(f"none of {len(tried)} configurations could be trained: {why}")
        return tried, sampler.importance()


class Hunt:
    """Configurations handed out where there is room; those that are behind the others are stopped."""

    def __init__(self, search: Search, sampler: Sampler, crew: Crew, out: Path) -> None:
        self._search, self._sampler, self._crew, self._out = search, sampler, crew, out
        self._running: dict[Trial, int] = {}
        self._epochs: dict[int, int] = {}
        self._pruned: set[Trial] = set()
        self._failures: list[str] = []
        self._best = max((one.score for one in sampler.tried() if one.score is not None), default=-math.inf)

    def run(self, left: int) -> None:
        """Until as many have ended."""
        try:
            while left or self._running:
                while left and len(self._running) < self._crew.slots and len(self._failures) < _FAILURES:
                    left = left - 1 if self._start() else 0
                if not left and not self._running:
                    break
                if not self._running:
                    raise CheckFailed(
                        f"{_FAILURES} configurations after another failed, the others are kept: {self._failures[0]}"
                    )
                if (outcome := self._crew.wait(LOOK_S)) is not None:
                    if outcome.trial not in self._pruned:
                        outcome.require_asked()
                    self._ended(outcome)
                if self._search.prune:
                    self._prune()
        except (KeyboardInterrupt, CrewLost):
            for outcome in drain(self._crew):
                self._ended(outcome)
            log(f"what is done is kept; to go on, run the command again with {self._out}")
            raise

    def _start(self) -> bool:
        """Begin a configuration; False where nothing new is drawn any more."""
        if (asked := self._sampler.ask()) is None:
            log("nothing is drawn any more that was not tried before: the search ends here")
            return False
        number, drawn = asked
        trial = Trial(f"config-{number}", self._search.seed, self._search.words(drawn))
        self._running[trial] = number
        self._crew.start(trial)
        return True

    def _ended(self, outcome: Outcome) -> None:
        trial = outcome.trial
        number = self._running.pop(trial)
        if outcome.row is not None and not math.isfinite(outcome.row["value"]):
            said = mismatch(f"validation {outcome.row['measure']}", "a number", outcome.row["value"])
            self._failed(trial, number, said, {**outcome.row, "value": None})
        elif outcome.row is not None:
            self._failures.clear()
            measure, value = outcome.row["measure"], outcome.row["value"]
            score = self._search.score(value)
            self._sampler.tell(number, "done", score, outcome.row)
            better = score > self._best
            self._best = max(self._best, score)
            log(f"{trial.name}: validation {measure} {value:.3f}{', the best so far' if better else ''}")
        elif trial in self._pruned:
            epochs = _history(history_of(trial, self._out))
            value = epochs[-1][1] if epochs and math.isfinite(epochs[-1][1]) else None
            self._sampler.tell(number, "pruned", None, {"value": value, "epochs": len(epochs)})
            log(f"{trial.name}: stopped after epoch {len(epochs)}, behind the others")
        elif not outcome.stopped:
            self._failed(trial, number, str(outcome.error), {})

    def _failed(self, trial: Trial, number: int, error: str, facts: Mapping[str, Any]) -> None:
        self._failures.append(f"{trial.name}: {error}")
        log(self._failures[-1])
        self._sampler.tell(number, "failed", None, {**facts, "error": error})

    def _prune(self) -> None:
        for trial, number in self._running.items():
            if trial in self._pruned:
                continue
            for epoch, value in _history(self._crew.history(trial))[self._epochs.get(number, 0) :]:
                self._epochs[number] = epoch
                if self._sampler.report(number, epoch, self._search.score(value)):
                    self._pruned.add(trial)
                    self._crew.stop(trial)
                    break


def _history(text: str) -> list[tuple[int, float]]:
    """Epochs and validation means of a training's history.csv."""
    try:
        return [(int(row["epoch"]), float(row["val_mean"])) for row in csv.DictReader(io.StringIO(text))]
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise DataError(mismatch("a training's history", "epoch and val_mean", error)) from None

"""Run a study: trials on some processes at a time, results in one file, resumable at any time."""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, DataError, DrsnError, UsageError, mismatch

from ..run_folder import locked
from .results import read_results, row_of_trial
from .study_file import Study
from .trial import ModelRefused, Process, Trial, run_trial, store, trials_of

RESULTS = "results.jsonl"
#: What a study writes into its folder.
WRITTEN = (RESULTS, "runs", "logs", "table.csv", "study.md", "scores.png", ".lock")


def run_study(study: Study, out: Path, workers: int = 1) -> list[dict[str, Any]]:
    """Run all trials that have no result yet.

    Parameters
    ----------
    study : Study
    out : Path
        Folder of the study; an earlier study's is gone on with.
    workers : int
        Trials at a time; the cores are divided among them.

    Returns
    -------
    list of dict
        A row of results for every trial.

    Raises
    ------
    UsageError
        If the folder holds other things than a study.
    CheckFailed
        If trials failed: all others were run first, what is done is kept.
    """
    if workers < 1:
        raise UsageError(mismatch("--workers", "at least 1", workers))
    if out.exists() and not out.is_dir():
        raise UsageError(mismatch(out, "a folder for the study", "a file"))
    names = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
    strange = [n for n in names if n not in WRITTEN and not n.endswith(".tmp")]  # half of a file, of a study killed
    if strange:
        raise UsageError(mismatch(out, "a new folder, or one of a study", f"one with {strange[0]} in it"))
    with locked(out):
        path = out / RESULTS
        rows = read_results(path)
        wanted = trials_of(study)
        waiting = [trial for trial in wanted if row_of_trial(rows, study, trial) is None]
        log(f"{len(waiting)} trainings to do, {len(wanted) - len(waiting)} done before")
        crew = _Workers(study, out, path, len(waiting))
        failed = crew.run(waiting, min(workers, max(1, len(waiting))))
        if failed:
            left = len(waiting) - len(failed) - crew.done
            untried = f", {left} were not tried" if left else ""
            raise CheckFailed(
                f"{len(failed)} of {len(waiting)} trainings failed{untried}, the others are kept: {failed[0]}"
            )
        rows = read_results(path)
    found = [row_of_trial(rows, study, trial) for trial in wanted]
    if any(row is None for row in found):
        raise DataError(mismatch(path, f"results of {len(found)} trainings", f"{sum(r is not None for r in found)}"))
    return [row for row in found if row is not None]


class _Workers:
    """Threads that each wait for one child process at a time."""

    def __init__(self, study: Study, out: Path, path: Path, total: int) -> None:
        self._study, self._out, self._path, self._total = study, out, path, total
        self._lock, self._began = threading.Lock(), time.monotonic()
        self._failed: list[str] = []
        self._refused: set[str] = set()
        self._ended = False
        #: Trials with a result.
        self.done = 0

    def run(self, trials: list[Trial], workers: int) -> list[str]:
        """Errors of the trials that failed, a line each."""
        tasks: queue.SimpleQueue[Trial] = queue.SimpleQueue()
        for trial in trials:
            tasks.put(trial)
        threads_each = max(1, (os.cpu_count() or 1) // workers)
        processes = [Process(threads_each) for _ in range(workers)]
        threads = [threading.Thread(target=self._work, args=(tasks, process), daemon=True) for process in processes]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(timeout=0.5)  # a wait without end would not see Ctrl-C
        except KeyboardInterrupt:
            for process in processes:
                process.stop()
            for thread in threads:
                thread.join()
            log(f"what is done is kept; to go on, run the command again with {self._out}")
            raise
        return self._failed

    def _work(self, tasks: queue.SimpleQueue[Trial], process: Process) -> None:
        while not (process.stopped or self._ended):
            try:
                trial = tasks.get_nowait()
            except queue.Empty:
                return
            if trial.model in self._refused:
                continue
            try:
                row = run_trial(self._study, trial, self._out, process)
            except (DrsnError, OSError) as error:
                if process.stopped:
                    return
                with self._lock:
                    self._failed.append(f"{trial.name}: {error}")
                    log(self._failed[-1])
                if isinstance(error, ModelRefused):
                    self._refused.add(trial.model)
                elif isinstance(error, UsageError):  # a question that no trial can answer
                    self._ended = True
                continue
            with self._lock:
                store(self._path, row)
                self.done += 1
                self._say(trial, row)

    def _say(self, trial: Trial, row: dict[str, Any]) -> None:
        scheme, scores = list(row["scores"].items())[-1]
        shown = ", ".join(f"{name} {value:.1f}" for name, value in list(scores.items())[:4])
        left = (time.monotonic() - self._began) / self.done * (self._total - self.done) / 60
        more = f"; {self._total - self.done} to do, about {left:.0f} min" if self.done < self._total else ""
        log(f"{trial.name}: {scheme} {shown}{more}")

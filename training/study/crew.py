"""Who runs trials: processes on this machine, some at a time; what a cluster does the same (ray_crew.py)."""

from __future__ import annotations

import contextlib
import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, DrsnError, UsageError, mismatch

from ..cores import core_count
from ..run_folder import HISTORY
from .process import Process
from .trial import Trial, files_of

#: At the longest between two looks at what runs [s].
LOOK_S = 0.5
#: For all that runs to end when it is interrupted [s].
_STOP_S = 60.0
#: What is done with a trial in the folder of its study, by children of a process; returns a row of results.
Job = Callable[[Trial, Path, Process], dict[str, Any]]


class CrewLost(CheckFailed):
    """Trials can no longer be handed out or heard of: what is done is kept, the same command goes on."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a trial ended: with a row, or an error; or it was stopped, and can be gone on with."""

    trial: Trial
    row: dict[str, Any] | None = None
    error: Exception | None = None
    stopped: bool = False

    def require_asked(self) -> None:
        """Raise :class:`CrewLost` where a trial was stopped; of one that nobody here has stopped."""
        if self.stopped and self.row is None:
            raise CrewLost(f"{self.trial.name}: stopped, and not by this command: its node does not reach it any more")


def attempt(job: Job, trial: Trial, out: Path, process: Process) -> Outcome:
    """Run a job to its end; what is the input's fault is an outcome."""
    try:
        return Outcome(trial, row=job(trial, out, process))
    except (DrsnError, OSError) as error:
        return Outcome(trial, error=error, stopped=process.stopped)


def history_of(trial: Trial, out: Path) -> str:
    """The finished epochs of a training (history.csv); empty before the first."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return (files_of(trial, out)[0] / HISTORY).read_text(encoding="utf-8")
    return ""


class Crew(Protocol):
    """Runs trials beside each other; used by one thread."""

    @property
    def slots(self) -> int:
        """Trials at a time, at present."""

    @property
    def running(self) -> int:
        """Trials that were started and have not come back from ``wait``."""

    def start(self, trial: Trial) -> None:
        """Begin a trial, beside those that run."""

    def wait(self, timeout_s: float) -> Outcome | None:
        """The next that ends; None when none did in time."""

    def history(self, trial: Trial) -> str:
        """The finished epochs of a trial that runs, as its history.csv says; empty where they are not known."""

    def stop(self, trial: Trial | None = None) -> None:
        """Interrupt a trial, or all: their outcomes follow, their epochs are kept."""


class LocalCrew:
    """Each trial a child process of this one, waited for by a thread.

    Parameters
    ----------
    job : what is done with a trial
    out : Path
        Folder of the study.
    slots : int
        Trials at a time; the cores are divided among them.
    """

    def __init__(self, job: Job, out: Path, slots: int) -> None:
        self._job, self._out, self.slots = job, out, slots
        self._threads_each = max(1, core_count() // slots)
        self._processes: dict[Trial, Process] = {}
        self._ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    @property
    def running(self) -> int:
        """Trials that were started and have not come back from ``wait``."""
        return len(self._processes)

    def start(self, trial: Trial) -> None:
        """Begin a trial, beside those that run."""
        process = self._processes[trial] = Process(self._threads_each)
        threading.Thread(target=self._work, args=(trial, process), daemon=True).start()
        log(f"{trial.name}: begins")

    def _work(self, trial: Trial, process: Process) -> None:
        try:
            outcome = attempt(self._job, trial, self._out, process)
        except Exception as error:  # a fault of the program, shown by who waits
            outcome = Outcome(trial, error=error)
        self._ended.put(outcome)

    def wait(self, timeout_s: float) -> Outcome | None:
        """The next that ends; None when none did in time."""
        try:
            outcome = self._ended.get(timeout=timeout_s)
        except queue.Empty:
            return None
        del self._processes[outcome.trial]
        if outcome.error is not None and not isinstance(outcome.error, (DrsnError, OSError)):
            raise outcome.error
        return outcome

    def history(self, trial: Trial) -> str:
        """The finished epochs of a trial that runs."""
        return history_of(trial, self._out)

    def stop(self, trial: Trial | None = None) -> None:
        """Interrupt a trial, or all."""
        for running, process in self._processes.items():
            if trial in {None, running}:
                process.stop()


@dataclasses.dataclass(frozen=True)
class Place:
    """Where trials run.

    Parameters
    ----------
    workers : int or None
        Trials at a time; None: one here, on a cluster as many as it has room for.
    ray_address : str or None
        ``local``, ``auto``, ``HOST:PORT`` of a cluster that this machine belongs to; None: without Ray.
    cpus : int or None
        That a trial of a cluster takes; None: one of a cluster, the part of the cores that ``workers`` leaves of local.
    gpus : float
        That a trial of a cluster takes.
    """

    workers: int | None = None
    ray_address: str | None = None
    cpus: int | None = None
    gpus: float = 0.0


#: One process at a time, on this machine.
HERE = Place()


@contextlib.contextmanager
def crew_at(place: Place, job: Job, out: Path, most: int) -> Iterator[Crew]:
    """The crew of a place, for ``most`` trials at a time at most."""
    if place.workers is not None and place.workers < 1:
        raise UsageError(mismatch("--workers", "at least 1", place.workers))
    if place.ray_address is None:
        yield LocalCrew(job, out, min(place.workers or 1, most))
        return
    from .ray_crew import ray_crew

    with ray_crew(place, job, out, most) as crew:
        yield crew


def drain(crew: Crew) -> Iterator[Outcome]:
    """Interrupt all that run; what they leave, without those that do not end in time."""
    crew.stop()
    end = time.monotonic() + _STOP_S
    while crew.running and time.monotonic() < end:
        outcome = crew.wait(LOOK_S)
        if outcome is not None:
            yield outcome

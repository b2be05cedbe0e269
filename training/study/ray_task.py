"""What a node of a cluster does for a study: one trial, in the study's folder or in one of its own."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from drsn_keras.errors import BundleError, UsageError, mismatch

from ..run_folder import locked
from ..temporary_folder import temporary
from .crew import Job, Outcome, attempt, history_of
from .folder import holds_key, pack, unpack
from .process import Process
from .ray_cluster import library
from .trial import Trial, files_of

#: Between two looks at what the study asks [s].
_LOOK_S = 1.0
#: For a node that has died to let go of a run folder: a shared disk knows of it late [s].
_LOCK_S = 120.0
#: Of the command's environment to that of the trainings: what the result depends on.
CARRIED = ("KERAS_BACKEND", "XLA_FLAGS")


def version() -> str:
    """Of this package: the same on all nodes."""
    return metadata.version("drsn-keras")


class Desk:
    """An actor beside the study: takes in how far the trials are, tells them to stop."""

    def __init__(self) -> None:
        self._histories: dict[str, str] = {}
        self._stopped: set[str] = set()
        self._all = False

    def tell(self, name: str, history: str) -> bool:
        """How far a trial is; returns whether it has to stop."""
        self._histories[name] = history
        return self._all or name in self._stopped

    def history(self, name: str) -> str | None:
        """The epochs of a trial; None of one that has not begun."""
        return self._histories.get(name)

    def begun(self) -> set[str]:
        """Trials that have begun on a node."""
        return set(self._histories)

    def stop(self, name: str | None) -> None:
        """Stop a trial, or all."""
        self._all |= name is None
        self._stopped.add(name or "")

    def begin(self, name: str) -> None:
        """Forget what was said about a trial of this name."""
        self._histories.pop(name, None)
        self._stopped.discard(name)


@dataclasses.dataclass(frozen=True)
class Errand:
    """A trial on its way to a node.

    Parameters
    ----------
    job : what is done with it
    trial : Trial
    out : Path
        The study's folder where the command runs.
    key : str
        That lies in it.
    threads : int
        Of TensorFlow's pools.
    environment : dict of str to str
    version : str
        Of this package.
    """

    job: Job
    trial: Trial
    out: Path
    key: str
    threads: int
    environment: Mapping[str, str]
    version: str


def run_errand(errand: Errand, desk: Any, before: list[Any]) -> tuple[Outcome, bytes | None]:
    """Run a trial on this node.

    Parameters
    ----------
    errand : Errand
    desk : handle of a :class:`Desk`
    before : list
        A reference to the trial's files, of an interrupted training; or nothing.

    Returns
    -------
    outcome : Outcome
    archive : bytes or None
        The trial's files, where the study's folder is not seen from here.
    """
    trial = errand.trial
    if version() != errand.version:
        error = BundleError(mismatch(f"node {platform.node()}", f"drsn-keras {errand.version}", version()))
        return Outcome(trial, error=error), None
    seen = holds_key(errand.out, errand.key)
    with contextlib.ExitStack() as stack:
        out = errand.out
        if not seen:
            out = Path(stack.enter_context(temporary("drsn-study-")))
            if before:
                unpack(library().get(before[0]), trial, out)
        process = Process(errand.threads, errand.environment)
        stack.enter_context(_watched(trial, out, process, desk))
        _until_free(files_of(trial, out)[0], process)
        if process.stopped:
            return Outcome(trial, stopped=True), None
        outcome = attempt(errand.job, trial, out, process)
        if seen:
            return outcome, None
        return _as_of(errand.out, out, outcome), pack(trial, out)


@contextlib.contextmanager
def _watched(trial: Trial, out: Path, process: Process, desk: Any) -> Iterator[None]:
    """Tell the study how far a trial is; stop it when it is told to, or when nobody listens any more."""
    ray, ended, node = library(), threading.Event(), os.getppid()

    def tell() -> None:
        try:
            stop = ray.get(desk.tell.remote(trial.name, history_of(trial, out)))
        except ray.exceptions.RayError:
            stop = True
        if stop and not process.stopped:
            process.stop()

    def watch() -> None:
        while not ended.wait(_LOOK_S):
            # Ray's own look finds out late, or never under a supervisor that adopts processes; the trial is begun
            # elsewhere by then.
            if os.getppid() != node:
                process.stop()
                os._exit(1)
            tell()

    tell()
    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _until_free(run: Path, process: Process) -> None:
    """Wait for the training of a node that has died, which may not have ended yet."""
    end = time.monotonic() + _LOCK_S
    while run.is_dir() and not process.stopped and time.monotonic() < end:
        try:
            with locked(run):
                return
        except UsageError:
            time.sleep(0.2)


def _as_of(theirs: Path, ours: Path, outcome: Outcome) -> Outcome:
    """An outcome whose error names the files where they are going to lie."""
    if outcome.error is None:
        return outcome
    said = str(outcome.error).replace(os.fspath(ours), os.fspath(theirs))
    kind = type(outcome.error) if not isinstance(outcome.error, OSError) else OSError
    return dataclasses.replace(outcome, error=kind(said))

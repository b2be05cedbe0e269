"""Trials as tasks of Ray, wherever it has room; a node that dies costs what it was doing, and no trial."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, DrsnError, UsageError, mismatch

from ..cores import core_count
from .crew import CrewLost, Job, Outcome, Place
from .folder import keyed, pack, unpack
from .ray_cluster import LOCAL, beside_us, cpus_of_nodes, joined, room, said_by
from .ray_task import CARRIED, Desk, Errand, run_errand, version
from .trial import Trial, files_of

#: Times that a trial is begun anew after its node has died.
_RETRIES = 5
#: Between two looks at the cluster's nodes [s].
_LOOK_S = 2.0
#: Without a node for a trial before that is said [s].
_NOBODY_S = 30.0

_P, _R = ParamSpec("_P"), TypeVar("_R")


def _or_lost(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """What Ray itself raises, as :class:`CrewLost`: a line."""

    @functools.wraps(method)
    def asked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return method(*args, **kwargs)
        except args[0]._ray.exceptions.RayError as error:
            raise CrewLost(f"Ray: {said_by(error)}") from None

    return asked


class RayCrew:
    """Each trial a task of Ray.

    Parameters
    ----------
    ray : module
        Connected.
    place : Place
        What a trial takes, and how many run at a time (None: as many as there is room for).
    job : what is done with a trial
    out : Path
        Folder of the study, absolute.
    key : str
        That lies in it.
    """

    def __init__(self, ray: Any, place: Place, job: Job, out: Path, key: str) -> None:
        self._ray, self._place, self._job, self._out, self._key = ray, place, job, out, key
        self._desk = ray.remote(Desk).options(num_cpus=0, scheduling_strategy=beside_us(ray)).remote()
        needs = {"num_cpus": place.cpus, "num_gpus": place.gpus}
        # Left to itself Ray spreads tasks once nodes are half full; a study has the cluster to itself.
        self._task = ray.remote(run_errand).options(**needs, max_retries=_RETRIES, scheduling_strategy="SPREAD")
        self._running: dict[Any, Trial] = {}
        self._unheard: set[str] = set()
        self._looked, self._room, self._peopled = 0.0, 0, time.monotonic()

    @property
    @_or_lost
    def slots(self) -> int:
        """Trials at a time, by the nodes that are there now."""
        now = time.monotonic()
        if now - self._looked > _LOOK_S:
            self._looked, self._room = now, room(self._ray, self._place.cpus, self._place.gpus)
            if self._room:
                self._peopled = now
            elif now - self._peopled > _NOBODY_S:
                log("no node of the cluster has room for a training; waiting for one")
                self._peopled = now
        return max(1, min(self._room, self._place.workers or self._room))

    @property
    def running(self) -> int:
        """Trials that were started and have not come back from ``wait``."""
        return len(self._running)

    @_or_lost
    def start(self, trial: Trial) -> None:
        """Begin a trial, beside those that run."""
        carried = {name: os.environ[name] for name in CARRIED if name in os.environ}
        errand = Errand(self._job, trial, self._out, self._key, self._place.cpus, carried, version())
        # What an interrupted training has left, for a node that does not see it.
        left = pack(trial, self._out) if files_of(trial, self._out)[0].is_dir() else None
        self._ray.get(self._desk.begin.remote(trial.name))
        self._running[self._task.remote(errand, self._desk, [] if left is None else [self._ray.put(left)])] = trial
        self._unheard.add(trial.name)

    @_or_lost
    def wait(self, timeout_s: float) -> Outcome | None:
        """The next that ends; None when none did in time."""
        ended, _ = self._ray.wait(list(self._running), num_returns=1, timeout=timeout_s)
        self._say_begun()
        if not ended:
            self.slots  # noqa: B018 (says that there is no node)
            return None
        trial = self._running.pop(ended[0])
        try:
            outcome, archive = self._ray.get(ended[0])
            if archive is not None:
                unpack(archive, trial, self._out)
        except self._ray.exceptions.RayError as error:
            return Outcome(trial, error=CheckFailed(f"Ray: {said_by(error)}"))
        except (DrsnError, OSError) as error:  # a full disk, here
            return Outcome(trial, error=error)
        return outcome

    def _say_begun(self) -> None:
        """Those that were waiting for a node."""
        with contextlib.suppress(self._ray.exceptions.RayError):  # they come back stopped
            for name in sorted(self._unheard & self._ray.get(self._desk.begun.remote()) if self._unheard else ()):
                self._unheard.discard(name)
                log(f"{name}: begins")

    @_or_lost
    def history(self, trial: Trial) -> str:
        """The finished epochs of a trial that runs."""
        return self._ray.get(self._desk.history.remote(trial.name)) or ""

    def stop(self, trial: Trial | None = None) -> None:
        """Interrupt a trial, or all; those that have not begun do not begin."""
        with contextlib.suppress(self._ray.exceptions.RayError):  # without the desk they all stop by themselves
            self._ray.get(self._desk.stop.remote(None if trial is None else trial.name))
            for task, running in list(self._running.items()):
                if trial in {None, running} and self._ray.get(self._desk.history.remote(running.name)) is None:
                    self._ray.cancel(task)
                    del self._running[task]


@contextlib.contextmanager
def ray_crew(place: Place, job: Job, out: Path, most: int) -> Iterator[RayCrew]:
    """A crew on a cluster.

    Parameters
    ----------
    place : Place
    job : what is done with a trial
    out : Path
        Folder of the study.
    most : int
        Trials that there are.

    Raises
    ------
    UsageError, DataError
        Without Ray, without a cluster, or with one whose nodes are too small for a trial.
    """
    out = out.resolve()
    local = place.ray_address == LOCAL
    workers = min(place.workers or 1, most) if local else place.workers
    if local and (place.cpus or 0) > core_count():
        raise UsageError(mismatch("--trial-cpus", f"at most {core_count()}, the cores of this machine", place.cpus))
    cpus = place.cpus or (max(1, core_count() // workers) if local else 1)
    place = Place(workers, place.ray_address, cpus, place.gpus)
    with joined(place.ray_address, cpus * (workers or 1), place.gpus) as ray, keyed(out) as key:
        nodes = cpus_of_nodes(ray)
        there = f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}, {sum(nodes):g} cores"
        log(f"cluster of Ray: {there}; {cpus} for a training")
        largest = max(nodes, default=0)
        if 0 < largest < cpus:
            raise UsageError(mismatch("--trial-cpus", f"at most {largest:g}, of the largest node", cpus))
        if place.gpus and not room(ray, cpus, place.gpus):
            raise UsageError(mismatch("--trial-gpus", "a node with as many", f"{place.gpus:g}"))
        yield RayCrew(ray, place, job, out, key)

"""Options that studies and searches share: how many trainings at a time, on which machines, where the data is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved

if TYPE_CHECKING:
    from .study.crew import Place


def add(parser: argparse.ArgumentParser) -> None:
    """Add them to a sub-command."""
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="trainings at a time (1; on a cluster as many as it has room for)",
    )
    cluster = parser.add_argument_group("cluster", "trainings as tasks of Ray (extra [cluster])")
    cluster.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="HOST:PORT of a cluster that this machine belongs to, auto: the one that was started here, "
        "local: one of this machine alone, for as long as the command runs",
    )
    cluster.add_argument("--trial-cpus", type=int, metavar="N", help="cores that a training takes (1)")
    cluster.add_argument(
        "--trial-gpus", type=float, metavar="N", help="GPUs that a training takes, 0.5 for two on one (0)"
    )
    data = parser.add_argument_group("data", "where the recordings are, should the file be another machine's")
    data.add_argument("--data", type=Path, metavar="DIR")
    data.add_argument("--manifest", type=Path, metavar="CSV")
    data.add_argument("--noise", type=Path, metavar="DIR", nargs="+", action="extend", default=[])


def moved(arguments: argparse.Namespace) -> dict[str, Any]:
    """Options that replace those of the file: where the data is."""
    found: dict[str, Any] = {
        name: str(resolved(path)) for name in ("data", "manifest") if (path := getattr(arguments, name)) is not None
    }
    if arguments.noise:
        found["noise"] = [str(resolved(folder)) for folder in arguments.noise]
    return found


def place(arguments: argparse.Namespace) -> Place:
    """Where trainings run, and how many at a time.

    Raises
    ------
    UsageError
        For numbers that mean nothing, or options of a cluster without one.
    """
    from .study.crew import Place

    for name, low in (("workers", 1), ("trial_cpus", 1), ("trial_gpus", 0)):
        value = getattr(arguments, name)
        if value is not None and not low <= value < 10**6:
            raise UsageError(mismatch(f"--{name.replace('_', '-')}", f"at least {low}", value))
        if value is not None and name != "workers" and arguments.ray_address is None:
            raise UsageError(mismatch(f"--{name.replace('_', '-')}", "--ray-address with it", "none"))
    return Place(arguments.workers, arguments.ray_address, arguments.trial_cpus, arguments.trial_gpus or 0.0)

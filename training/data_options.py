"""Options of every command that re-opens a run's data: where the recordings are, should they have moved."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.files import resolved

if TYPE_CHECKING:
    from .open_run import OpenRun


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--data``, ``--manifest`` and ``--noise``."""
    group = parser.add_argument_group("data", "where the run's recordings are, if they have moved")
    group.add_argument("--data", type=Path, metavar="DIR")
    group.add_argument("--manifest", type=Path, metavar="CSV")
    group.add_argument("--noise", type=Path, metavar="DIR", nargs="+", action="extend", default=[])


def open_run_with(arguments: argparse.Namespace, folder: Path) -> OpenRun:
    """Open a run with the paths that the command line gave."""
    from .open_run import open_run

    moved = {name: getattr(arguments, name) for name in ("data", "manifest")}
    overrides = {name: str(resolved(path)) for name, path in moved.items() if path is not None}
    return open_run(folder, overrides=overrides, noise_folders=[str(resolved(path)) for path in arguments.noise])

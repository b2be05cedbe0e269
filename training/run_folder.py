"""The run folder: what a training leaves behind, written so that a crash or a full disk never ruins it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.files import json_text, write_atomically

from .backend import asked_backend

CONFIG, MODEL, HISTORY, CHECKPOINT, SUMMARY = (
    "config.json",
    "model.keras",
    "history.csv",
    "checkpoint.npz",
    "summary.json",
)
LOCK = ".lock"
SPLIT_LIST = "splits.csv"
#: All that training, export and evaluation write into a run folder.
WRITTEN = (
    *(CONFIG, MODEL, HISTORY, CHECKPOINT, SUMMARY, SPLIT_LIST, "tensorboard", "bundles", "figures", "report.html"),
    *("evaluation.csv", "evaluation.txt", "thresholds.csv", "confusion.csv", "fresh.wav", "fresh.npz"),
)
_PACKAGES = ("tensorflow", "keras", "numpy", "librosa", "ai-edge-litert")


def write_json(path: Path, values: Any) -> None:
    """Write JSON for people and machines, atomically."""
    write_atomically(path, json_text(values, 2))


def read_json(path: Path) -> Any:
    """Read JSON; a missing or broken file is a one-line :class:`BundleError`."""
    if not path.is_file():
        raise BundleError(mismatch(path, "a file of a run folder", "nothing there"))
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise BundleError(mismatch(path, "JSON", error)) from None


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"drsn-keras": metadata.version("drsn-keras"), "python": platform.python_version()}
    # With another backend than TensorFlow, that as well.
    for package in dict.fromkeys((*_PACKAGES, asked_backend())):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    found["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return found


def git_revision() -> str | None:
    """Revision of the source checkout that runs, with ``+`` where it has changes; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        # In an installed copy the repository around it, if any, is somebody else's.
        _git(here, "ls-files", "--error-unmatch", Path(__file__).name)
        revision = _git(here, "rev-parse", "HEAD")
        return revision + ("+" if _git(here, "status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()


@contextlib.contextmanager
def locked(run: Path, doing: str = "trained in") -> Iterator[None]:
    """Hold a run folder: a second training in it is refused instead of mixing two runs' files."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(mismatch(run, "a folder that no other run uses", f"one that is being {doing}")) from None
        yield


def is_run(run: Path) -> bool:
    """Whether a folder holds a run of this program, by what its configuration says."""
    try:
        values = read_json(run / CONFIG)
    except BundleError:
        return False
    return isinstance(values, dict) and {"model", "front_end", "seed"} <= set(values)


def foreign_entries(run: Path, *, written: bool = True) -> list[str]:
    """Names in a folder that no run writes; without ``written``, all names."""
    names = sorted(entry.name for entry in run.iterdir()) if run.is_dir() else []
    known = {LOCK, *(WRITTEN if written else ())}
    return [name for name in names if name not in known and not name.endswith(".tmp")]


def clear_run(run: Path) -> None:
    """Delete what a run writes, and nothing else."""
    for name in WRITTEN:
        path = run / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def require_run(run: Path) -> Path:
    """Check that a folder holds a finished or interrupted run."""
    if not run.is_dir():
        raise BundleError(mismatch(run, "a run folder", "a file" if run.exists() else "nothing there"))
    if not (run / CONFIG).is_file():
        raise BundleError(mismatch(run, f"a run folder with {CONFIG}", "a folder without it"))
    return run


def require_trained(run: Path) -> Path:
    """Path of a run's model; an interrupted run has none yet."""
    require_run(run)
    if not (run / MODEL).is_file():
        raise BundleError(f"{run}: expected a finished training, got one without {MODEL}; go on with --resume")
    return run / MODEL

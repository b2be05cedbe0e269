"""The run folder: what a training leaves behind, written so that a crash or a full disk never ruins it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from drsn_keras.errors import BundleError, UsageError, mismatch

CONFIG, MODEL, HISTORY, CHECKPOINT, SUMMARY = (
    "config.json",
    "model.keras",
    "history.csv",
    "checkpoint.npz",
    "summary.json",
)
LOCK = ".lock"
_PACKAGES = ("tensorflow", "keras", "numpy", "librosa", "ai-edge-litert")


def write_atomically(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: readers see the old content or the new, never a part."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.filename is None:
            error.filename = str(path)
        raise


def write_json(path: Path, values: Any) -> None:
    """Write JSON for people and machines, atomically."""
    write_atomically(path, json.dumps(values, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON; a missing or broken file is a one-line :class:`BundleError`."""
    if not path.is_file():
        raise BundleError(mismatch(path, "a file of a run folder", "nothing there"))
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(mismatch(path, "JSON", error)) from None


def environment() -> dict[str, str]:
    """Versions that a result depends on."""
    found = {"drsn-keras": metadata.version("drsn-keras"), "python": platform.python_version()}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    found["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return found


def git_revision() -> str | None:
    """Revision of the source checkout that runs, with ``+`` where it has changes; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        revision = _git(here, "rev-parse", "HEAD")
        return revision + ("+" if _git(here, "status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()


@contextlib.contextmanager
def locked(run: Path) -> Iterator[None]:
    """Hold a run folder: a second training in it is refused instead of mixing two runs' files."""
    run.mkdir(parents=True, exist_ok=True)
    with (run / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(mismatch(run, "a folder that no other run uses", "one that is being trained in")) from None
        yield


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

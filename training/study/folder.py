"""The folder of a study or a search: whose it is, and how a trial's part of it travels to a machine that has it not."""

from __future__ import annotations

import contextlib
import io
import secrets
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.files import write_atomically

from ..run_folder import LOCK
from .trial import Trial, files_of

#: Tells nodes of a cluster whether they see this folder, or another under the same path.
KEY = ".cluster-key"
#: How the names end of a trial's files that have just come, and of a run folder until they are in its place.
_ARRIVED, _ASIDE = ".tmp", ".old"


def require_own(out: Path, written: Sequence[str], kind: str) -> None:
    """Refuse a folder that holds other things than what is written there."""
    if out.exists() and not out.is_dir():
        raise UsageError(mismatch(out, f"a folder for the {kind}", "a file"))
    names = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
    strange = [n for n in names if n not in written and not n.endswith(".tmp")]  # half of a file, of one killed
    if strange:
        raise UsageError(mismatch(out, f"a new folder, or one of a {kind}", f"one with {strange[0]} in it"))


@contextlib.contextmanager
def keyed(out: Path) -> Iterator[str]:
    """The key that lies in the folder, for as long as a cluster works for it."""
    key = secrets.token_hex(16)
    write_atomically(out / KEY, key)
    try:
        yield key
    finally:
        (out / KEY).unlink(missing_ok=True)


def holds_key(out: Path, key: str) -> bool:
    """Whether this machine sees the folder that the key lies in."""
    try:
        return (out / KEY).read_text(encoding="utf-8") == key
    except (OSError, UnicodeDecodeError):
        return False


def pack(trial: Trial, out: Path) -> bytes | None:
    """All files of a trial as a tar archive; None where it has none."""
    present = [path for path in files_of(trial, out) if path.exists()]
    if not present:
        return None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in present:
            archive.add(path, path.relative_to(out).as_posix(), filter=_wanted)
    return buffer.getvalue()


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    name = member.name.rsplit("/", 1)[-1]
    return None if name == LOCK or name.endswith(".tmp") else member


def unpack(archive: bytes, trial: Trial, out: Path) -> None:
    """Put a trial's files into the folder, in place of those that are there; killed between, :func:`mend` ends it.

    Raises
    ------
    DataError
        If that is no archive of this trial.
    """
    arrived = out / "runs" / f".{trial.name}{_ARRIVED}"
    shutil.rmtree(arrived, ignore_errors=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(arrived, filter="data")
        for target in files_of(trial, out):
            source = arrived / target.relative_to(out)
            if source.exists():
                _replace(source, target)
    except tarfile.TarError as error:
        raise DataError(mismatch(f"{trial.name}, from a node", "its files", error)) from None
    finally:
        shutil.rmtree(arrived, ignore_errors=True)


def _replace(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.is_dir():
        source.replace(target)
        return
    aside = target.with_name(f".{target.name}{_ASIDE}")
    shutil.rmtree(aside, ignore_errors=True)
    target.replace(aside)
    source.replace(target)
    shutil.rmtree(aside, ignore_errors=True)


def mend(out: Path) -> None:
    """Of a command that was killed while files arrived: a run folder that was set aside goes back where none is."""
    for aside in (out / "runs").glob(f".*{_ASIDE}"):
        target = aside.with_name(aside.name[1 : -len(_ASIDE)])
        if not target.exists():
            aside.replace(target)
        shutil.rmtree(aside, ignore_errors=True)
    for arrived in (out / "runs").glob(f".*{_ARRIVED}"):
        shutil.rmtree(arrived, ignore_errors=True)

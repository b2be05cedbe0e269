"""Temporary folders that do not pile up: one that was left by a process that was killed goes when the next is made."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from drsn_keras.errors import UsageError

from .run_folder import locked

#: Younger ones may not be locked yet [s].
_YOUNG_S = 60.0
#: For processes that still write into a folder to end [s].
_END_S = 5.0


@contextlib.contextmanager
def temporary(prefix: str, parent: str | None = None) -> Iterator[str]:
    """A folder that is held for as long as it is used, and taken away.

    Parameters
    ----------
    prefix : str
        Of its name, and of the names of those that may have been left.
    parent : str, optional
        The system's folder of temporary files otherwise.
    """
    _sweep(prefix, Path(parent or tempfile.gettempdir()))
    folder = tempfile.mkdtemp(prefix=prefix, dir=parent)
    try:
        with locked(Path(folder)):
            yield folder
    finally:
        end = time.monotonic() + _END_S
        while Path(folder).exists() and time.monotonic() < end:
            shutil.rmtree(folder, ignore_errors=True)
            time.sleep(0.05)


def _sweep(prefix: str, parent: Path) -> None:
    for folder in parent.glob(f"{prefix}*"):
        with contextlib.suppress(OSError, UsageError):  # another user's, or in use
            if folder.is_symlink() or time.time() - folder.stat().st_mtime < _YOUNG_S:
                continue
            with locked(folder):
                shutil.rmtree(folder, ignore_errors=True)

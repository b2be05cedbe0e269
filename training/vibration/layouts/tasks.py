"""From the name of a task on the command line to the layout of its files."""

from __future__ import annotations

from pathlib import Path

from drsn_keras.errors import DataError, UsageError, mismatch

from .files import files_below

#: What ``drsn-train vibration --task`` offers.
TASKS = ("cwru", "paderborn", "mfpt", "xjtu", "seu", "folder", "csv", "npz", "simulated")
_CWRU = {".npz": "cwru-npz", ".mat": "cwru-mat"}


def layout_of(task: str, data: Path) -> str:
    """Layout of a task's data, a name of :data:`~drsn_keras.training.vibration.layouts.LAYOUTS`.

    Parameters
    ----------
    task : str
        One of :data:`TASKS`; ``simulated`` has no files and so no layout.
    data : Path
        ``csv``: the manifest. ``cwru``: a file, or a folder whose files say which of two layouts it is.

    Raises
    ------
    UsageError
        An unknown task, or ``simulated``.
    DataError
        ``cwru``: files of both layouts, or of neither.

    Examples
    --------
    >>> layout_of("csv", Path("recordings.csv")), layout_of("mfpt", Path("mfpt"))
    ('manifest', 'mfpt')
    """
    if task not in TASKS:
        raise UsageError(mismatch("task", ", ".join(TASKS), repr(task)))
    if task == "simulated":
        raise UsageError(mismatch("task simulated", "no data (its recordings are made, not read)", data))
    if task == "cwru":
        return _cwru_layout(Path(data))
    return "manifest" if task == "csv" else task


def _cwru_layout(data: Path) -> str:
    expected = "NPZ or MATLAB files of CWRU"
    suffixes = {file.suffix for file in files_below(data, lambda p: p.suffix in _CWRU, expected)}
    if len(suffixes) != 1:
        raise DataError(mismatch(data, "NPZ or MATLAB files of CWRU, not both", "both"))
    suffix = suffixes.pop()
    if suffix not in _CWRU:
        raise DataError(mismatch(data, expected, f"a file {suffix or 'without a suffix'}"))
    return _CWRU[suffix]

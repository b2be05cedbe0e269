"""What every reader asks first: whether there is a file with something in it; and why a library refused it."""

from __future__ import annotations

from pathlib import Path

from ..errors import DataError, mismatch


def need_content(path: Path, expected: str) -> Path:
    """A file with something in it.

    Parameters
    ----------
    path : Path
    expected : str
        What to say was looked for.

    Raises
    ------
    DataError
        A folder, nothing there, 0 bytes.
    """
    if not path.is_file():
        raise DataError(mismatch(path, expected, "a folder" if path.is_dir() else "nothing there"))
    if path.stat().st_size == 0:
        raise DataError(mismatch(path, expected, "a file of 0 bytes"))
    return path


def reason(error: BaseException) -> str:
    """The first line of what a library says of a file, cut to 120 characters.

    Examples
    --------
    >>> reason(ValueError("no magic number\\nat byte 0")), reason(EOFError())
    ('no magic number', 'EOFError')
    """
    return (str(error).splitlines() or [""])[0].strip()[:120] or type(error).__name__

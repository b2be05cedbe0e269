"""Audio files of a folder, and who is heard in them."""

from __future__ import annotations

import os
import re
from pathlib import Path

from drsn_keras.errors import DataError, UsageError, mismatch

from ..audio import AUDIO_SUFFIXES

#: Folder of noise recordings in the Speech Commands layout; never a class.
BACKGROUND_FOLDER = "_background_noise_"
_NOHASH = re.compile(r"^(?P<speaker>.+?)_nohash_.*$")
#: In the official test set the clips of `_unknown_` carry the word before the speaker's eight hexadecimal digits.
_HEX_SPEAKER = re.compile(r"(?:^|_)([0-9a-f]{8})$")


def need_folder(folder: Path) -> Path:
    """The folder, or one line that says what is there instead."""
    folder = Path(folder)
    if not folder.is_dir():
        got = "a file" if folder.exists() else "nothing there"
        raise DataError(mismatch(folder, "a folder of recordings", got))
    return folder


def audio_files(folder: Path) -> list[Path]:
    """Audio files (by name) under a folder, sorted; hidden files and folders are passed over."""
    found = []
    for parent, folders, names in os.walk(need_folder(folder)):
        folders[:] = [f for f in folders if not f.startswith(".")]
        names = [n for n in names if Path(n).suffix.lower() in AUDIO_SUFFIXES and not n.startswith(".")]
        found += [f"{parent}/{name}" for name in names]
    # In the order of paths, but compared as text: a path that was compared keeps all its parts in memory.
    return [Path(name) for name in sorted(found, key=lambda name: name.split("/"))]


def sub_folders(folder: Path) -> list[Path]:
    """Direct sub-folders, sorted; hidden ones are passed over."""
    return sorted(f for f in need_folder(folder).iterdir() if f.is_dir() and not f.name.startswith("."))


def nohash_speaker(name: str) -> str | None:
    """Speaker of a file named ``SPEAKER_nohash_N``, or None.

    >>> nohash_speaker("0cb74144_nohash_2.wav"), nohash_speaker("bed_0cb74144_nohash_0.wav")
    ('0cb74144', '0cb74144')
    >>> nohash_speaker("anna_nohash_0.wav"), nohash_speaker("yes.wav")
    ('anna', None)
    """
    found = _NOHASH.match(name)
    if not found:
        return None
    speaker = found["speaker"]
    digits = _HEX_SPEAKER.search(speaker)
    return digits[1] if digits else speaker


def compile_group_regex(pattern: str | None) -> re.Pattern[str] | None:
    """Check the user's pattern: one group, which is the speaker.

    Raises
    ------
    UsageError
        If it does not compile or has no group.
    """
    if pattern is None:
        return None
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(mismatch("group regex", "a regular expression", f"{pattern!r} ({error})")) from None
    if compiled.groups < 1:
        raise UsageError(mismatch("group regex", "one (...) around the speaker's name", repr(pattern)))
    return compiled


def group_of(path: Path, data: Path, pattern: re.Pattern[str] | None) -> tuple[str, bool]:
    """Group of a file, and whether it is a known speaker (or else the file stands for itself).

    Parameters
    ----------
    pattern : re.Pattern or None
        Searched in the path relative to ``data``; its first group is the speaker.
    """
    inner = path.relative_to(data).as_posix()
    if pattern is not None:
        found = pattern.search(inner)
        if not found or not found[1]:
            raise DataError(mismatch(path, f"a name that the group regex {pattern.pattern!r} matches", inner))
        return found[1], True
    speaker = nohash_speaker(path.name)
    return (speaker, True) if speaker else (inner, False)

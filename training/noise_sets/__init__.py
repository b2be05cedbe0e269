"""Published collections of noise, known by their files: DEMAND, MUSAN, ESC-50 and ESC-10.

Each knows better than a folder's name what is one recording and which recordings belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import demand, esc50, musan
from .claim import Claim

__all__ = ["Claim", "claim_files"]

_SETS = (esc50, demand, musan)


def claim_files(folder: Path, prefix: str, files: Sequence[Path]) -> tuple[list[Claim], list[Path]]:
    """What the known collections make of a folder's files, and the files that are of none of them.

    Parameters
    ----------
    folder : Path
        What the user named.
    prefix : str
        What the names of its noises start with.
    files : sequence of Path
        Audio files below ``folder``.

    Raises
    ------
    DataError
        Where a collection's own table does not fit its files.
    """
    claims, rest = [], list(files)
    for noise_set in _SETS:
        claim = noise_set.claim(folder, prefix, rest)
        if claim is not None:
            taken = claim.files
            claims.append(claim)
            rest = [path for path in rest if path not in taken]
    return claims, rest

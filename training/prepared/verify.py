"""Check every file of prepared data against its checksum."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drsn_keras.errors import CheckFailed, DataError, mismatch

from .folder import Prepared, Shard, read_prepared
from .tfrecord import file_sha256

_THREADS = 2  # Hashing runs without Python's lock.


def verify(folder: Path) -> Prepared:
    """Read all files of a folder.

    Raises
    ------
    CheckFailed
        Naming the first file that is not what it was, and the number of others.
    DataError
        If a file is missing or the folder is not prepared data.
    """
    prepared = read_prepared(folder)
    with ThreadPoolExecutor(_THREADS) as pool:
        errors = [e for found in pool.map(lambda s: _check(prepared.folder, s[2]), prepared.shards) for e in found]
    if errors:
        more = f" (and {len(errors) - 1} more damaged files)" if len(errors) > 1 else ""
        raise CheckFailed(f"{errors[0]}{more}")
    return prepared


def _check(folder: Path, shard: Shard) -> list[str]:
    errors = []
    for name, expected in ((shard.file, shard.sha256), (shard.names, shard.names_sha256)):
        try:
            found = file_sha256(folder / name)
        except FileNotFoundError:
            raise DataError(mismatch(folder / name, "a file of prepared data", "nothing there")) from None
        if found != expected:
            errors.append(mismatch(folder / name, f"SHA-256 {expected[:16]}...", f"{found[:16]}..."))
    return errors

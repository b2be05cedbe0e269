"""Write a C project into a folder: never half of one, never over somebody's own files."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from drsn_keras.errors import DrsnError, UsageError, mismatch
from drsn_keras.files import write_atomically

#: Lists what was generated, with hashes: what may be replaced the next time.
MANIFEST_NAME = "generated.json"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def firmware_folder() -> Path:
    """Where the engine's C files are installed."""
    import drsn_keras.edge

    folder = Path(drsn_keras.edge.__file__).parent / "firmware"
    if not folder.is_dir():
        raise DrsnError(mismatch(folder, "the engine's C files", "nothing there; install drsn-keras anew"))
    return folder


def with_headers(folder: Path, names: Iterable[str]) -> list[Path]:
    """C files of a folder and every header there that they include, directly or not."""
    found: dict[str, Path] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        path = folder / name
        if name in found or not path.is_file():
            continue
        found[name] = path
        waiting += _INCLUDE.findall(path.read_text(encoding="utf-8"))
    return [found[name] for name in sorted(found)]


def write_project(folder: Path, files: Mapping[str, str | bytes], overwrite: bool = False) -> None:
    """Write files (relative name to content) and the manifest.

    A new folder appears whole. In an older project only files that still are as they were generated are replaced;
    files of the user's own stay.

    Raises
    ------
    UsageError
        If the folder is a file, or holds a file of the same name that was not generated or was changed since.
    """
    contents = {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    manifest = json.dumps({"format": "drsn-keras generated C", "files": hashes}, indent=2) + "\n"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(mismatch(folder, "a folder", "something else"))
    if not folder.exists() or not any(folder.iterdir()):
        _write_new(folder, {**contents, MANIFEST_NAME: manifest.encode()})
        return
    older = _read_manifest(folder / MANIFEST_NAME)
    for name in contents:
        path = folder / name
        if not path.exists() or overwrite:
            continue
        found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "a folder"
        if found not in (older.get(name), hashes[name]):
            expected = "a generated file that nobody changed (--overwrite replaces it)"
            raise UsageError(mismatch(path, expected, "a changed one" if name in older else "another file"))
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / name, content)
    for name in sorted(set(older) - set(contents)):
        path = folder / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == older[name]:
            path.unlink()
    write_atomically(folder / MANIFEST_NAME, manifest)


def _write_new(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, content in contents.items():
            path = building / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        building.chmod(0o777 & ~_umask())
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _read_manifest(path: Path) -> dict[str, str]:
    """Hashes by name; nothing where there is no manifest or a damaged one."""
    try:
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not isinstance(files, dict):
        return {}
    plain = {name: value for name, value in files.items() if isinstance(name, str) and isinstance(value, str)}
    # A manifest from elsewhere must not lead out of the folder.
    return {
        name: value for name, value in plain.items() if ".." not in Path(name).parts and not Path(name).is_absolute()
    }


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

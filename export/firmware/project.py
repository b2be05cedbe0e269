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

#: Lists what was generated, with hashes: what may be replaced the next time.
MANIFEST_NAME = "generated.json"
_FORMAT = "drsn-keras generated C"
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
    manifest = json.dumps({"format": _FORMAT, "files": hashes}, indent=2) + "\n"
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(mismatch(folder, "a folder", "something else"))
    if any(parent.exists() and not parent.is_dir() for parent in folder.parents):
        raise UsageError(mismatch(folder, "a folder to lie in", "a file on the way"))
    contents[MANIFEST_NAME] = manifest.encode()
    if not folder.exists():
        _write_new(folder, contents)
        return
    older = _read_manifest(folder / MANIFEST_NAME)
    if older is None and not overwrite:
        expected = "a list of generated files (--overwrite replaces it)"
        raise UsageError(mismatch(folder / MANIFEST_NAME, expected, "another file"))
    older = older or {}
    for name, new in hashes.items():
        _check_replaceable(folder, name, (older.get(name), new), overwrite)
    # Whole beside their places first: a full disk must not leave half of them.
    with tempfile.TemporaryDirectory(prefix=".generated.", dir=folder) as building:
        _write_all(Path(building), contents)
        for name in contents:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (Path(building) / name).replace(folder / name)
    for name in sorted(set(older) - set(contents)):
        path = folder / name
        if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == older[name]:
            path.unlink()


def _check_replaceable(folder: Path, name: str, hashes: tuple[str | None, str], overwrite: bool) -> None:
    """That a file of this name may be put there: over nothing, or over one of these hashes."""
    path = folder / name
    for parent in (folder / part for part in Path(name).parents):
        if parent.exists() and not parent.is_dir():
            raise UsageError(mismatch(parent, "a folder", "a file"))
    if path.is_dir():
        raise UsageError(mismatch(path, "a file", "a folder"))
    if overwrite or not (path.exists() or path.is_symlink()):
        return
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
    if found is None or found not in hashes:
        expected = "a generated file that nobody changed (--overwrite replaces it)"
        raise UsageError(mismatch(path, expected, "a changed one" if hashes[0] else "another file"))


def _write_new(folder: Path, contents: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write_all(building, contents)
        building.chmod(0o777 & ~_umask())
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.write_bytes(content)
        except OSError as error:
            # A full disk does not say where.
            error.filename = error.filename or str(folder)
            raise


def _read_manifest(path: Path) -> dict[str, str] | None:
    """Hashes by name, empty where there is no manifest; None where that file is somebody else's, or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        files = found["files"] if found["format"] == _FORMAT else None
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(files, dict):
        return None
    plain = {name: value for name, value in files.items() if isinstance(name, str) and isinstance(value, str)}
    # A manifest from elsewhere must not lead out of the folder.
    return {
        name: value for name, value in plain.items() if ".." not in Path(name).parts and not Path(name).is_absolute()
    }


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

"""The output folder: ours alone, written when everything is known."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import write_atomically

from .memory import Memory
from .model_file import Model
from .page import page
from .sources import MARK, array, example, header, resolver


def _names(name: str) -> tuple[str, ...]:
    return (f"{name}.h", f"{name}.cc", "resolver.h", "main.cc", "README.md")


def check_folder(out: Path, name: str) -> None:
    """Refuse a folder that holds anything but what this command wrote.

    Raises
    ------
    UsageError
        Naming what is in the way.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UsageError(mismatch(out, "a new folder", "something else there"))
    if any(parent.exists() and not parent.is_dir() for parent in out.parents):
        raise UsageError(mismatch(out, "a folder to lie in", "a file on the way"))
    for path in sorted(out.iterdir()) if out.is_dir() else ():
        ours = path.name in _names(name) and path.is_file() and not path.is_symlink()
        if not ours or MARK.encode() not in path.read_bytes()[:200]:
            raise UsageError(mismatch(out, "a new folder, or one of an earlier drsn-export tflm", repr(path.name)))


def write_folder(out: Path, name: str, model: Model, memory: Memory) -> dict[str, Any]:
    """Write all files; returns the facts about them, for JSON."""
    texts = (
        header(name, model, memory),
        array(name, model.content),
        resolver(name, model.methods),
        example(name, model),
        page(name, model, memory),
    )
    out.mkdir(parents=True, exist_ok=True)
    # Whole beside their places first: a full disk must not leave half of them.
    with tempfile.TemporaryDirectory(prefix=f".{name}.", dir=out) as building:
        for file, text in zip(_names(name), texts, strict=True):
            write_atomically(Path(building) / file, text)
        for file in _names(name):
            (Path(building) / file).replace(out / file)
    return {
        "folder": str(out),
        "files": list(_names(name)),
        "size_bytes": len(model.content),
        "operators": model.file.operator_counts,
        "resolver": model.methods,
        "arena": {**dataclasses.asdict(memory), "measured": memory.measured},
        "input": dataclasses.asdict(model.input),
        "output": dataclasses.asdict(model.output),
        "labels": list(model.labels),
    }

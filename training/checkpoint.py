"""All state of a training in one file that is replaced atomically after every epoch."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import BundleError, mismatch
from drsn_keras.files import write_atomically

_META = "meta.json"
#: What reading a damaged archive may raise.
_DAMAGE = (OSError, ValueError, KeyError, TypeError, EOFError, RecursionError, zipfile.BadZipFile, zlib.error)


def save_checkpoint(path: Path, groups: dict[str, list], meta: dict[str, Any]) -> None:
    """Write groups of Keras variables (or arrays) and a JSON-able dictionary.

    Parameters
    ----------
    groups : for example ``{"model": model.variables, "optimizer": optimizer.variables, "best": arrays}``
    meta : what else is needed to go on: epoch, best score, history
    """
    arrays = {f"{name}/{i:04d}": np.asarray(v) for name, group in groups.items() for i, v in enumerate(group)}
    arrays[_META] = np.frombuffer(json.dumps(meta).encode("utf-8"), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path) -> tuple[dict[str, list[np.ndarray]], dict[str, Any]]:
    """Read a checkpoint back as groups of arrays and the dictionary."""
    groups: dict[str, list[np.ndarray]] = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            meta = json.loads(file[_META].tobytes())
            for key in sorted(set(file.files) - {_META}):
                groups.setdefault(key.split("/")[0], []).append(file[key])
    except _DAMAGE as error:
        raise BundleError(mismatch(path, "a checkpoint of this program", f"{type(error).__name__}: {error}")) from None
    wanted = {"epoch", "best_score", "best_epoch", "history"}
    if not isinstance(meta, dict) or not wanted <= set(meta) or not {"model", "optimizer", "best"} <= set(groups):
        raise BundleError(mismatch(path, "a checkpoint of this program", "one with parts missing"))
    return groups, meta


def assign(variables: list, arrays: list[np.ndarray], path: Path) -> None:
    """Set variables from a checkpoint's arrays, checking number and shapes."""
    if len(variables) != len(arrays):
        raise BundleError(mismatch(path, f"{len(variables)} variables of the configured model", f"{len(arrays)}"))
    for variable, array in zip(variables, arrays, strict=True):
        if tuple(variable.shape) != array.shape:
            raise BundleError(mismatch(f"{path}, {variable.path}", f"shape {tuple(variable.shape)}", array.shape))
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)

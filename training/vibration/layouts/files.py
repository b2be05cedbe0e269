"""Files below a path, and variables in MATLAB files; whatever is wrong with one is said in a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import need_content, reason


def files_below(path: Path, is_wanted: Callable[[Path], bool], expected: str) -> list[Path]:
    """The path itself if it is a file, else the wanted files below it, sorted; hidden ones are passed over.

    Parameters
    ----------
    is_wanted : callable
        Asked with each path.
    expected : str
        What to say was looked for.

    Raises
    ------
    DataError
        Nothing there, or no such file.
    """
    path = Path(path)
    if path.is_file():
        return [need_content(path, expected)]
    if not path.is_dir():
        raise DataError(mismatch(path, expected, "nothing there"))
    found = []
    for parent, folders, names in os.walk(path):
        folders[:] = [f for f in folders if not f.startswith(".")]
        found += [Path(parent, n) for n in names if not n.startswith(".") and is_wanted(Path(parent, n))]
    if not found:
        raise DataError(mismatch(path, expected, "none in the folder"))
    return sorted(found)


def read_mat(path: Path) -> dict[str, Any]:
    """Variables of a MATLAB file (version 5 to 7.2), structs as objects with attributes, without MATLAB's own.

    Raises
    ------
    DataError
        Missing, empty, truncated, version 7.3, not MATLAB.
    """
    import scipy.io

    need_content(path, "a MATLAB file")
    try:
        variables = scipy.io.loadmat(path, squeeze_me=True, struct_as_record=False)
    except NotImplementedError:
        raise DataError(mismatch(path, "a MATLAB file of version 5 to 7.2", "version 7.3 (HDF5)")) from None
    except Exception as error:  # scipy raises whatever a damaged file leads its parser into
        got = f"a damaged or other file ({reason(error)})"
        raise DataError(mismatch(path, "a MATLAB file", got)) from None
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def need_field(values: Mapping[str, Any] | object, name: str, path: Path) -> Any:
    """A variable of a file or a field of a struct.

    Raises
    ------
    DataError
        Naming those that are there.
    """
    table = values if isinstance(values, Mapping) else vars(values) if hasattr(values, "__dict__") else {}
    if name not in table:
        there = ", ".join(sorted(k for k in table if not k.startswith("_"))[:12])
        raise DataError(mismatch(path, f"a field {name}", there or type(values).__name__))
    return table[name]

"""Files below a path, and arrays in NPZ and MATLAB files; whatever is wrong with one is said in a line."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch


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


def need_content(path: Path, expected: str) -> Path:
    """A file with something in it.

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


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an NPZ file; pickled objects are refused.

    Raises
    ------
    DataError
        Missing, empty, truncated, not NPZ.
    """
    need_content(path, "an NPZ file")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # NumPy raises whatever a damaged header leads its parser into
        got = f"a damaged or other file ({_first_line(error)})"
        raise DataError(mismatch(path, "an NPZ file of plain arrays", got)) from None


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
        got = f"a damaged or other file ({_first_line(error)})"
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


def as_number(value: Any, what: str) -> float:
    """One finite number, or a line that says what came instead."""
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        got = f"shape {array.shape}, {array.dtype}" if array.size != 1 or array.dtype.kind not in "iuf" else value
        raise DataError(mismatch(what, "one finite number", got))
    return float(array.reshape(())[()])


def as_text(value: Any, what: str) -> str:
    """One text that says something; a single number is taken for its digits.

    Raises
    ------
    DataError
        An array of several, nothing but blanks.
    """
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "USiuf":
        raise DataError(mismatch(what, "one text", f"shape {array.shape}, {array.dtype}"))
    item = array.reshape(())[()]
    text = item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item)
    if not text.strip():
        raise DataError(mismatch(what, "a text", "nothing"))
    return text.strip()


def as_signal(value: Any, what: str) -> np.ndarray:
    """Samples of one channel [shape=(n,)]; (n, 1) and (1, n) are taken for it.

    Raises
    ------
    DataError
        More channels, text, nothing.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.size == 0 or max(array.shape, default=0) != array.size:
        raise DataError(mismatch(what, "samples of one channel", f"shape {array.shape}, {array.dtype}"))
    return array.reshape(-1)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0].strip()[:120] or type(error).__name__

"""NPZ files that say everything themselves; neither options nor names of files add to them.

Arrays ``signal``, or ``x`` with ``scale`` (``x * scale`` is the signal in ``unit``); ``sample_rate_hz`` or ``fs`` [Hz];
``unit`` and ``label`` as text; where known ``machine``, ``bearing``, ``load``, ``fault_size``, ``rpm``, ``sensor`` and
``recording_id`` (else the path below the folder). Other arrays are refused: a spelling mistake must not drop what they
say.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from ..recording import VibrationRecording
from .files import as_number, as_signal, as_text, files_below, read_npz
from .options import LayoutOptions

OPTIONS: frozenset[str] = frozenset()
_FACTS = ("machine", "bearing", "load", "fault_size", "sensor")
FIELDS = ("signal", "x", "scale", "sample_rate_hz", "fs", "unit", "label", "rpm", "recording_id", *_FACTS)


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.npz`` below a folder, or of one.

    Raises
    ------
    DataError
        A file without signal, rate, unit or label, with one of them twice, or with an array that is none of these.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    files = files_below(path, lambda p: p.suffix.lower() == ".npz", "NPZ files with a signal, its rate, unit and label")
    return [_read(file, file.relative_to(folder).as_posix()) for file in files]


def _read(path: Path, name: str) -> VibrationRecording:
    arrays = read_npz(path)
    odd = sorted(set(arrays) - set(FIELDS))
    if odd:
        raise DataError(mismatch(path, f"arrays of {', '.join(FIELDS)}", ", ".join(odd)))
    rate = _one_of(arrays, ("sample_rate_hz", "fs"), path)
    rpm = arrays.get("rpm")
    return VibrationRecording(
        _signal(arrays, path),
        as_text(_one_of(arrays, ("unit",), path)[1], f"{path}, unit"),
        as_number(rate[1], f"{path}, {rate[0]}"),
        as_text(_one_of(arrays, ("label",), path)[1], f"{path}, label"),
        as_text(arrays["recording_id"], f"{path}, recording_id") if "recording_id" in arrays else name,
        rpm=None if rpm is None else as_number(rpm, f"{path}, rpm"),
        path=path,
        **{fact: as_text(arrays[fact], f"{path}, {fact}") for fact in _FACTS if fact in arrays},
    )


def _signal(arrays: Mapping[str, np.ndarray], path: Path) -> np.ndarray:
    name, values = _one_of(arrays, ("signal", "x"), path)
    y = as_signal(values, f"{path}, {name}")
    if (name == "x") != ("scale" in arrays):
        expected = "a scale (the signal is x * scale)" if name == "x" else "x with the scale, or signal without"
        raise DataError(mismatch(path, expected, ", ".join(arrays)))
    if name == "signal":
        return y
    scale = as_number(arrays["scale"], f"{path}, scale")
    if scale == 0:
        raise DataError(mismatch(f"{path}, scale", "a number other than 0", "0"))
    return y.astype(np.float64) * scale


def _one_of(arrays: Mapping[str, np.ndarray], names: tuple[str, ...], path: Path) -> tuple[str, np.ndarray]:
    """The one array of these names that is there."""
    there = [name for name in names if name in arrays]
    if len(there) != 1:
        got = " and ".join(there) or ", ".join(arrays) or "no arrays"
        raise DataError(mismatch(path, f"an array {' or '.join(names)}", got))
    return there[0], arrays[there[0]]

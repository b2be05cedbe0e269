"""CWRU bearing data as NPZ: ``x`` (int16) * ``scale`` [g], ``fs`` [Hz], ``rpm``, ``label``, ``load_hp``, number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import as_number, as_signal, read_npz

from ..recording import VibrationRecording
from .cwru_table import FILES, describe_state
from .files import files_below, need_field
from .options import LayoutOptions

OPTIONS = frozenset({"classes"})


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.npz`` below a folder, or of one.

    Raises
    ------
    DataError
        A file without one of the fields, or one that contradicts the table of file numbers.
    """
    return [_read(file, options) for file in files_below(path, lambda p: p.suffix == ".npz", "NPZ files of CWRU")]


def _read(path: Path, options: LayoutOptions) -> VibrationRecording:
    arrays = read_npz(path)
    number, load_hp, rate_hz, rpm, scale = (
        as_number(need_field(arrays, name, path), f"{path}, {name}")
        for name in ("file_number", "load_hp", "fs", "rpm", "scale")
    )
    state = str(need_field(arrays, "label", path))
    label, bearing, fault_size = describe_state(state, options.classes, str(path))
    known = FILES.get(int(number))
    if known is None or (known.state, known.load_hp) != (state, load_hp):
        expected = (
            f"{known.state} at {known.load_hp} hp" if known else "the number of a normal or a 12k drive-end fault"
        )
        raise DataError(mismatch(f"{path}, file {number:g}", expected, f"{state} at {load_hp:g} hp"))
    x = as_signal(need_field(arrays, "x", path), f"{path}, x")
    return VibrationRecording(
        x.astype(np.float64) * scale,
        "g",
        rate_hz,
        label,
        f"cwru:{int(number)}",
        machine="CWRU motor",
        bearing=bearing,
        load=f"{int(load_hp)} hp",
        fault_size=fault_size,
        rpm=rpm,
        sensor="drive end",
        path=path,
    )

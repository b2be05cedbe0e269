"""CWRU bearing data as published: MATLAB files by number, with ``X105_DE_time`` [g] and mostly ``X105RPM``.

Of three sensors the one at the drive end is taken. File 99 also holds a copy of 98, so that variables are picked by the
file's number; 98 and 99 hold no speed: the nominal one of the published table stands for it. The
files do not state their rates; normals are at 48 kHz (their shaft harmonics show it), faults of this set at 12 kHz.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import as_number, as_signal

from ..recording import VibrationRecording
from .cwru_table import FILES, NOMINAL_RPM, describe_state
from .files import files_below, need_field, read_mat
from .options import LayoutOptions

OPTIONS = frozenset({"classes"})
_KEY = re.compile(r"^X0*(\d+)_DE_time$")


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.mat`` below a folder, or of one.

    The number of a file is in its name (``105.mat``, ``IR007_0_105.mat``); where it is not (``IR007_0.mat``), the
    only variable ``XNNN_DE_time`` tells it.

    Raises
    ------
    DataError
        A file that is not in the table (0.028 in, 48k, fan end), or whose variables have another number.
    """
    return [_read(file, options) for file in files_below(path, lambda p: p.suffix == ".mat", "MATLAB files of CWRU")]


def _read(path: Path, options: LayoutOptions) -> VibrationRecording:
    variables = read_mat(path)
    about = FILES[_number(path, variables)]
    label, bearing, fault_size = describe_state(about.state, options.classes, str(path))
    name = f"X{about.number:03d}"
    rpm = variables.get(f"{name}RPM")
    return VibrationRecording(
        as_signal(need_field(variables, f"{name}_DE_time", path), f"{path}, {name}_DE_time"),
        "g",
        about.sample_rate_hz,
        label,
        f"cwru:{about.number}",
        machine="CWRU motor",
        bearing=bearing,
        load=f"{about.load_hp} hp",
        fault_size=fault_size,
        rpm=NOMINAL_RPM[about.load_hp] if rpm is None else as_number(rpm, f"{path}, {name}RPM"),
        sensor="drive end",
        path=path,
    )


def _number(path: Path, variables: dict[str, Any]) -> int:
    """Number of a file by its name, else by its variables; it has to be in the table."""
    in_name = {int(n) for n in re.findall(r"\d+", path.stem)} & set(FILES)
    in_keys = {int(found[1]) for key in variables if (found := _KEY.match(key))}
    candidates = in_name & in_keys or (in_name if path.stem.isdecimal() else in_keys & set(FILES))
    if len(candidates) != 1:
        expected = (
            "the file of a normal or of a 12k drive-end fault of 0.007, 0.014 or 0.021 in, its number in the name"
        )
        got = ", ".join(f"X{n:03d}_DE_time" for n in sorted(in_keys)) or "no variable XNNN_DE_time"
        raise DataError(mismatch(path, expected, got))
    return candidates.pop()

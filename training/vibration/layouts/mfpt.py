"""MFPT fault data sets: MATLAB files with a struct ``bearing``: ``gs`` [g], ``sr`` [Hz], ``load`` [lbf], ``rate`` [Hz].

The label is in the name: ``baseline_1.mat``, ``OuterRaceFault_2.mat``, ``InnerRaceFault_vload_7.mat``. Other files (the
three real-world examples) are of other machines and passed over in a folder. Whether recordings of one fault share
a bearing is not stated, so that ``bearing`` stays unknown. Baselines are at 97,656 Hz, most faults at 48,828 Hz.

References
----------
E. Bechhoefer, "Condition Based Maintenance Fault Database for Testing Diagnostics and Prognostic Algorithms", MFPT.
"""

from __future__ import annotations

import re
from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import as_number, as_signal

from ..recording import VibrationRecording
from .files import files_below, need_field, read_mat
from .options import LayoutOptions

OPTIONS: frozenset[str] = frozenset()
_NAME = re.compile(r"^(baseline|OuterRaceFault|InnerRaceFault)(?:_vload)?_\d+\.mat$")
_LABELS = {"baseline": "normal", "OuterRaceFault": "outer", "InnerRaceFault": "inner"}


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of the named files below a folder, or of one.

    Raises
    ------
    DataError
        A name or a struct of another form.
    """
    return [_read(file) for file in files_below(path, lambda p: bool(_NAME.match(p.name)), "baseline_1.mat and others")]


def _read(path: Path) -> VibrationRecording:
    found = _NAME.match(path.name)
    if not found:
        raise DataError(mismatch(path, "a name like baseline_1.mat or OuterRaceFault_vload_1.mat", path.name))
    bearing = need_field(read_mat(path), "bearing", path)
    rate_hz, load_lbf, shaft_hz = (
        as_number(need_field(bearing, name, path), f"{path}, bearing.{name}") for name in ("sr", "load", "rate")
    )
    return VibrationRecording(
        as_signal(need_field(bearing, "gs", path), f"{path}, bearing.gs"),
        "g",
        rate_hz,
        _LABELS[found[1]],
        f"mfpt:{path.stem}",
        machine="MFPT rig",
        load=f"{load_lbf:g} lbf",
        rpm=shaft_hz * 60.0,
        path=path,
    )

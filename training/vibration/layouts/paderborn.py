"""Paderborn (KAt) bearing data: ``N15_M07_F10_KA01_1.mat``, a struct whose ``Y`` lists named channels.

The name says 1500 rpm, 0.7 Nm, 1000 N, bearing KA01, first of 20 repeats. ``vibration_1`` is sampled at 64 kHz
(published, not in the file). The letters of a bearing say which ring is damaged: ``K0`` none, ``KA`` outer,
``KI`` inner, ``KB`` both. The unit of ``vibration_1`` is not in the file and has to be given.

References
----------
C. Lessmeier, J. K. Kimotho, D. Zimmer, W. Sextro, "Condition Monitoring of Bearing Damage in Electromechanical Drive
Systems by Using Motor Current Signals of Electric Motors", European Conference of the PHM Society, 2016.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import as_signal

from ..recording import VibrationRecording
from .files import files_below, need_field, read_mat
from .options import LayoutOptions

OPTIONS = frozenset({"unit"})
SAMPLE_RATE_HZ = 64000
CHANNEL = "vibration_1"
_NAME = re.compile(r"^N(\d\d)_M(\d\d)_F(\d\d)_((K[AIB]?)\d+)_(\d+)$")
_LABELS = {"K": "normal", "KA": "outer", "KI": "inner", "KB": "inner and outer"}


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.mat`` below a folder, or of one.

    Raises
    ------
    UsageError
        Without the unit of the vibration.
    DataError
        A name or a struct of another form.
    """
    unit = str(options.need("unit", "paderborn"))
    files = files_below(path, lambda p: p.suffix == ".mat", "MATLAB files of Paderborn (N15_M07_F10_KA01_1.mat)")
    return [_read(file, unit) for file in files]


def _read(path: Path, unit: str) -> VibrationRecording:
    found = _NAME.match(path.stem)
    if not found:
        raise DataError(mismatch(path, "a name like N15_M07_F10_KA01_1.mat", path.name))
    hundred_rpm, tenth_nm, hundred_n = (int(text) for text in found.groups()[:3])
    variables = read_mat(path)
    channels = np.atleast_1d(need_field(need_field(variables, path.stem, path), "Y", path))
    by_name = {str(need_field(channel, "Name", path)): channel for channel in channels}
    if CHANNEL not in by_name:
        raise DataError(mismatch(path, f"a channel {CHANNEL}", ", ".join(by_name) or "none"))
    return VibrationRecording(
        as_signal(need_field(by_name[CHANNEL], "Data", path), f"{path}, {CHANNEL}"),
        unit,
        SAMPLE_RATE_HZ,
        _LABELS[found[5]],
        f"paderborn:{path.stem}",
        machine="Paderborn rig",
        bearing=found[4],
        load=f"{tenth_nm / 10:g} Nm, {hundred_n * 100} N",
        rpm=hundred_rpm * 100.0,
        sensor=CHANNEL,
        path=path,
    )

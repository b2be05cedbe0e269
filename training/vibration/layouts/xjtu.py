"""XJTU-SY run-to-failure data: ``35Hz12kN/Bearing1_1/57.csv``, a file a minute, two columns at 25.6 kHz.

The folder says 2100 rpm and 12 kN, the number is the minute. Nobody knows in which minute a fault began: which
share of a life is taken for normal and which for faulty has to be given, what lies between is left out. The
failures at the end of each life are the published ones. Files hold 32,768 samples below a line of names; the unit is
not in them and has to be given.

References
----------
B. Wang, Y. Lei, N. Li, N. Li, "A Hybrid Prognostics Approach for Estimating Remaining Useful Life of Rolling Element
Bearings", IEEE Trans. Reliability 69 (2020) 401-412, doi:10.1109/TR.2018.2882682.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.recording import choose_column, read_table

from ..recording import VibrationRecording
from .files import files_below
from .options import LayoutOptions

OPTIONS = frozenset({"unit", "channel", "healthy_first_fraction", "faulty_last_fraction"})
SAMPLE_RATE_HZ = 25600
SAMPLES_A_FILE = 32768
#: What had failed at the end, by condition and bearing.
FAILURES = {
    **dict.fromkeys(("Bearing1_1", "Bearing1_2", "Bearing1_3", "Bearing2_2", "Bearing2_4", "Bearing2_5"), "outer"),
    **dict.fromkeys(("Bearing3_1", "Bearing3_5"), "outer"),
    **dict.fromkeys(("Bearing2_1", "Bearing3_3", "Bearing3_4"), "inner"),
    **dict.fromkeys(("Bearing1_4", "Bearing2_3"), "cage"),
    "Bearing1_5": "inner and outer",
    "Bearing3_2": "inner, outer, ball and cage",
}
_CONDITION = re.compile(r"^(\d+(?:\.\d+)?)Hz(\d+(?:\.\d+)?)kN$")
_COLUMNS = ("Horizontal_vibration_signals", "Vertical_vibration_signals")


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """The first and the last files of every bearing's life below a folder.

    Raises
    ------
    UsageError
        Without unit and shares, or with shares that overlap.
    DataError
        Folders of other names, a life with a file missing, a file of another length.
    """
    first, last = (float(options.need(n, "xjtu")) for n in ("healthy_first_fraction", "faulty_last_fraction"))
    unit = str(options.need("unit", "xjtu"))
    if first + last > 1:
        raise UsageError(mismatch("healthy_first_fraction + faulty_last_fraction", "at most 1", f"{first + last:g}"))
    if not Path(path).is_dir():
        raise DataError(mismatch(path, "a folder with 35Hz12kN/Bearing1_1/1.csv", "something else"))
    lives: dict[Path, dict[int, Path]] = defaultdict(dict)
    for file in files_below(path, lambda p: p.suffix == ".csv", "files 35Hz12kN/Bearing1_1/1.csv"):
        if not file.stem.isdecimal():
            raise DataError(mismatch(file, "a minute for a name (1.csv)", file.name))
        lives[file.parent][int(file.stem)] = file
    recordings = []
    for folder, files in sorted(lives.items()):
        minutes = sorted(files)
        if minutes != list(range(1, len(minutes) + 1)):
            gap = next(n for n, minute in enumerate(minutes, start=1) if n != minute)
            raise DataError(mismatch(folder, "every minute of a life from 1.csv on", f"no {gap}.csv"))
        n_first, n_last = round(first * len(minutes)), round(last * len(minutes))
        if not n_first or not n_last:
            got = f"{n_first} and {n_last} of {len(minutes)}"
            raise DataError(mismatch(folder, "files in both shares of the life", got))
        chosen = [(m, "normal") for m in minutes[:n_first]] + [(m, _failure(folder)) for m in minutes[-n_last:]]
        recordings += [_read(files[minute], label, unit, options.channel) for minute, label in chosen]
    return recordings


def _failure(folder: Path) -> str:
    if folder.name not in FAILURES:
        raise DataError(mismatch(folder, "a folder Bearing1_1 to Bearing3_5", folder.name))
    return FAILURES[folder.name]


def _read(path: Path, label: str, unit: str, channel: str | None) -> VibrationRecording:
    condition = _CONDITION.match(path.parent.parent.name)
    if not condition:
        raise DataError(mismatch(path, "below a folder like 35Hz12kN", path.parent.parent.name))
    table = read_table(path, n_columns=2)
    if table.names != _COLUMNS:
        raise DataError(mismatch(f"{path} line 1", ", ".join(_COLUMNS), ", ".join(table.names)))
    if len(table.columns) != SAMPLES_A_FILE:
        raise DataError(mismatch(path, f"{SAMPLES_A_FILE} samples", len(table.columns)))
    column = choose_column(table.names, channel, path)
    return VibrationRecording(
        table.columns[:, column],
        unit,
        SAMPLE_RATE_HZ,
        label,
        f"xjtu:{path.parent.name}/{path.stem}",
        machine="XJTU-SY rig",
        bearing=path.parent.name,
        load=f"{condition[2]} kN",
        rpm=float(condition[1]) * 60.0,
        sensor=table.names[column],
        path=path,
    )

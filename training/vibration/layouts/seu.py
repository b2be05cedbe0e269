"""SEU gearbox data: ``bearingset/ball_20_0.csv``, ``gearset/Chipped_30_2.csv``: 16 header lines, then 8 channels.

Channels, from 0: motor vibration; planetary gearbox x, y, z; motor torque; parallel gearbox x, y, z. They are separated
by tabs, in ``ball_20_0.csv`` by commas, with a separator at the end of each line. ``20_0`` is 20 Hz and 0 V of
load, ``30_2`` 30 Hz and 2 V. Neither the sample rate nor the unit is stated with the data: both have to be given.

References
----------
S. Shao, S. McAleer, R. Yan, P. Baldi, "Highly Accurate Machine Fault Diagnosis Using Deep Transfer Learning", IEEE
Trans. Ind. Informatics 15 (2019) 2446-2455, doi:10.1109/TII.2018.2864759.
"""

from __future__ import annotations

import re
from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import choose_column, read_table

from ..recording import VibrationRecording
from .files import files_below
from .options import LayoutOptions

OPTIONS = frozenset({"unit", "sample_rate_hz", "channel"})
HEADER_LINES = 16
N_CHANNELS = 8
_NAME = re.compile(r"^(ball|comb|health|inner|outer|chipped|miss|root|surface)_(\d+)_(\d+)$")
_GEAR = ("chipped", "miss", "root", "surface")


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.csv`` below a folder, or of one; the channel has to be named by its number.

    Raises
    ------
    UsageError
        Without unit, sample rate and channel.
    DataError
        A name or a file of another form.
    """
    for name in ("unit", "sample_rate_hz", "channel"):
        options.need(name, "seu")
    files = files_below(path, lambda p: p.suffix == ".csv", "CSV files of SEU (ball_20_0.csv)")
    return [_read(file, options) for file in files]


def _read(path: Path, options: LayoutOptions) -> VibrationRecording:
    found = _NAME.match(path.stem.lower())
    if not found:
        raise DataError(mismatch(path, "a name like ball_20_0.csv", path.name))
    table = read_table(path, HEADER_LINES, N_CHANNELS)
    column = choose_column(table.names, options.channel, path)
    state = found[1]
    return VibrationRecording(
        table.columns[:, column],
        str(options.unit),
        float(options.sample_rate_hz),
        "normal" if state == "health" else f"gear {state}" if state in _GEAR else state,
        f"seu:{path.parent.name}/{path.stem}",
        machine="SEU gearbox",
        load=f"{found[3]} V",
        rpm=float(found[2]) * 60.0,
        sensor=f"channel {column}",
        path=path,
    )

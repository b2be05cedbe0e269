"""Read a calibration list: a CSV of clips, refused in one line where a clip does not fit the run."""

from __future__ import annotations

import csv
import math
from pathlib import Path, PurePosixPath

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.training.audio import file_frames, file_rate_hz
from drsn_keras.training.clips import load_clips
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.recordings import SPLITS, Recording
from drsn_keras.training.vibration.config import VibrationConfig

from .calibration import COLUMNS, NO_NOISE, Calibration, CalibrationRow, render
from .clip_names import clip_name

_NEEDED = ("clip", "label")
#: Beyond this nothing is left of the speech, or of 16 bits.
_LARGEST_DB = 100.0


def read_calibration(path: Path, corpus: Corpus, config: KeywordConfig | VibrationConfig) -> Calibration:
    """Load the clips that a list names, mixed as it says.

    A list is what every bundle holds as ``calibration.csv``, or one of the user's own: columns ``clip`` and ``label``,
    and where wanted ``noise``, ``snr_db``, ``gain_db``, ``noise_seed``. A clip is one of the run's (train or val), or
    a file below the data folder or beside the list, at the front end's rate.

    Raises
    ------
    DataError
        Naming the list, the line, what was expected and what came: a missing file, a wrong rate, an unknown label, a
        label other than the run's for this clip, a test clip, an unknown noise, a number that is none.
    """
    rows = _rows(path, corpus)
    known = {
        clip_name(recording, config): (split, i)
        for split in SPLITS
        for i, recording in enumerate(corpus.clips(split).recordings)
    }
    x = np.empty((len(rows), corpus.n_samples), corpus.clips("train").x.dtype)
    for i, (line, row) in enumerate(rows):
        where = f"{path}, line {line}, {row.clip}"
        if row.clip in known:
            split, index = known[row.clip]
            if split == "test":
                raise DataError(mismatch(where, "a clip that is not tested on", "one of the test part"))
            clips = corpus.clips(split)
            if (label := clips.labels[clips.y[index]]) != row.label:
                raise DataError(mismatch(f"{where}, label", f"{label} (the run's)", row.label))
            x[i] = clips.x[index]
        else:
            x[i] = _file(where, row, path, corpus, config)
    return render(x, [row for _, row in rows], corpus, config, f"list {path.name}")


def _rows(path: Path, corpus: Corpus) -> list[tuple[int, CalibrationRow]]:
    if not path.is_file():
        raise DataError(mismatch(path, "a calibration list (CSV)", "a folder" if path.is_dir() else "nothing there"))
    noises = {*corpus.recorded("train"), *corpus.noise_kinds, NO_NOISE}
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            for name in _NEEDED:
                if name not in columns:
                    raise DataError(mismatch(path, f"a column {name}", ", ".join(columns) or "none"))
            for values in reader:
                where = f"{path}, line {reader.line_num}"
                if None in values or None in values.values():
                    raise DataError(mismatch(where, f"{len(columns)} fields", "another number"))
                row = CalibrationRow(
                    clip=_below(where, values["clip"]),
                    label=values["label"],
                    noise=values.get("noise") or NO_NOISE,
                    snr_db=_number(where, "snr_db", values.get("snr_db") or "inf"),
                    gain_db=_number(where, "gain_db", values.get("gain_db") or "0"),
                    noise_seed=int(_number(where, "noise_seed", values.get("noise_seed") or "0")),
                )
                _check(where, row, corpus, noises)
                rows.append((reader.line_num, row))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(mismatch(path, "a calibration list (CSV, UTF-8)", str(error))) from None
    if not rows:
        raise DataError(mismatch(path, f"a line a clip ({', '.join(COLUMNS)})", "none"))
    return rows


def _below(where: str, clip: str) -> str:
    """A clip's path in its one spelling: another one would slip past the check for test clips."""
    path = PurePosixPath(clip)
    if not clip.strip() or path.is_absolute() or ".." in path.parts or "\\" in clip:
        raise DataError(
            mismatch(f"{where}, clip", "a path below the data folder or the list's, without ..", repr(clip))
        )
    return path.as_posix()


def _check(where: str, row: CalibrationRow, corpus: Corpus, noises: set[str]) -> None:
    if row.label not in corpus.labels:
        raise DataError(mismatch(f"{where}, label", f"one of {', '.join(corpus.labels)}", row.label or "nothing"))
    if row.noise not in noises:
        raise DataError(mismatch(f"{where}, noise", f"one of {', '.join(sorted(noises))}", row.noise))
    if row.noise != NO_NOISE and not math.isfinite(row.snr_db):
        raise DataError(mismatch(f"{where}, snr_db", "a number [dB] where there is noise", row.snr_db))
    for name, value in (("snr_db", row.snr_db if row.noise != NO_NOISE else 0.0), ("gain_db", row.gain_db)):
        if not abs(value) <= _LARGEST_DB:
            raise DataError(mismatch(f"{where}, {name}", f"-{_LARGEST_DB:g} to {_LARGEST_DB:g} dB", value))
    if not 0 <= row.noise_seed < 2**32:
        raise DataError(mismatch(f"{where}, noise_seed", "0 to 4294967295", row.noise_seed))


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
        if math.isnan(value) or (name == "noise_seed" and not value.is_integer()):
            raise ValueError
    except (ValueError, OverflowError):
        raise DataError(mismatch(f"{where}, {name}", "a number", repr(text))) from None
    return value


def _file(
    where: str, row: CalibrationRow, path: Path, corpus: Corpus, config: KeywordConfig | VibrationConfig
) -> np.ndarray:
    """A clip that training did not know: taken at the run's rate only."""
    if isinstance(config, VibrationConfig):
        raise DataError(mismatch(where, "a window of the run", "another"))
    folders = [Path(config.data)] if config.data else []
    found = next((p for folder in (*folders, path.parent) if (p := folder / row.clip).is_file()), None)
    if found is None:
        raise DataError(mismatch(where, "a clip of the run, or a file below its data folder or the list's", "neither"))
    try:
        file_frames(found)
        rate = file_rate_hz(found)
        if rate != corpus.sample_rate_hz:
            raise DataError(mismatch(where, f"{corpus.sample_rate_hz} Hz", f"{rate} Hz"))
        recording = Recording(found, row.label, "train", "calibration")
        return load_clips([recording], corpus.labels, corpus.sample_rate_hz, corpus.n_samples).x[0]
    except DataError as error:
        text = str(error)
        raise DataError(text if text.startswith(str(path)) else f"{where}: {text}") from None

"""Acknowledged alarms with a label, as a ZIP that ``drsn-train vibration --task csv`` reads.

``manifest.csv`` has a line a waveform. A waveform is a WAV of floats in the machine's unit; where the rate is no whole
number of hertz, which a WAV cannot say, an NPZ.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import tempfile
import time
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...sample_format import RATES_HZ
from ...wav_writer import WavWriter
from .views import MachineViews

#: The columns of the manifest that an alarm can fill.
COLUMNS = ("file", "label", "recording_id", "machine", "rpm", "unit")
#: What spreadsheets take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_README = """Waveforms around alarms that a person has acknowledged and given a label.

  drsn-train vibration --task csv --data manifest.csv ...

reads them. The samples are in the unit that manifest.csv names; where it names none, say it with --unit.
"""


def labelled_zip(store: Any, views: MachineViews) -> IO[bytes]:
    """All of the store's labelled waveforms.

    Parameters
    ----------
    store : Store
    views : MachineViews
        Knows units and speeds.

    Returns
    -------
    binary file
        At its beginning, beside the store (what else a device has may be memory); gone when it is closed.
    """
    file = tempfile.TemporaryFile(dir=store.path.parent)  # noqa: SIM115 (the reply closes it)
    try:
        rows = []
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for alarm, rate_hz, samples in store.labelled():
                name = f"{_safe(alarm['machine'])}/alarm-{alarm['id']}"
                rows.append(_row(alarm, views, _put(archive, name, rate_hz, samples)))
            archive.writestr("manifest.csv", manifest(rows))
            archive.writestr("README.txt", _README)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def waveform_file(rate_hz: float, samples: np.ndarray) -> tuple[str, bytes]:
    """One waveform: the ending of its file's name, and its bytes.

    Parameters
    ----------
    rate_hz : float
    samples : np.ndarray [shape=(n,)]
    """
    low, high = RATES_HZ
    if rate_hz != round(rate_hz) or not low <= rate_hz <= high:
        data = io.BytesIO()
        np.savez(data, signal=np.asarray(samples, np.float32), sample_rate_hz=float(rate_hz))
        return ".npz", data.getvalue()
    with tempfile.TemporaryDirectory(prefix="drsn-export-") as folder:
        path = Path(folder, "waveform.wav")
        with WavWriter(path, round(rate_hz), "f32le") as wav:
            wav.write(samples)
        return ".wav", path.read_bytes()


def envelope(rate_hz: float, samples: np.ndarray, points: int = 600) -> list[list[float]]:
    """[seconds, least, mean, largest] of at most so many stretches of a waveform; what is not finite is left out.

    >>> envelope(2.0, np.array([1.0, 3.0, np.nan, 5.0]), 2)
    [[0.25, 1.0, 2.0, 3.0], [1.25, 5.0, 5.0, 5.0]]
    """
    found, edges = [], np.linspace(0, len(samples), min(points, len(samples)) + 1).astype(int)
    for start, stop in itertools.pairwise(edges):
        part = samples[start:stop].astype(np.float64)
        part = part[np.isfinite(part)]
        if len(part):
            row = (start + stop - 1) / 2 / rate_hz, part.min(), part.mean(), part.max()
            found.append([float(f"{value:.5g}") for value in row])
    return found


def manifest(rows: list[dict[str, str]]) -> str:
    """Text of ``manifest.csv``."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def file_name() -> str:
    """For the download: when it was made."""
    return f"labelled-alarms-{time.strftime('%Y%m%d-%H%M%S')}.zip"


def is_label(text: str) -> bool:
    """Whether a label can stand in a manifest: text that is no formula and no path."""
    return bool(text) and text == text.strip() and not text.startswith(_FORMULA) and not set(text) & set('/\\"')


def _put(archive: zipfile.ZipFile, name: str, rate_hz: float, samples: np.ndarray) -> str:
    ending, data = waveform_file(rate_hz, samples)
    archive.writestr(name + ending, data)
    return name + ending


def _row(alarm: dict[str, Any], views: MachineViews, file: str) -> dict[str, str]:
    machine = views.config(alarm["machine"])
    rpm = alarm.get("rpm") or (machine.rpm if machine else None)
    return {
        "file": file,
        "label": alarm["label"],
        "recording_id": f"{alarm['machine']} alarm {alarm['id']}",
        "machine": alarm["machine"],
        "rpm": f"{rpm:g}" if rpm else "",
        "unit": (machine.unit or "") if machine else "",
    }


def _safe(name: str) -> str:
    """A machine's name as a folder's."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "machine"

"""One recording of a machine: samples in a unit, at a rate, and what is known about who was recorded."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

#: Fewer samples than this are no recording of a machine (a tenth of a turn at 12 kHz and 3000 rpm).
MIN_SAMPLES = 24
#: That many equal samples in a row at the largest or the smallest value are clipping, not a peak.
CLIP_RUN = 3


@dataclasses.dataclass(frozen=True, eq=False)
class VibrationRecording:
    """Samples of one sensor, checked: one channel, finite, not constant.

    Parameters
    ----------
    signal : np.ndarray [shape=(n,), float32]
        In ``unit``. A read-only copy is kept.
    unit : str
        As given by whoever knows: "g", "m/s^2", "mm/s", "V", "FS" (share of a converter's full scale) ...
    sample_rate_hz : float, > 0
    label : str
        State of the machine.
    recording_id : str
        Unique within a data set.
    machine, bearing : str or None
        Which one was recorded; None where the data does not say.
    load, fault_size : str or None
        With their units ("2 hp", "0.007 in"); a ``fault_size`` of None is also that of a sound machine.
    rpm : float or None, > 0
        Turns of the shaft in a minute [1/min]; None where the data does not say.
    sensor : str or None
        Channel or place of the sensor.
    path : Path or None
        File it came from; named in errors.

    Raises
    ------
    DataError
        One line naming the file.

    Examples
    --------
    >>> r = VibrationRecording(np.sin(np.arange(100.0)), "g", 12000, "normal", "a")
    >>> r.duration_s, r.clipped_share
    (0.008333333333333333, 0.0)
    """

    signal: np.ndarray
    unit: str
    sample_rate_hz: float
    label: str
    recording_id: str
    machine: str | None = None
    bearing: str | None = None
    load: str | None = None
    fault_size: str | None = None
    rpm: float | None = None
    sensor: str | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "signal", check_signal(self.signal, self.where))
        for name in ("unit", "label", "recording_id"):
            if not str(getattr(self, name) or "").strip():
                raise DataError(mismatch(f"{self.where}, {name}", f"a {name.replace('_', ' ')}", "nothing"))
        if not (math.isfinite(self.sample_rate_hz) and self.sample_rate_hz > 0):
            raise DataError(mismatch(f"{self.where}, sample rate", "a positive number of Hz", self.sample_rate_hz))
        if self.rpm is not None and not (math.isfinite(self.rpm) and self.rpm > 0):
            raise DataError(mismatch(f"{self.where}, rpm", "a positive number of turns a minute", self.rpm))

    @property
    def where(self) -> str:
        """What an error calls the recording: its file, or its id where it has none."""
        return str(self.path) if self.path is not None else f"recording {self.recording_id}"

    @property
    def duration_s(self) -> float:
        """Length of the recording [s]."""
        return self.signal.shape[0] / self.sample_rate_hz

    @property
    def clipped_share(self) -> float:
        """Share of samples, 0..1, in runs of at least 3 equal ones at the largest or the smallest value."""
        return sum(_in_runs(self.signal == end) for end in (self.signal.max(), self.signal.min())) / len(self.signal)


def check_signal(signal: np.ndarray, where: str) -> np.ndarray:
    """Samples as read-only float32 [shape=(n,)].

    Raises
    ------
    DataError
        More than one channel, not numbers, fewer than 24 samples, NaN or infinity, constant.
    """
    y = np.asarray(signal)
    if y.ndim != 1 or y.dtype.kind not in "iuf":
        raise DataError(mismatch(where, "numbers of one channel", f"shape {y.shape}, {y.dtype}"))
    if y.size < MIN_SAMPLES:
        raise DataError(mismatch(where, f"at least {MIN_SAMPLES} samples", y.size))
    with np.errstate(over="ignore"):
        y = np.array(y, dtype=np.float32)
    bad = y.size - np.count_nonzero(np.isfinite(y))
    if bad:
        raise DataError(mismatch(where, "finite samples", f"NaN or infinity in {bad} of {y.size}"))
    if y.min() == y.max():
        raise DataError(
            mismatch(where, "a signal that changes", f"{y.size} samples of {y[0]:g} (sensor not connected?)")
        )
    y.flags.writeable = False
    return y


def require_rpm(recordings: Sequence[VibrationRecording]) -> None:
    """Refuse recordings whose speed is not known.

    Raises
    ------
    DataError
        Naming the first file, and how many more there are.
    """
    _refuse_those([r for r in recordings if r.rpm is None], "rpm", "the speed of the shaft (rpm), given or in the data")


def require_one_unit(recordings: Sequence[VibrationRecording]) -> str:
    """The unit of all recordings.

    Raises
    ------
    DataError
        No recordings, or more than one unit.
    """
    _refuse_none(recordings)
    first = recordings[0]
    other = next((r for r in recordings if r.unit != first.unit), None)
    if other is not None:
        raise DataError(mismatch(f"{other.where}, unit", f"{first.unit} as in {first.where}", other.unit))
    return first.unit


def require_unique_ids(recordings: Sequence[VibrationRecording]) -> None:
    """Refuse no recordings at all, and two with one id: a split would take them for the same.

    Raises
    ------
    DataError
        Naming both files.
    """
    _refuse_none(recordings)
    seen: dict[str, VibrationRecording] = {}
    for r in recordings:
        if r.recording_id in seen:
            got = f"{r.recording_id} also for {seen[r.recording_id].where}"
            raise DataError(mismatch(f"{r.where}, recording id", "an id of its own", got))
        seen[r.recording_id] = r


def _refuse_none(recordings: Sequence[VibrationRecording]) -> None:
    if not recordings:
        raise DataError(mismatch("recordings", "at least one", "none"))


def _refuse_those(recordings: Sequence[VibrationRecording], what: str, expected: str) -> None:
    if recordings:
        more = f" (and {len(recordings) - 1} more files)" if len(recordings) > 1 else ""
        raise DataError(mismatch(f"{recordings[0].where}, {what}", expected, f"none{more}"))


def _in_runs(at_end: np.ndarray) -> int:
    """Number of True in runs of at least CLIP_RUN."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], at_end, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIP_RUN].sum())

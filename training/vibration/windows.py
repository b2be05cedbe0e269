"""Windows of recordings: what a model sees, each with the recording it was cut from."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch

from .recording import VibrationRecording, require_one_unit, require_unique_ids

#: By what recordings can be grouped.
GROUPS = ("recording", "machine", "bearing", "load", "fault_size")


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Equally long cuts of recordings of one rate and unit.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_samples), float32]
        In ``unit``.
    recording : np.ndarray [shape=(n,), int64]
        Index of each window's recording in ``recordings``.
    start : np.ndarray [shape=(n,), int64]
        First sample of each window in its recording.
    recordings : tuple of VibrationRecording
    sample_rate_hz : float
    unit : str
    """

    x: np.ndarray
    recording: np.ndarray
    start: np.ndarray
    recordings: tuple[VibrationRecording, ...]
    sample_rate_hz: float
    unit: str

    def __len__(self) -> int:
        return len(self.x)

    @property
    def classes(self) -> tuple[str, ...]:
        """Labels in sorted order."""
        return tuple(sorted({r.label for r in self.recordings}))

    @property
    def labels(self) -> np.ndarray:
        """Label of each window [shape=(n,), str]."""
        return np.array([r.label for r in self.recordings])[self.recording]

    @property
    def y(self) -> np.ndarray:
        """Index of each window's label in ``classes`` [shape=(n,), int64]."""
        return np.searchsorted(np.array(self.classes), self.labels)

    @property
    def recording_ids(self) -> np.ndarray:
        """Id of each window's recording [shape=(n,), str]."""
        return np.array([r.recording_id for r in self.recordings])[self.recording]

    def groups(self, by: str) -> list[str | None]:
        """Group of each window; None where the data does not say it."""
        names = [group_of(r, by) for r in self.recordings]
        return [names[i] for i in self.recording]


def cut_windows(recordings: Sequence[VibrationRecording], n_samples: int, hop: int) -> Windows:
    """Cut every recording into windows; what is left at its end is dropped.

    Parameters
    ----------
    recordings : sequence of VibrationRecording
        Of one rate and one unit.
    n_samples : int, >= 1
        Length of a window.
    hop : int, >= 1
        Samples from one start to the next; below ``n_samples`` windows overlap.

    Raises
    ------
    DataError
        Mixed rates or units, a recording shorter than a window, no recordings.
    UsageError
        ``n_samples`` or ``hop`` below 1.

    Examples
    --------
    >>> r = VibrationRecording(np.arange(100.0), "g", 1000, "normal", "a")
    >>> w = cut_windows([r], 40, 30)
    >>> w.x.shape, w.start.tolist(), w.x[2, 0].item(), w.labels.tolist()
    ((3, 40), [0, 30, 60], 60.0, ['normal', 'normal', 'normal'])
    """
    for name, value in (("n_samples", n_samples), ("hop", hop)):
        if value < 1:
            raise UsageError(mismatch(name, "a whole number of samples from 1", value))
    require_unique_ids(recordings)
    unit = require_one_unit(recordings)
    first = recordings[0]
    for r in recordings:
        if r.sample_rate_hz != first.sample_rate_hz:
            expected = f"{first.sample_rate_hz:g} Hz as in {first.where}"
            raise DataError(mismatch(f"{r.where}, sample rate", expected, f"{r.sample_rate_hz:g} Hz"))
        if len(r.signal) < n_samples:
            raise DataError(mismatch(r.where, f"at least {n_samples} samples (one window)", len(r.signal)))
    cuts = [np.lib.stride_tricks.sliding_window_view(r.signal, n_samples)[::hop] for r in recordings]
    counts = [len(c) for c in cuts]
    return Windows(
        np.concatenate(cuts),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate([np.arange(n) * hop for n in counts]),
        tuple(recordings),
        first.sample_rate_hz,
        unit,
    )


def group_of(recording: VibrationRecording, by: str) -> str | None:
    """Name of a recording's group; None where the data does not say it.

    Raises
    ------
    UsageError
        If ``by`` is not one of :data:`GROUPS`.
    """
    if by not in GROUPS:
        raise UsageError(mismatch("group", ", ".join(GROUPS), repr(by)))
    return recording.recording_id if by == "recording" else getattr(recording, by)

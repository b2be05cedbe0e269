"""What there is to say about recordings before a model is trained on them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .recording import VibrationRecording

#: A larger share of samples at the limits is named: it is no chance any more, and edges add harmonics.
CLIPPED_SHARE = 1e-3


def describe_recordings(recordings: Sequence[VibrationRecording], root: Path | None = None) -> list[str]:
    """Notes of a line each: how many of what, rates, units, speeds that are missing, clipped sensors.

    Parameters
    ----------
    recordings : sequence of VibrationRecording
    root : Path or None
        Folder that files are named below: notes travel with a model, folders of a machine do not.

    Returns
    -------
    list of str
        Missing speeds and clipping only where there are any.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.clip(2.0 * np.sin(np.arange(12000) / 10), -1.0, 1.0)
    >>> for note in describe_recordings([VibrationRecording(y, "g", 12000, "worn", "pump-1")]):
    ...     print(note)
    1 recording, 1 s: 1 worn
    sample rate: 1 at 12000 Hz
    unit: 1 in g
    rpm is missing for 1 of 1 recording (recording pump-1)
    clipped: 1 recording with more than 0.1 % of its samples at a limit, recording pump-1 with 66.7 %
    """
    if not recordings:
        return ["no recordings"]
    n = len(recordings)
    seconds = sum(r.duration_s for r in recordings)
    labels = _counts((r.label for r in recordings), "{n} {value}")
    notes = [
        f"{_recordings(n)}, {seconds:.0f} s: {labels}",
        f"sample rate: {_counts((r.sample_rate_hz for r in recordings), '{n} at {value:g} Hz')}",
        f"unit: {_counts((r.unit for r in recordings), '{n} in {value}')}",
    ]
    still = [r for r in recordings if r.rpm is None]
    if still:
        first = f"{'first ' if len(still) > 1 else ''}{_where(still[0], root)}"
        notes.append(f"rpm is missing for {len(still)} of {_recordings(n)} ({first})")
    return notes + _clipping(recordings, root)


def _where(recording: VibrationRecording, root: Path | None) -> str:
    path = recording.path
    return recording.where if path is None or root is None else Path(os.path.relpath(path, root)).as_posix()


def _clipping(recordings: Sequence[VibrationRecording], root: Path | None) -> list[str]:
    clipped = [(share, r) for r in recordings if (share := r.clipped_share) > CLIPPED_SHARE]
    if not clipped:
        return []
    share, worst = max(clipped, key=lambda pair: pair[0])
    which = f"{'the worst is ' if len(clipped) > 1 else ''}{_where(worst, root)} with {100 * share:.1f} %"
    its = "its" if len(clipped) == 1 else "their"
    return [
        f"clipped: {_recordings(len(clipped))} with more than {100 * CLIPPED_SHARE:g} % of {its} samples "
        f"at a limit, {which}"
    ]


def _recordings(n: int) -> str:
    return f"{n} recording{'s' if n != 1 else ''}"


def _counts(values: Iterable[object], template: str) -> str:
    counts = sorted(Counter(values).items())
    return ", ".join(template.format(n=n, value=value) for value, n in counts)

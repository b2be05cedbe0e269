"""What is said about recordings before a training: counts, rates, units, missing speeds, clipped sensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drsn_keras.training.vibration import VibrationRecording, open_recordings
from drsn_keras.training.vibration.notes import describe_recordings


def test_notes_on_recordings() -> None:
    y = np.sin(np.arange(12000) / 10)
    clipped = [VibrationRecording(np.clip(k * y, -1, 1), "g", 12000, "worn", f"k{k}", rpm=900) for k in (2, 5)]
    clean = VibrationRecording(y, "m/s^2", 48000, "good", "clean", path=Path("data/good.wav"))
    assert describe_recordings([*clipped, clean]) == [
        "3 recordings, 2 s: 1 good, 2 worn",
        "sample rate: 2 at 12000 Hz, 1 at 48000 Hz",
        "unit: 2 in g, 1 in m/s^2",
        "rpm is missing for 1 of 3 recordings (data/good.wav)",
        "clipped: 2 recordings with more than 0.1 % of their samples at a limit, the worst is recording k5 with 87.2 %",
    ]
    assert describe_recordings(clipped[:1] * 2)[3:] == [
        "clipped: 2 recordings with more than 0.1 % of their samples at a limit, the worst is recording k2 with 66.7 %"
    ]
    assert describe_recordings([]) == ["no recordings"]


def test_no_notes_on_clipping_where_there_is_none(shared_data: Path) -> None:
    recordings = open_recordings(shared_data / "vibration" / "cwru_12k_de", "cwru-npz")
    assert [note.split(":")[0] for note in describe_recordings(recordings)] == [
        "40 recordings, 401 s",
        "sample rate",
        "unit",
    ]

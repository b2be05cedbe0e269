"""Windows and rates: every sample where it belongs, no rate or unit mixed in silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.vibration import VibrationRecording
from drsn_keras.training.vibration.resample import to_one_rate
from drsn_keras.training.vibration.windows import cut_windows


def recording(name: str, n: int = 200, rate_hz: float = 1000, **fields: object) -> VibrationRecording:
    """Samples that count from 1000 times the number in the name, so that each tells where it was."""
    signal = np.arange(n) + 1000.0 * int(name[1:])
    return VibrationRecording(signal, fields.pop("unit", "g"), rate_hz, fields.pop("label", "a"), name, **fields)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(50, 300), min_size=1, max_size=4), st.integers(1, 50), st.integers(1, 80))
def test_windows_are_cuts_of_their_recordings(lengths: list[int], n_samples: int, hop: int) -> None:
    recordings = [recording(f"r{i}", n) for i, n in enumerate(lengths)]
    w = cut_windows(recordings, n_samples, hop)
    assert len(w) == sum((n - n_samples) // hop + 1 for n in lengths)
    expected = 1000.0 * w.recording[:, None] + w.start[:, None] + np.arange(n_samples)
    np.testing.assert_array_equal(w.x, expected)
    assert w.x.dtype == np.float32
    assert w.recording_ids.tolist() == [f"r{i}" for i in w.recording]


def test_labels_and_groups_follow() -> None:
    recordings = [
        recording("r0", label="worn", machine="m1", load="1 kW"),
        recording("r1", label="good", machine="m2"),
    ]
    w = cut_windows(recordings, 100, 100)
    assert (w.classes, w.y.tolist()) == (("good", "worn"), [1, 1, 0, 0])
    assert w.labels.tolist() == ["worn", "worn", "good", "good"]
    assert w.groups("machine") == ["m1", "m1", "m2", "m2"]
    assert w.groups("load") == ["1 kW", "1 kW", None, None]
    assert w.groups("recording") == ["r0", "r0", "r1", "r1"]
    with pytest.raises(UsageError, match=r"^group: expected recording, machine, .* got 'person'$"):
        w.groups("person")


def test_bad_windows_are_one_line() -> None:
    good = recording("r0")
    with pytest.raises(DataError, match=r"^recording r1: expected at least 128 samples \(one window\), got 100$"):
        cut_windows([good, recording("r1", 100)], 128, 64)
    with pytest.raises(
        DataError, match=r"^recording r1, sample rate: expected 1000 Hz as in recording r0, got 500 Hz$"
    ):
        cut_windows([good, recording("r1", rate_hz=500)], 10, 10)
    with pytest.raises(DataError, match=r"^recording r1, unit: expected g as in recording r0, got mm/s$"):
        cut_windows([good, recording("r1", unit="mm/s")], 10, 10)
    with pytest.raises(DataError, match=r"^recording r0, recording id: expected an id of its own, got r0 also for"):
        cut_windows([good, good], 10, 10)
    with pytest.raises(DataError, match=r"^recordings: expected at least one, got none$"):
        cut_windows([], 10, 10)
    for n_samples, hop in ((0, 1), (1, 0)):
        with pytest.raises(UsageError, match=r"expected a whole number of samples from 1, got 0$"):
            cut_windows([good], n_samples, hop)


def tones(rate_hz: float, *frequencies_hz: float) -> VibrationRecording:
    t = np.arange(round(rate_hz)) / rate_hz
    y = sum(np.sin(2 * np.pi * f * t) for f in frequencies_hz)
    return VibrationRecording(y, "g", rate_hz, "a", f"{rate_hz:g}", rpm=900, machine="m")


def test_resampling_keeps_what_fits_and_removes_what_would_fold() -> None:
    """5 kHz would fold to 3 kHz at a rate of 8 kHz."""
    (r, same), lines = to_one_rate([tones(48000, 1000, 5000), tones(8000, 1000)], 8000)
    spectrum = np.abs(np.fft.rfft(r.signal[800:7200] * np.hanning(6400))) / 1600
    hz = np.fft.rfftfreq(6400, 1 / 8000)
    assert spectrum[np.argmin(np.abs(hz - 1000))] == pytest.approx(1, abs=0.01)
    assert spectrum[np.abs(hz - 1000) > 50].max() < 1e-3
    assert (len(r.signal), r.sample_rate_hz, r.rpm, r.machine) == (8000, 8000, 900, "m")
    assert same.sample_rate_hz == 8000
    assert lines == ["1 of 2 recordings resampled from 48000 Hz to 8000 Hz (soxr, anti-aliased)"]


def test_rates_are_not_mixed_and_not_raised() -> None:
    slow, fast = tones(8000, 1000), tones(48000, 1000)
    with pytest.raises(DataError, match=r"^recordings: expected one sample rate, .*, got 1 at 8000 Hz, 1 at 48000 Hz$"):
        to_one_rate([slow, fast])
    with pytest.raises(
        DataError, match=r"^recording 8000: expected a recording at 12000 Hz or more, got 8000 Hz \(ups"
    ):
        to_one_rate([slow, fast], 12000)
    with pytest.raises(UsageError, match=r"^sample_rate_hz: expected a positive number, got 0$"):
        to_one_rate([slow], 0)
    kept, lines = to_one_rate([slow])
    assert (kept, lines) == ([slow], [])

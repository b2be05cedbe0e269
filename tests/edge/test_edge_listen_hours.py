"""Two minutes through the real ``drsn-edge listen --stdin``, as ``make bench-listen`` does with two hours."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import listen_hours

from drsn_keras.edge import load_bundle

RATE_HZ = 16000

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists() or os.name != "posix", reason="/proc of Linux")


def _tones():
    """A burst of 0.6 s in a clip of a second for either word."""
    t = np.arange(RATE_HZ) / RATE_HZ
    for label, hz in (("low", 400.0), ("high", 4000.0)):
        inside = (t >= 0.3) & (t < 0.9)
        yield label, np.round(16000 * inside * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def test_two_minutes_of_stream_say_where_the_words_are(bundle_folder):
    bundle = load_bundle(bundle_folder)
    clips = listen_hours.certain_clips(bundle, _tones(), per_word=1)
    assert [(clip.label, clip.stop) for clip in clips] == [("low", 14400), ("high", 14400)]
    found = listen_hours.hear_hours(bundle, clips, 120 * RATE_HZ, seed=1)
    assert found["hours"] == 0.0333 and found["words"] >= 8
    assert (found["detected"], found["false_detections"]) == (found["words"], 0)
    # Either tone has its own delay; within it is the tenth of a second between evaluations.
    assert found["difference_largest_s"] - found["difference_least_s"] < 0.4
    assert abs(found["difference_mean_s"]) < 0.3
    assert found["drift_abs_ms"] < 150.0 and 10 < found["peak_end_mb"] < 200


def _line(label, time_s):
    return {"label": label, "time_s": time_s}


def test_drift_misses_and_false_detections_are_found():
    """Lines of a listener whose clock is 50 ppm fast, misses one word and hears one that is not there."""
    clips = [listen_hours.Clip("low", np.zeros(16000, np.int16), 11200), listen_hours.Clip("high", np.zeros(1), 8000)]
    placed = [listen_hours.Placed(i % 2, (10 + 30 * i) * RATE_HZ) for i in range(240)]
    after_s = {0: 0.7 + 0.1, 1: 0.5 + 0.3}
    times_s = [(word.at / RATE_HZ + after_s[word.clip]) for word in placed]
    lines = [_line(clips[w.clip].label, t * (1 + 50e-6)) for w, t in zip(placed, times_s, strict=True)]
    lines[7:8] = [_line("low", 216.0)]
    found = listen_hours.compare(lines, clips, placed, RATE_HZ)
    assert (found["words"], found["detected"], found["false_detections"]) == (240, 239, 1)
    assert found["drift_ppm"] == pytest.approx(50.0, abs=0.5)
    assert found["drift_first_to_last_quarter_ms"] == pytest.approx(50e-6 * 0.75 * 7200 * 1e3, rel=0.01)
    assert found["difference_least_s"] == pytest.approx(0.1, abs=0.01)
    assert found["difference_largest_s"] == pytest.approx(0.3 + 0.36, abs=0.01)


def test_the_stream_holds_every_clip_where_it_was_placed():
    rng = np.random.default_rng(3)
    clips = [listen_hours.Clip(label, samples, 14400) for label, samples in _tones()]
    placed = listen_hours.place(clips, 120 * RATE_HZ, RATE_HZ, rng)
    assert placed[0].at < 60 * RATE_HZ and placed[-1].at > 60 * RATE_HZ
    stream = np.concatenate(list(listen_hours.blocks(clips, placed, 120 * RATE_HZ + 17, RATE_HZ, rng)))
    assert len(stream) == 120 * RATE_HZ + 17 and stream.dtype == np.int16
    for word in placed:
        rest = stream[word.at : word.at + RATE_HZ].astype(int) - clips[word.clip].samples
        assert 10 < rest.std() < 22 and abs(rest).max() < 120

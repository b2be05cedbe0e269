"""Clips in memory: order, length, labels, notes, bad files."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.errors import DataError
from drsn_keras.training.audio import write_wav
from drsn_keras.training.clips import fit_window, load_clips
from drsn_keras.training.recordings import SILENCE, Recording

Writer = Callable[..., Path]


def one(path: Path, label: str = "yes", **part: int) -> Recording:
    return Recording(path, label, "train", path.name, **part)


def test_clips_keep_the_order_and_the_samples(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    expected = rng.integers(-32768, 32768, (40, 400)).astype(np.int16)
    for i, x in enumerate(expected):
        soundfile.write(tmp_path / f"{i}.wav", x, 16000)
    recordings = [one(tmp_path / f"{i}.wav", "no" if i % 3 else "yes") for i in range(40)]
    clips = load_clips(recordings, ("yes", "no"), 16000, 400)
    np.testing.assert_array_equal(clips.x, expected)
    assert clips.y.tolist() == [int(i % 3 > 0) for i in range(40)]
    assert (clips.x.dtype, clips.y.dtype) == (np.int16, np.int64)
    assert clips.recordings == tuple(recordings)
    assert clips.notes == []
    assert len(clips) == 40


def test_what_was_converted_is_said(tmp_path: Path, write_tone: Writer) -> None:
    recordings = [
        one(write_tone(tmp_path / "a.wav", 1.0, 8000)),
        one(write_tone(tmp_path / "b.wav", 1.0, 8000)),
        one(write_tone(tmp_path / "c.wav", 1.0, 48000)),
        one(write_tone(tmp_path / "d.wav", 1.0, channels=2)),
        one(write_tone(tmp_path / "e.wav", 0.5)),
        one(write_tone(tmp_path / "f.wav", 1.5)),
        one(write_tone(tmp_path / "g.wav", 1.0, amplitude=1.5, subtype="FLOAT")),
        one(write_tone(tmp_path / "h.wav", 1.0, amplitude=0.0)),
        one(write_tone(tmp_path / "i.wav", 1.0, amplitude=0.0), SILENCE),
        one(write_tone(tmp_path / "j.wav", 1.0, amplitude=0.0005)),
    ]
    clips = load_clips(recordings, ("yes", SILENCE), 16000, 16000)
    assert clips.notes == [
        "2 of 10 files resampled from 8000 Hz to 16000 Hz (nothing above 4000 Hz in them)",
        "1 of 10 files resampled from 48000 Hz to 16000 Hz",
        "1 of 10 files with several channels averaged to mono",
        "1 of 10 files shorter than 1 s, zeros added on both sides",
        "1 of 10 files longer than 1 s, cut to the loudest 1 s",
        "1 of 10 files above full scale, clipped to [-1, 1]",
        "1 of 10 files digitally silent (all samples 0)",
        "1 of 10 files very quiet (peak below -60 dBFS)",
    ]


def test_parts_of_a_file_are_cut(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.arange(1000) / 1000, 16000)
    clips = load_clips([one(tmp_path / "a.wav", start=s, stop=s + 10) for s in (0, 500)], ("yes",), 16000, 10)
    np.testing.assert_allclose(clips.x[1] - clips.x[0], 0.5 * 32768, atol=1)


def test_bad_files_are_counted_and_the_first_is_named(tmp_path: Path, write_tone: Writer) -> None:
    good = [one(write_tone(tmp_path / f"{i}.wav"), label) for i, label in enumerate(("yes", "no", "yes"))]
    (tmp_path / "x.wav").touch()
    (tmp_path / "y.wav").write_text("hello")
    recordings = [good[0], one(tmp_path / "x.wav"), good[1], one(tmp_path / "y.wav"), good[2]]
    first = f"{tmp_path}/x.wav: expected an audio file, got a file of 0 bytes"
    with pytest.raises(DataError) as caught:
        load_clips(recordings, ("yes", "no"), 16000, 3200)
    assert str(caught.value) == f"{first} (and 1 more unreadable files)"
    clips = load_clips(recordings, ("yes", "no"), 16000, 3200, skip_bad=True)
    assert clips.recordings == tuple(good)
    assert clips.x.shape == (3, 3200)
    assert clips.x.any(axis=1).all()
    assert clips.y.tolist() == [0, 1, 0]
    assert clips.notes == [f"2 of 5 files unreadable and left out, the first: {first}"]


def test_nothing_but_bad_files_is_an_error_even_when_skipping(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.wav: expected an audio file, got nothing there$"):
        load_clips([one(tmp_path / "nothing.wav")], ("yes",), 16000, 10, skip_bad=True)


def test_a_label_that_is_not_a_class_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.wav, label: expected one of yes, no, got maybe"):
        load_clips([one(tmp_path / "a.wav", "maybe")], ("yes", "no"), 16000, 10)


def test_no_bar_where_nobody_looks(tmp_path: Path, write_tone: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = io.StringIO()
    monkeypatch.setattr("sys.stderr", stderr)
    load_clips([one(write_tone(tmp_path / "a.wav"))], ("yes",), 16000, 3200, progress=True)
    assert not stderr.getvalue()


def test_a_short_word_in_a_long_clip_ends_up_in_the_middle() -> None:
    rng = np.random.default_rng(1)
    for start in (3000, 12345, 30000):
        y = rng.normal(0, 0.001, 48000)
        y[start : start + 4000] += rng.normal(0, 0.3, 4000)
        kept = fit_window(y, 16000)
        middle = np.sum(np.arange(16000) * kept**2) / np.sum(kept**2)
        wanted = max(start + 2000 - 8000, 0)  # at the start of the file there is no room to centre
        np.testing.assert_allclose(middle, start + 2000 - wanted, atol=100)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_window_has_the_length_and_holds_part_of_the_signal(n: int, n_samples: int, seed: int) -> None:
    y = np.random.default_rng(seed).normal(size=n)
    kept = fit_window(y, n_samples)
    assert len(kept) == n_samples
    if n <= n_samples:
        before = (n_samples - n) // 2
        np.testing.assert_array_equal(kept[before : before + n], y)
        assert np.count_nonzero(kept) == n
    else:
        windows = np.lib.stride_tricks.sliding_window_view(y, n_samples)
        assert (windows == kept).all(axis=1).any()

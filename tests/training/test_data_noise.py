"""Recorded noise: names that stay apart, splits by recording and by position, bad folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import DataError, SplitError
from drsn_keras.training.noise_recordings import find_noise, open_noise
from drsn_keras.training.recordings import SPLITS

Writer = Callable[..., Path]
RATE_HZ = 16000


def write_ramp(path: Path, seconds: float, rate_hz: int = RATE_HZ) -> np.ndarray:
    """A file whose every sample tells its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    y = np.arange(round(seconds * rate_hz), dtype=np.float64) / (seconds * rate_hz)
    soundfile.write(path, y, rate_hz, subtype="FLOAT")
    return y.astype(np.float32)


def test_parts_by_position_are_disjoint_and_complete(tmp_path: Path) -> None:
    y = write_ramp(tmp_path / "street" / "cars.wav", 2.0)
    parts = {s: open_noise([tmp_path / "street"], None, RATE_HZ, s)["street/cars"] for s in SPLITS}
    assert {s: [len(p) for p in signals] for s, signals in parts.items()} == {
        "train": [19200],
        "val": [3200],
        "test": [9600],
    }
    np.testing.assert_array_equal(np.concatenate([parts[s][0] for s in SPLITS]), y)


def test_equal_names_in_different_folders_stay_apart(tmp_path: Path) -> None:
    write_ramp(tmp_path / "chen" / "rain.wav", 1.0)
    for n in range(3):
        write_ramp(tmp_path / "esc" / "rain" / f"{n}.wav", 1.0)
    write_ramp(tmp_path / "a" / "noise" / "x.wav", 1.0)
    write_ramp(tmp_path / "b" / "noise" / "x.wav", 1.0)
    folders = [tmp_path / "chen", tmp_path / "esc", tmp_path / "a" / "noise", tmp_path / "b" / "noise"]
    noise = open_noise(folders, None, RATE_HZ, "train")
    assert {name: len(signals) for name, signals in noise.items()} == {
        "a/noise/x": 1,
        "b/noise/x": 1,
        "chen/rain": 1,
        "esc/rain": 3,
    }


def test_manifest_puts_whole_recordings_in_a_split(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4"):
        write_ramp(tmp_path / "esc" / "rain" / f"{name}.wav", 1.0)
    manifest = tmp_path / "m.csv"
    lines = [f"esc/rain/{n}.wav,noise:rain,fs:{n},{s}" for n, s in (("1", "train"), ("2", "val"), ("3", "test"))]
    manifest.write_text("\n".join(["file,label,recording_id,suggested_split", *lines]) + "\n")
    seconds = {s: open_noise([tmp_path / "esc"], manifest, RATE_HZ, s).protocol["seconds"] for s in SPLITS}
    # Recording 4 is not in the manifest: divided by position.
    assert seconds == {"train": {"esc/rain": 1.6}, "val": {"esc/rain": 1.1}, "test": {"esc/rain": 1.3}}
    rule = open_noise([tmp_path / "esc"], manifest, RATE_HZ, "val").protocol["rule"]
    assert rule == "by recording and by part of a recording"
    manifest.write_text(manifest.read_text().replace("fs:3", "fs:1"))
    with pytest.raises(SplitError, match=r"^group fs:1: expected one split a group, got train"):
        find_noise([tmp_path / "esc"], manifest)


def test_one_file_in_two_folders_counts_once(tmp_path: Path) -> None:
    write_ramp(tmp_path / "esc" / "rain" / "1.wav", 1.0)
    assert len(find_noise([tmp_path / "esc", tmp_path / "esc" / "rain"])) == 3


def test_rates_channels_and_short_parts_are_noted(tmp_path: Path, write_tone: Writer) -> None:
    write_tone(tmp_path / "n" / "a.wav", 2.0, 8000)
    write_tone(tmp_path / "n" / "b.wav", 2.0, channels=2)
    write_tone(tmp_path / "n" / "c.wav", 0.5)
    noise = open_noise([tmp_path / "n"], None, RATE_HZ, "val")
    assert list(noise) == ["n/a", "n/b"]
    assert [len(s) for signals in noise.values() for s in signals] == [3200, 3200]
    assert noise.notes == [
        "noise: 1 of 3 parts shorter than 0.1 s dropped",
        f"noise: 1 of 3 resampled to {RATE_HZ} Hz",
        "noise: 1 of 3 with several channels averaged to mono",
    ]


def test_bad_noise_is_one_line(tmp_path: Path, write_tone: Writer) -> None:
    with pytest.raises(DataError, match=r"/none: expected a folder of recordings, got nothing there$"):
        open_noise([tmp_path / "none"], None, RATE_HZ, "train")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"/empty: expected noise recordings \(WAV, FLAC, OGG, MP3\), got none$"):
        open_noise([tmp_path / "empty"], None, RATE_HZ, "train")
    write_tone(tmp_path / "short" / "a.wav", 0.2)
    with pytest.raises(DataError, match=r"expected at least one part of 0\.1 s in val, got none$"):
        open_noise([tmp_path / "short"], None, RATE_HZ, "val")
    (tmp_path / "short" / "b.wav").write_text("la la la")
    with pytest.raises(DataError, match=r"b\.wav: expected an audio file .*, got a text file$"):
        open_noise([tmp_path / "short"], None, RATE_HZ, "train")
    with pytest.raises(DataError, match=r"^split: expected train, val, test, got 'dev'$"):
        open_noise([write_tone(tmp_path / "ok" / "a.wav").parent], None, RATE_HZ, "dev")

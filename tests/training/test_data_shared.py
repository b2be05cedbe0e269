"""The real recordings beside the repository: counts, splits and refusals as their README states them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import DataError, SplitError
from drsn_keras.training.clips import load_clips
from drsn_keras.training.datasets import open_dataset
from drsn_keras.training.datasets.task import STANDARD_WORDS
from drsn_keras.training.noise_recordings import open_noise
from drsn_keras.training.recordings import SILENCE, SPLITS, UNKNOWN, Dataset


@pytest.fixture(scope="module")
def gsc(shared_data: Path) -> Dataset:
    return open_dataset(shared_data / "audio/gsc_v2_test", shared_data / "MANIFEST.csv")


def test_speech_commands_has_the_published_counts(gsc: Dataset) -> None:
    assert gsc.labels == (*STANDARD_WORDS, SILENCE, UNKNOWN)
    assert {s: len(gsc.part(s)) for s in SPLITS} == {"train": 3382, "val": 360, "test": 1148}
    speakers = {s: len({r.group for r in gsc.part(s) if r.group.startswith("spk:")}) for s in SPLITS}
    assert speakers == {"train": 173, "val": 19, "test": 47}
    assert gsc.protocol["unknown_left_out"] == 0


def test_speech_commands_reads_bit_for_bit(gsc: Dataset) -> None:
    clips = load_clips(gsc.part("val"), gsc.labels, 16000, 16000)
    assert clips.x.shape == (360, 16000)
    assert clips.notes == []
    for row in (0, 179, 359):
        samples, _ = soundfile.read(clips.recordings[row].path, dtype="int16")
        np.testing.assert_array_equal(clips.x[row], samples)
        assert clips.labels[clips.y[row]] == clips.recordings[row].path.parent.name


def test_the_test_set_alone_is_split_by_speaker(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "audio/gsc_v2_test")
    assert "hash leaves" in dataset.protocol["split_rule"]
    assert dataset.protocol["speaker_disjoint"] == "yes"
    shares = [len(dataset.part(s)) / 4890 for s in SPLITS]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.02)


def test_noise_of_the_splits(shared_data: Path) -> None:
    folders = [shared_data / "audio" / name for name in ("esc10", "chen_noises", "gsc_background")]
    noise = {s: open_noise(folders, shared_data / "MANIFEST.csv", 16000, s) for s in SPLITS}
    assert len(noise["train"]) == 15
    assert {"chen_noises/rain", "esc10/rain", "gsc_background/running_tap"} <= set(noise["train"])
    assert [len(noise[s]["esc10/rain"]) for s in SPLITS] == [24, 8, 8]
    tap = [len(noise[s]["gsc_background/running_tap"][0]) for s in SPLITS]
    assert tap[0] / sum(tap) == pytest.approx(0.6, abs=1e-4)
    assert tap[2] / sum(tap) == pytest.approx(0.3, abs=1e-4)


def test_the_digits_share_their_speakers_and_can_be_resplit(shared_data: Path) -> None:
    data, manifest = shared_data / "audio/fsdd", shared_data / "MANIFEST.csv"
    with pytest.raises(SplitError, match=r"^group spk:fsdd_\w+ \(and 5 more groups\): expected one split a group"):
        open_dataset(data, manifest)
    dataset = open_dataset(data, manifest, resplit=True)
    assert dataset.protocol["groups"] == {"train": 4, "val": 1, "test": 1}
    some = dataset.part("test")[:20]
    clips = load_clips(some, dataset.labels, 16000, 16000)
    assert clips.notes[0] == "20 of 20 files resampled from 8000 Hz to 16000 Hz (nothing above 4000 Hz in them)"
    spectrum = np.abs(np.fft.rfft(clips.x.astype(np.float64), axis=1)) ** 2
    assert spectrum[:, 4200:].sum() / spectrum.sum() < 1e-4


@pytest.mark.parametrize("inner", [".", "vibration", "audio/gsc_background", "audio/tflm_micro_speech", "images"])
def test_folders_that_hold_no_task_are_refused_in_one_line(shared_data: Path, inner: str) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(shared_data / inner, shared_data / "MANIFEST.csv")
    assert "\n" not in str(caught.value)
    assert "expected" in str(caught.value)

"""Folder per class and Speech Commands: who is in which split, which word is which class."""

from __future__ import annotations

import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from drsn_keras.errors import DataError, SplitError, UsageError
from drsn_keras.training.datasets import open_dataset
from drsn_keras.training.datasets.files import nohash_speaker
from drsn_keras.training.datasets.task import STANDARD_WORDS
from drsn_keras.training.recordings import SILENCE, SPLITS, UNKNOWN, Dataset
from drsn_keras.training.split_list import list_files
from drsn_keras.training.splits import check_disjoint, hash_split

Writer = Callable[..., Path]
SPEAKERS = [f"{n:08x}" for n in range(60)]


@pytest.fixture
def speech_commands(tmp_path: Path, write_tone: Writer) -> Path:
    """The ten words and two others by 60 speakers; two background files of 10 s and 20 s."""
    data = tmp_path / "speech_commands"
    tone = write_tone(tmp_path / "tone.wav", 0.01)
    for word in (*STANDARD_WORDS, "bed", "cat"):
        (data / word).mkdir(parents=True)
        for speaker in SPEAKERS:
            shutil.copy(tone, data / word / f"{speaker}_nohash_0.wav")
    write_tone(data / "_background_noise_" / "tap.wav", 10.0)
    write_tone(data / "_background_noise_" / "bike.wav", 20.0)
    (data / "_background_noise_" / "README.md").write_text("about the noise")
    (data / "README.md").write_text("about the data")
    return data


def write_lists(data: Path, val: list[str], test: list[str]) -> None:
    for name, speakers in (("validation_list.txt", val), ("testing_list.txt", test)):
        lines = [f"{word}/{s}_nohash_0.wav" for word in (*STANDARD_WORDS, "bed", "cat") for s in speakers]
        (data / name).write_text("\n".join(lines) + "\n")


def split_of_speakers(dataset: Dataset) -> dict[str, str]:
    return {r.group: r.split for r in dataset.recordings if r.label != SILENCE}


def test_speech_commands_by_hash(speech_commands: Path) -> None:
    dataset = open_dataset(speech_commands)
    assert dataset.labels == (*STANDARD_WORDS, SILENCE, UNKNOWN)
    assert split_of_speakers(dataset) == {s: hash_split(s) for s in SPEAKERS}
    assert dataset.protocol["layout"] == "speech commands"
    assert dataset.protocol["task"] == "standard 12 classes"
    assert dataset.protocol["speaker_disjoint"] == "yes"
    assert json.loads(json.dumps(dataset.protocol)) == dataset.protocol
    # _unknown_ and _silence_ have the size of one word in every split, the two other words half each.
    for split in SPLITS:
        counts = dataset.protocol["counts"][split]
        assert set(counts.values()) == {sum(hash_split(s) == split for s in SPEAKERS)}
    words = dataset.protocol["unknown_words"]
    assert (sum(words.values()), list(words)) == (60, ["bed", "cat"])
    assert abs(words["bed"] - words["cat"]) <= len(SPLITS)


def test_speech_commands_by_lists(speech_commands: Path) -> None:
    write_lists(speech_commands, SPEAKERS[:5], SPEAKERS[5:15])
    with (speech_commands / "testing_list.txt").open("a") as file:
        file.write("zero/00000005_nohash_0.wav\n")
    dataset = open_dataset(speech_commands)
    wanted = {s: "val" if i < 5 else "test" if i < 15 else "train" for i, s in enumerate(SPEAKERS)}
    assert split_of_speakers(dataset) == wanted
    assert dataset.protocol["split_rule"] == "validation_list.txt and testing_list.txt"
    note = "1 files of the lists are not in the folder (the first: zero/00000005_nohash_0.wav)"
    assert note in dataset.protocol["notes"]


def test_lists_that_share_a_speaker_are_refused(speech_commands: Path) -> None:
    write_lists(speech_commands, SPEAKERS[:5], SPEAKERS[5:15])
    lists = speech_commands / "testing_list.txt"
    lists.write_text(lists.read_text().replace(f"yes/{SPEAKERS[7]}_nohash_0.wav\n", ""))
    with pytest.raises(SplitError) as caught:
        open_dataset(speech_commands)
    message = str(caught.value)
    assert message.startswith(f"group {SPEAKERS[7]}: expected one split a group, got train (")
    assert f"yes/{SPEAKERS[7]}_nohash_0.wav) and test (" in message


def test_one_list_alone_or_a_file_in_both_is_refused(speech_commands: Path) -> None:
    write_lists(speech_commands, SPEAKERS[:5], SPEAKERS[4:15])
    with pytest.raises(DataError, match=r"testing_list\.txt line 1: expected a file in one list, got down/00000004"):
        open_dataset(speech_commands)
    (speech_commands / "validation_list.txt").unlink()
    with pytest.raises(DataError, match=r"validation_list\.txt: expected the second list .*, got nothing there$"):
        open_dataset(speech_commands)


def test_chosen_words_make_the_others_unknown(speech_commands: Path) -> None:
    dataset = open_dataset(speech_commands, keywords=["yes", "cat"])
    assert dataset.labels == ("yes", "cat", SILENCE, UNKNOWN)
    for split in SPLITS:
        counts = dataset.protocol["counts"][split]
        assert counts[UNKNOWN] == counts["yes"] + counts["cat"]
        assert counts[SILENCE] == counts["yes"]
    assert len(dataset.protocol["unknown_words"]) == 10
    assert max(dataset.protocol["unknown_words"].values()) - min(dataset.protocol["unknown_words"].values()) <= 3


@pytest.mark.parametrize("n_others", [20, 25])
def test_all_words_are_classes_of_the_30_and_35_words(tmp_path: Path, write_tone: Writer, n_others: int) -> None:
    """Versions 0.01 and 0.02: twenty other words, and five more."""
    tone = write_tone(tmp_path / "tone.wav", 0.01)
    others = [f"other{n:02d}" for n in range(n_others)]
    for word in (*STANDARD_WORDS, *others):
        (tmp_path / "v" / word).mkdir(parents=True)
        for speaker in SPEAKERS[:6]:
            shutil.copy(tone, tmp_path / "v" / word / f"{speaker}_nohash_0.wav")
    write_tone(tmp_path / "v" / "_background_noise_" / "tap.wav", 5.0)
    for name, speaker in (("validation_list.txt", SPEAKERS[0]), ("testing_list.txt", SPEAKERS[1])):
        lines = [f"{word}/{speaker}_nohash_0.wav" for word in (*STANDARD_WORDS, *others)]
        (tmp_path / "v" / name).write_text("\n".join(lines))
    dataset = open_dataset(tmp_path / "v", keywords=["all"])
    assert dataset.labels == (*sorted([*STANDARD_WORDS, *others]), SILENCE)
    assert dataset.protocol["task"] == "every word a class"
    assert dataset.protocol["counts"]["train"] == dict.fromkeys(sorted(dataset.labels), 4)
    assert open_dataset(tmp_path / "v").labels == (*STANDARD_WORDS, SILENCE, UNKNOWN)
    # Where somebody says "all", that is the word.
    (tmp_path / "v" / others[0]).rename(tmp_path / "v" / "all")
    for name in ("validation_list.txt", "testing_list.txt"):
        (tmp_path / "v" / name).write_text((tmp_path / "v" / name).read_text().replace(others[0], "all"))
    assert open_dataset(tmp_path / "v", keywords=["all"]).labels == ("all", SILENCE, UNKNOWN)


def test_the_test_set_s_archive_has_silence_and_other_words_of_its_own(tmp_path: Path, write_tone: Writer) -> None:
    """A folder a class, `_silence_` and `_unknown_` among them; neither lists nor background."""
    tone = write_tone(tmp_path / "tone.wav", 0.01)
    for word in (*STANDARD_WORDS, SILENCE, UNKNOWN):
        (tmp_path / "v" / word).mkdir(parents=True)
        for n, speaker in enumerate(SPEAKERS):
            name = f"{n}.wav" if word == SILENCE else f"{'bed_' * (word == UNKNOWN)}{speaker}_nohash_0.wav"
            shutil.copy(tone, tmp_path / "v" / word / name)
    for keywords in (None, ["all"]):
        dataset = open_dataset(tmp_path / "v", keywords=keywords)
        assert dataset.labels == (*STANDARD_WORDS, SILENCE, UNKNOWN)
        assert len(dataset.recordings) == 12 * 60
        assert dataset.protocol["unknown_left_out"] == 0
        assert dataset.protocol["speaker_disjoint"] == "yes"
        assert dataset.protocol["silence"] == "recordings of the data"
        assert len({r.group for r in dataset.recordings if r.label != SILENCE}) == 60


def test_silence_is_cut_from_the_part_of_its_split(speech_commands: Path) -> None:
    dataset = open_dataset(speech_commands, duration_s=0.5)
    border = {"tap.wav": (96000, 112000, 160000), "bike.wav": (192000, 224000, 320000)}
    for split, low, high in (("train", None, 0), ("val", 0, 1), ("test", 1, 2)):
        cuts = [r for r in dataset.part(split) if r.label == SILENCE]
        assert cuts
        for r in cuts:
            ends = border[r.path.name]
            assert (0 if low is None else ends[low]) <= r.start < r.stop <= ends[high]
            assert r.stop - r.start == 8000
    assert {r.label for r in dataset.background} == {"tap", "bike"}
    assert [len(dataset.noise(s)) for s in SPLITS] == [2, 2, 2]
    check_disjoint([*dataset.recordings, *dataset.background])


def test_a_dataset_is_the_same_every_time_and_another_with_another_seed(speech_commands: Path) -> None:
    first, again, other = (open_dataset(speech_commands, seed=s) for s in (4, 4, 5))
    assert first.recordings == again.recordings
    assert first.protocol == again.protocol
    assert set(first.recordings) != set(other.recordings)
    assert split_of_speakers(first) == split_of_speakers(other)  # the hash does not ask for a seed


def test_folder_per_class(words_folder: Path) -> None:
    dataset = open_dataset(words_folder, group_regex=r"/(\w+)-\d")
    assert dataset.labels == ("blue", "green", "red")
    assert dataset.protocol["layout"] == "folder per class"
    assert dataset.protocol["speaker_disjoint"] == "yes"
    assert dataset.protocol["groups"] == {"train": 4, "val": 1, "test": 1}
    assert len(dataset.recordings) == 36
    assert {r.group for r in dataset.recordings} == {"ann", "bob", "cat", "dan", "eve", "fay"}
    assert dataset.background == ()
    assert dataset.protocol["silence"].startswith("none in the data")


def test_folder_without_speakers_says_so(words_folder: Path) -> None:
    dataset = open_dataset(words_folder, keywords=["red", "blue"])
    assert dataset.labels == ("red", "blue", UNKNOWN)
    assert dataset.protocol["speaker_disjoint"] == "unknown"
    assert len({r.group for r in dataset.recordings}) == 36


def test_folder_with_background_noise_gets_silence(words_folder: Path, write_tone: Writer) -> None:
    write_tone(words_folder / "_background_noise_" / "fan.wav", 5.0)
    (words_folder / "red" / "notes.txt").write_text("x")
    (words_folder / "red" / "phone.m4a").write_text("x")
    dataset = open_dataset(words_folder)
    assert dataset.labels == ("blue", "green", "red", SILENCE)
    assert dataset.protocol["layout"] == "folder per class"
    assert dataset.protocol["counts"]["train"][SILENCE] == round(dataset.protocol["counts"]["train"]["red"])
    assert "2 files that are not WAV, FLAC, OGG or MP3 ignored (1 .m4a, 1 .txt)" in dataset.protocol["notes"]


def test_depths_endings_and_empty_folders(words_folder: Path, write_tone: Writer) -> None:
    """Files of a word may lie deeper, and be called what cameras and telephones call them."""
    for n, name in enumerate(("gil/a.WAV", "gil/deep/er/b.Flac", "hal/c.OGG", "hal/d.Mp3")):
        path = write_tone(words_folder / "red" / f"tmp{n}.{name.rsplit('.')[-1].lower()}")
        target = words_folder / "red" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    (words_folder / "pink").mkdir()
    (words_folder / "grey").mkdir()
    (words_folder / "grey" / "a.m4a").write_bytes(b"x")
    dataset = open_dataset(words_folder)
    assert dataset.labels == ("blue", "green", "red")
    assert sum(r.label == "red" for r in dataset.recordings) == 16
    groups = {r.group for r in dataset.recordings if r.label == "red"}
    assert {"red/gil/a.WAV", "red/gil/deep/er/b.Flac", "red/hal/c.OGG", "red/hal/d.Mp3"} <= groups
    assert "no audio file in grey, pink: no class of that name from there" in dataset.protocol["notes"]
    by_speaker = open_dataset(words_folder, group_regex=r"/(?:.*/)?([a-z]{3})[-/]")
    assert {r.group for r in by_speaker.recordings} == {"ann", "bob", "cat", "dan", "eve", "fay", "gil", "hal"}


def test_words_of_any_language_in_either_spelling_of_unicode(tmp_path: Path, write_tone: Writer) -> None:
    """macOS names a folder e + accent, others with one letter; both are the same word and divided alike."""
    words = {form: {form: unicodedata.normalize(form, "café crème")} for form in ("NFC", "NFD")}
    for form, folder in words.items():
        for n in range(8):
            write_tone(tmp_path / form / folder[form] / f"{unicodedata.normalize(form, 'é')}{n}.wav")
            write_tone(tmp_path / form / "включи свет" / f"{n}.wav")
            write_tone(tmp_path / form / "電気" / f"{n}.wav")
    composed, decomposed = (open_dataset(tmp_path / form) for form in words)
    assert composed.labels == decomposed.labels == ("café crème", "включи свет", "電気")
    assert [(r.label, r.group, r.split) for r in composed.recordings] == [
        (r.label, r.group, r.split) for r in decomposed.recordings
    ]
    rows = [list_files(list(d.recordings), tmp_path / f) for f, d in zip(words, (composed, decomposed), strict=True)]
    assert rows[0] == rows[1]
    chosen = open_dataset(tmp_path / "NFC", keywords=[unicodedata.normalize("NFD", "café crème")])
    assert chosen.labels == ("café crème", UNKNOWN)
    # Both spellings in one folder: one class.
    (tmp_path / "NFD" / words["NFD"]["NFD"]).rename(tmp_path / "NFC" / words["NFD"]["NFD"])
    assert sum(r.label == "café crème" for r in open_dataset(tmp_path / "NFC").recordings) == 16


def test_names_that_are_not_utf8_are_shown_with_a_backslash(words_folder: Path, write_tone: Writer) -> None:
    odd = words_folder / os.fsdecode(b"bl\xe5")
    write_tone(words_folder / "tmp" / "a.wav")
    (words_folder / "tmp").rename(odd)
    dataset = open_dataset(words_folder)
    assert dataset.labels == ("bl\\xe5", "blue", "green", "red")
    rows = list_files(list(dataset.recordings), words_folder)
    assert "bl\\xe5/a.wav" in {row[3] for row in rows}
    assert all(cell.encode() for row in rows for cell in row if cell)


def test_folders_train_val_test_are_taken_as_they_are(tmp_path: Path, write_tone: Writer) -> None:
    for split in ("train", "validation", "test"):
        for word in ("a", "b"):
            write_tone(tmp_path / split / word / f"ann-{split}.wav")
    dataset = open_dataset(tmp_path)
    assert dataset.labels == ("a", "b")
    assert [r.path.parts[-3] for s in SPLITS for r in dataset.part(s)] == ["train"] * 2 + ["validation"] * 2 + [
        "test"
    ] * 2
    with pytest.raises(SplitError, match=r"^group ann: expected one split a group"):
        open_dataset(tmp_path, group_regex="(ann)")
    shutil.rmtree(tmp_path / "test")
    with pytest.raises(DataError, match=r"expected folders train, val and test, got train, validation$"):
        open_dataset(tmp_path)


def test_bad_folders_are_one_line(tmp_path: Path, words_folder: Path, write_tone: Writer) -> None:
    with pytest.raises(DataError, match=r"/none: expected a folder of recordings, got nothing there$"):
        open_dataset(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"/empty: expected a folder a class .*, got no audio files$"):
        open_dataset(tmp_path / "empty")
    write_tone(tmp_path / "flat" / "a.wav")
    with pytest.raises(DataError, match=r"/flat: .* got no folder with audio and 1 audio files beside them$"):
        open_dataset(tmp_path / "flat")
    with pytest.raises(DataError, match=r"/words, keyword 'pink': expected one of blue, green, red, got no recording$"):
        open_dataset(words_folder, keywords=["red", "pink"])
    with pytest.raises(UsageError, match=r"^keywords: expected different words, got red, red$"):
        open_dataset(words_folder, keywords=["red", "red"])
    for word in ("red", "green"):
        shutil.rmtree(words_folder / word)
    with pytest.raises(DataError, match=r"/words: expected at least 2 classes, got 1 \(blue\)$"):
        open_dataset(words_folder)


def test_bad_group_regex_is_one_line(words_folder: Path) -> None:
    with pytest.raises(UsageError, match=r"^group regex: expected a regular expression, got '\(' \("):
        open_dataset(words_folder, group_regex="(")
    with pytest.raises(UsageError, match=r"expected one \(\.\.\.\) around the speaker's name, got 'ann'"):
        open_dataset(words_folder, group_regex="ann")
    with pytest.raises(DataError, match=r"bob-0\.wav: expected a name that the group regex '\(ann\)' matches"):
        open_dataset(words_folder, group_regex="(ann)")


def test_nohash_names() -> None:
    assert nohash_speaker("0cb74144_nohash_2.wav") == "0cb74144"
    assert nohash_speaker("backward_0cb74144_nohash_2.flac") == "0cb74144"
    assert nohash_speaker("anna_nohash_x.wav") == "anna"
    assert nohash_speaker("_nohash_1.wav") is None

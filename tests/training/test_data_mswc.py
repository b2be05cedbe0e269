"""The layout of the Multilingual Spoken Words Corpus: official sets and speakers, rows left out, bad tables."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.clips import load_clips
from drsn_keras.training.datasets import mswc, open_dataset
from drsn_keras.training.recordings import SPLITS, UNKNOWN
from drsn_keras.training.splits import check_disjoint

Writer = Callable[..., Path]
SETS = {"TRAIN": range(12), "DEV": range(12, 15), "TEST": range(15, 20)}
WORDS = ("aachen", "bed", "cat", "no", "yes", "öl")
HEAD = ("SET", "LINK", "WORD", "VALID", "SPEAKER", "GENDER")


def link(word: str, speaker: int) -> str:
    return f"{word}/common_voice_en_{1000 * WORDS.index(word) + speaker}.opus"


def table_rows() -> list[list[str]]:
    return [
        [name, link(word, n), word, "True", f"sp{n:02d}", "MALE"]
        for name, speakers in SETS.items()
        for n in speakers
        for word in WORDS
    ]


def write_table(path: Path, rows: list[list[str]], head: tuple[str, ...] = HEAD) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture
def language(tmp_path: Path, write_tone: Writer) -> Path:
    """Six words by twenty speakers, 12 / 3 / 5 of them in train, dev and test."""
    folder = tmp_path / "mswc" / "en"
    tone = write_tone(tmp_path / "tone.ogg", 0.1, subtype="OPUS")
    for word in WORDS:
        (folder / "clips" / word).mkdir(parents=True)
        for speaker in range(20):
            shutil.copy(tone, folder / "clips" / link(word, speaker))
    write_table(folder / "en_splits.csv", table_rows())
    (folder / "version.txt").write_text("version 1.0\n")
    return folder


def test_sets_and_speakers_are_the_corpus_s_own(language: Path) -> None:
    dataset = open_dataset(language)
    assert dataset.labels == WORDS
    assert dataset.protocol["layout"] == "MSWC"
    assert dataset.protocol["split_rule"] == "the corpus's own sets (en_splits.csv)"
    assert dataset.protocol["speaker_disjoint"] == "yes"
    assert dataset.protocol["groups"] == {"train": 12, "val": 3, "test": 5}
    assert {r.group for r in dataset.part("val")} == {"spk:sp12", "spk:sp13", "spk:sp14"}
    assert all(n == 12 for n in dataset.protocol["counts"]["train"].values())
    clips = load_clips(dataset.part("val"), dataset.labels, 16000, 1600)
    assert clips.notes == []
    assert (abs(clips.x).max(axis=1) > 8000).all(), "Opus is decoded"


def test_the_folder_above_one_language_and_three_tables_are_the_same(language: Path) -> None:
    whole = open_dataset(language).recordings
    for name in SETS:
        rows = [row[1:] for row in table_rows() if row[0] == name]
        write_table(language / f"en_{name.lower()}.csv", rows, HEAD[1:])
    (language / "en_splits.csv").unlink()
    above = open_dataset(language.parent)
    assert set(above.recordings) == set(whole)
    assert above.protocol["split_rule"] == "the corpus's own sets (en_train.csv, en_dev.csv, en_test.csv)"
    (language / "en_dev.csv").unlink()
    with pytest.raises(DataError, match=r"/en: expected LANG_splits\.csv, or .*, got en_train\.csv, en_test\.csv$"):
        open_dataset(language)


def test_other_words_are_capped_evenly_and_counted(language: Path) -> None:
    dataset = open_dataset(language, keywords=["yes", "o\u0308l"])
    assert dataset.labels == ("yes", "öl", UNKNOWN)
    for split, n in (("train", 12), ("val", 3), ("test", 5)):
        assert dataset.protocol["counts"][split] == {"yes": n, "öl": n, UNKNOWN: 2 * n}
    assert set(dataset.protocol["unknown_words"].values()) <= {9, 10, 11}
    assert dataset.protocol["unknown_left_out"] == 40
    assert "40 clips of other words left out, so that _unknown_ does not outweigh the rest" in dataset.protocol["notes"]
    assert open_dataset(language, keywords=["yes", "öl"]).recordings == dataset.recordings
    assert open_dataset(language, keywords=["yes", "öl"], seed=1).recordings != dataset.recordings


def test_of_many_words_a_draw_is_listed_and_the_rest_only_counted(language: Path, monkeypatch) -> None:
    rows = table_rows()
    for n in range(300):  # other words of one clip each, all of one training speaker
        word = f"w{n:03d}"
        (language / "clips" / word).mkdir()
        shutil.copy(language / "clips" / link("bed", 0), language / "clips" / word / f"common_voice_en_{n}.opus")
        rows.append(["TRAIN", f"{word}/common_voice_en_{n}.opus", word, "True", "sp00", "FEMALE"])
    rows += [["TRAIN", link("bed", 0), "bed", "True", "sp00", ""]] * 100
    write_table(language / "en_splits.csv", rows)
    monkeypatch.setattr(mswc, "_SPARE", 1)
    dataset = open_dataset(language, keywords=["yes"])
    counts = dataset.protocol["counts"]["train"]
    assert counts == {"yes": 12, UNKNOWN: 12}
    drawn = sorted(dataset.protocol["unknown_words"])
    assert drawn[-1] > "w150", "not the first of the alphabet"
    assert dataset.protocol["unknown_left_out"] == 300 + 100 + 5 * 20 - sum(dataset.protocol["unknown_words"].values())


def test_rows_that_do_not_count_are_counted(language: Path) -> None:
    rows = table_rows()
    rows[0][3] = rows[7][3] = "False"
    rows.append(["DEV", "zebra/common_voice_en_9.opus", "zebra", "True", "sp12", "NAN"])
    write_table(language / "en_splits.csv", rows)
    dataset = open_dataset(language)
    assert len(dataset.recordings) == 118
    assert "2 rows with VALID False left out" in dataset.protocol["notes"]
    assert "1 rows of 1 words without a folder in clips left out" in dataset.protocol["notes"]


def test_a_speaker_in_two_sets_stays_in_the_later_one(language: Path) -> None:
    rows = table_rows()
    for row in rows:
        if row[4] in {"sp00", "sp12"}:  # train and dev
            row[4] = "sp19"  # test
        if row[4] == "sp05":
            row[4] = "NA"
    write_table(language / "en_splits.csv", rows)
    dataset = open_dataset(language, keywords=["yes", "no"])
    check_disjoint(dataset.recordings)
    assert dataset.protocol["counts"]["train"]["yes"] == 11
    assert dataset.protocol["counts"]["val"]["yes"] == 2
    assert dataset.protocol["counts"]["test"]["yes"] == 5
    assert dataset.protocol["speaker_disjoint"] == "unknown for 6 of 120 files"
    assert any(n.startswith("12 clips left out whose speakers are also in") for n in dataset.protocol["notes"])
    anew = open_dataset(language, keywords=["yes", "no"], resplit=True)
    check_disjoint(anew.recordings)
    assert anew.protocol["split_rule"] == "by speaker, 80/10/10 of every class"
    assert sum(anew.protocol["counts"][s]["yes"] for s in SPLITS) == 20


def test_a_converted_file_is_found_and_a_missing_one_is_named(language: Path, write_tone: Writer) -> None:
    gone = language / "clips" / link("yes", 3)
    write_tone(gone.with_suffix(".wav"), 0.1)
    gone.unlink()
    dataset = open_dataset(language)
    assert [r.path.suffix for r in dataset.recordings if r.path.stem == gone.stem] == [".wav"]
    gone.with_suffix(".wav").unlink()
    dataset = open_dataset(language)
    with pytest.raises(DataError, match=rf"/{link('yes', 3)}: expected an audio file, got nothing there$"):
        load_clips(dataset.part("train"), dataset.labels, 16000, 1600)
    kept = load_clips(dataset.part("train"), dataset.labels, 16000, 1600, skip_bad=True)
    assert len(kept) == 71


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["TRAIN", "yes/a.opus", "yes", "maybe", "sp", ""], r"line 122, VALID: expected True or False, got 'maybe'$"),
        (["EXTRA", "yes/a.opus", "yes", "True", "sp", ""], r"line 122, SET: expected train, dev, test, got 'EXTRA'$"),
        (["TRAIN", "../a.opus", "yes", "True", "sp", ""], r"line 122, LINK: expected WORD/FILE, got '\.\./a\.opus'$"),
        (["TRAIN", "yes/a.opus", "", "True", "sp", ""], r"line 122, WORD: expected a word, got an empty field$"),
        (["TRAIN", "yes/a.opus", "yes"], r"line 122: expected 6 fields, got 3$"),
    ],
)
def test_a_bad_line_is_one_line(language: Path, line: list[str], message: str) -> None:
    write_table(language / "en_splits.csv", [*table_rows(), line])
    with pytest.raises(DataError, match=message):
        open_dataset(language)


def test_bad_corpora_are_one_line(language: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = language / "en_splits.csv"
    with pytest.raises(DataError, match=r"keyword 'pink': expected one of aachen, .*, got no recording$"):
        open_dataset(language, keywords=["yes", "pink"])
    monkeypatch.setattr(mswc, "_MOST_WORDS", 5)
    with pytest.raises(UsageError, match=r"^--keywords: expected some of the 6 words of .*/en, got none$"):
        open_dataset(language)
    write_table(table, [row[:4] for row in table_rows()], HEAD[:4])
    with pytest.raises(
        DataError, match=r"en_splits\.csv line 1: expected columns .* \(missing: SPEAKER\), got SET, LI"
    ):
        open_dataset(language)
    write_table(table, [["TRAIN", "zebra/a.opus", "zebra", "True", "sp", ""]])
    with pytest.raises(DataError, match=r"/clips: expected the words of en_splits\.csv, got none of them$"):
        open_dataset(language)
    shutil.copytree(language, language.parent / "de")
    with pytest.raises(DataError, match=r"/mswc: expected the folder of one language, got de, en$"):
        open_dataset(language.parent)
    table.unlink()
    with pytest.raises(DataError, match=r"/en: expected LANG_splits\.csv, or .* beside clips, got neither$"):
        open_dataset(language)

"""Manifests: columns, splits, groups, files, and an error that names the line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drsn_keras.errors import DataError, SplitError
from drsn_keras.training.datasets import open_dataset
from drsn_keras.training.recordings import SPLITS

Writer = Callable[..., Path]
HEADER = "file,label,recording_id,suggested_split"
POSITION = '"train: first 60 % of the file, val 60-70 %, test last 30 %"'


@pytest.fixture
def rows(tmp_path: Path, write_tone: Writer) -> list[str]:
    """Lines of a manifest: two words, a speaker a split."""
    lines = []
    for word in ("yes", "no"):
        for split in SPLITS:
            write_tone(tmp_path / "data" / word / f"{split}.wav")
            lines.append(f"data/{word}/{split}.wav,{word},spk:{split},{split}")
    return lines


@pytest.fixture
def write_manifest(tmp_path: Path) -> Callable[..., Path]:
    def write(lines: list[str], header: str = HEADER, folder: Path = tmp_path) -> Path:
        path = folder / "manifest.csv"
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


Manifest = Callable[..., Path]


def test_manifest_gives_splits_groups_and_labels(tmp_path: Path, rows: list[str], write_manifest: Manifest) -> None:
    dataset = open_dataset(tmp_path / "data", write_manifest(rows))
    assert dataset.labels == ("no", "yes")
    assert [(r.label, r.split, r.group) for r in dataset.recordings] == [
        (w, s, f"spk:{s}") for w in ("yes", "no") for s in SPLITS
    ]
    assert dataset.protocol["split_rule"] == "the manifest's splits"
    assert dataset.protocol["notes"] == []


def test_files_may_be_relative_to_the_data(tmp_path: Path, rows: list[str], write_manifest: Manifest) -> None:
    other = tmp_path / "lists"
    other.mkdir()
    manifest = write_manifest([line.removeprefix("data/") for line in rows], folder=other)
    assert len(open_dataset(tmp_path / "data", manifest).recordings) == 6


def test_paths_may_be_written_in_different_ways(
    tmp_path: Path, rows: list[str], write_manifest: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = write_manifest(rows)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert len(open_dataset(Path("../data"), manifest).recordings) == 6
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert len(open_dataset(tmp_path / "link", Path("../manifest.csv")).recordings) == 6


def test_aliases_bom_and_other_column_names(tmp_path: Path, rows: list[str], write_manifest: Manifest) -> None:
    lines = [x.replace(",val", ",Validation").replace(",test", ",testing") for x in rows]
    manifest = write_manifest(lines, "file,label,speaker,split")
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    dataset = open_dataset(tmp_path / "data", manifest)
    assert dataset.protocol["groups"] == {"train": 1, "val": 1, "test": 1}


def test_rows_of_others_are_counted_not_read(
    tmp_path: Path, rows: list[str], write_manifest: Manifest, write_tone: Writer
) -> None:
    write_tone(tmp_path / "data" / "smoke.wav")
    write_tone(tmp_path / "data" / "rain.wav", 10.0)
    write_tone(tmp_path / "data" / "wind.wav", 1.0)
    lines = [
        *rows,
        "vibration/118.npz,B007,cwru:118,by load (hp 0)",
        "elsewhere/a.wav,yes,spk:9,train",
        "data/../elsewhere/b.wav,yes,spk:9,train",
        "data/smoke.wav,yes,spk:8,smoke test",
        f"data/rain.wav,noise:rain,bg:rain,{POSITION}",
        "data/wind.wav,noise:wind,bg:wind,test",
    ]
    dataset = open_dataset(tmp_path / "data", write_manifest(lines))
    assert dataset.labels == ("no", "yes", "_silence_")
    assert [(r.label, r.split, r.start, r.stop) for r in dataset.background] == [
        ("rain", "train", 0, 96000),
        ("rain", "val", 96000, 112000),
        ("rain", "test", 112000, 160000),
        ("wind", "test", 0, None),
    ]
    assert dataset.protocol["notes"] == [
        "2 rows outside data ignored",
        "1 rows that are not audio files ignored",
        "1 rows in none of train, val, test ignored",
    ]


def test_without_a_split_column_groups_are_split(tmp_path: Path, write_tone: Writer, write_manifest: Manifest) -> None:
    lines = []
    for n in range(12):
        write_tone(tmp_path / "data" / f"{n}.wav")
        lines.append(f"data/{n}.wav,{('yes', 'no')[n % 2]},spk:{n // 4}")
    dataset = open_dataset(tmp_path / "data", write_manifest(lines, "file,label,recording_id"))
    assert dataset.protocol["groups"] == {"train": 1, "val": 1, "test": 1}
    assert dataset.protocol["split_rule"] == "by group, 80/10/10 of every class"


def test_a_split_that_shares_a_speaker_is_refused_and_can_be_made_anew(
    tmp_path: Path, write_tone: Writer, write_manifest: Manifest
) -> None:
    lines = []
    for n in range(24):
        write_tone(tmp_path / "data" / f"{n}.wav")
        lines.append(f"data/{n}.wav,{('yes', 'no')[n % 2]},spk:{n // 6},{SPLITS[n % 3]}")
    manifest = write_manifest(lines)
    with pytest.raises(SplitError) as caught:
        open_dataset(tmp_path / "data", manifest)
    data = tmp_path / "data"
    assert str(caught.value) == (
        f"group spk:0 (and 3 more groups): expected one split a group, got train ({data}/0.wav) and val ({data}/1.wav)"
    )
    dataset = open_dataset(tmp_path / "data", manifest, resplit=True)
    assert sum(dataset.protocol["groups"].values()) == 4


BAD = {
    "no label": (
        "data/yes/train.wav,,spk:1,train",
        "line 2: expected a label for data/yes/train.wav, got an empty field",
    ),
    "typing mistake": (
        "data/yes/train.wav,yes,spk:1,trian",
        "line 2, split: expected train, val, test (did you mean train?), got 'trian'",
    ),
    "no split": ("data/yes/train.wav,yes,spk:1,", "line 2, split: expected train, val, test, got an empty field"),
    "absent": ("data/yes/absent.wav,yes,spk:1,train", "line 2: expected a file that is there, got nothing at "),
    "no file": (",yes,spk:1,train", "line 2: expected a file name, got an empty field"),
    "twice": (
        "data/no/test.wav,no,spk:test,test",
        "line 8: expected each file once, got data/no/test.wav again (first on line 2)",
    ),
    "too few fields": ("data/yes/train.wav,yes", "line 2: expected 4 fields, got 2"),
    "too many fields": ("data/yes/train.wav,yes,spk:1,train,x,y", "line 2: expected 4 fields, got 6"),
    "word by position": (
        f"data/yes/train.wav,yes,spk:1,{POSITION}",
        "line 2, split: expected train, val or test for a clip of a word, got 'train: first",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_lines_are_named(tmp_path: Path, rows: list[str], write_manifest: Manifest, kind: str) -> None:
    line, message = BAD[kind]
    kept = rows if kind == "twice" else rows[1:]
    manifest = write_manifest([line, *kept])
    with pytest.raises(DataError) as caught:
        open_dataset(tmp_path / "data", manifest)
    assert str(caught.value).startswith(f"{manifest} {message}")
    assert "\n" not in str(caught.value)


def test_bad_position_splits_are_named(
    tmp_path: Path, rows: list[str], write_manifest: Manifest, write_tone: Writer
) -> None:
    write_tone(tmp_path / "data" / "rain.wav")
    bad = POSITION.replace("60-70", "60-80")
    with pytest.raises(DataError, match=r"line 8, split: expected parts that add up to 100 %, got"):
        open_dataset(tmp_path / "data", write_manifest([*rows, f"data/rain.wav,noise:rain,bg:1,{bad}"]))


def test_bad_manifests_are_one_line(tmp_path: Path, rows: list[str], write_manifest: Manifest) -> None:
    data = tmp_path / "data"
    with pytest.raises(DataError, match=r"m\.csv: expected a manifest CSV, got nothing there$"):
        open_dataset(data, tmp_path / "m.csv")
    with pytest.raises(DataError, match=r"line 1: expected columns file and label \(missing: label\), got file, word$"):
        open_dataset(data, write_manifest(rows, "file,word"))
    with pytest.raises(DataError, match=r"\(missing: file, label\), got an empty file$"):
        (tmp_path / "manifest.csv").write_text("")
        open_dataset(data, tmp_path / "manifest.csv")
    with pytest.raises(DataError, match=r"manifest\.csv: expected lines below the header, got none$"):
        open_dataset(data, write_manifest([]))
    (tmp_path / "manifest.csv").write_bytes(b"file,label\n\xff\xfe,x\n")
    with pytest.raises(DataError, match=r"expected a manifest CSV in UTF-8, got other bytes$"):
        open_dataset(data, tmp_path / "manifest.csv")
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match=r"expected audio files under .*/other, got none"):
        open_dataset(tmp_path / "other", write_manifest(rows))
    with pytest.raises(DataError, match=r"expected recordings in train, val and test, got none in test$"):
        open_dataset(data, write_manifest([x for x in rows if not x.endswith("test")]))

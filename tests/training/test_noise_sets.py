"""Collections of noise known by their files: one recording in one split, kinds by scene or category, bad tables."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from drsn_keras.errors import DataError, SplitError
from drsn_keras.training import noise_recordings
from drsn_keras.training.noise_recordings import find_noise, open_noise
from drsn_keras.training.recordings import SPLITS, Recording
from drsn_keras.training.splits import check_disjoint

Writer = Callable[..., Path]
SCENES = [kind + name for kind in "DNOPST" for name in ("ONE", "TWO", "THREE")]
CATEGORIES = ("dog", "laughing", "rain")


def splits_of(recordings: list[Recording], what: Callable[[Recording], str]) -> dict[str, set[str]]:
    found = defaultdict(set)
    for r in recordings:
        found[what(r)].add(r.split)
    return dict(found)


@pytest.fixture
def tone(tmp_path: Path, write_tone: Writer) -> Path:
    return write_tone(tmp_path / "tone.wav", 0.5)


@pytest.fixture
def demand(tmp_path: Path, tone: Path) -> Path:
    """18 scenes of 16 channels."""
    for scene in SCENES:
        (tmp_path / "demand" / scene).mkdir(parents=True)
        for n in range(1, 17):
            shutil.copy(tone, tmp_path / "demand" / scene / f"ch{n:02d}.wav")
    return tmp_path / "demand"


@pytest.fixture
def esc50(tmp_path: Path, tone: Path) -> Path:
    """Three categories in five folds, two clips of one source in each."""
    root = tmp_path / "ESC-50-master"
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    lines = ["filename,fold,target,category,esc10,src_file,take"]
    for target, category in enumerate(CATEGORIES):
        for fold in range(1, 6):
            for take in "AB":
                name = f"{fold}-{1000 * target + fold}-{take}-{target}.wav"
                shutil.copy(tone, root / "audio" / name)
                lines.append(f"{name},{fold},{target},{category},False,{1000 * target + fold},{take}")
    (root / "meta" / "esc50.csv").write_text("\n".join(lines) + "\n")
    (root / "README.md").write_text("about")
    return root


def test_demand_is_one_recording_a_scene(demand: Path) -> None:
    found = find_noise([demand])
    assert {r.label for r in found} == {f"demand/{scene}" for scene in SCENES}
    assert len(found) == 18, "one channel of each"
    assert {r.path.name for r in found} == {"ch01.wav"}
    assert all(r.start == 0 and r.stop is None for r in found)
    assert [n for _, n in sorted(Counter(r.split for r in found).items())] == [5, 11, 2]  # test, train, val
    assert found.notes == (
        "noise: demand: DEMAND, 18 scenes of one recording each, 11/2/5 of them in train/val/test; of 288 files the "
        "270 further channels left out",
    )
    noise = open_noise([demand], None, 16000, "test")
    assert noise.protocol["rule"] == "by recording"
    assert len(noise) == 5
    assert find_noise([demand]) == found


def test_demand_at_two_rates_is_the_same_scene_and_one_scene_is_divided_by_time(demand: Path, tmp_path: Path) -> None:
    shutil.copytree(demand, tmp_path / "both" / "48k")
    shutil.move(demand, tmp_path / "both" / "16k")
    assert {r.path.parts[-3] for r in find_noise([tmp_path / "both"])} == {"16k"}
    scene = find_noise([tmp_path / "both" / "16k" / "DONE"])
    assert [(r.label, r.split) for r in scene] == [("DONE", s) for s in SPLITS]
    assert {r.path.name for r in scene} == {"ch01.wav"}
    check_disjoint(scene)


def test_musan_is_three_kinds_of_whole_recordings(tmp_path: Path, tone: Path) -> None:
    musan = tmp_path / "musan"
    for kind, source, n in (
        ("noise", "free-sound", 25),
        ("noise", "sound-bible", 15),
        ("speech", "us-gov", 4),
        ("music", "fma", 2),
    ):
        folder = musan / kind / source
        folder.mkdir(parents=True)
        for i in range(n):
            shutil.copy(tone, folder / f"{kind}-{source}-{i:04d}.wav")
        (folder / "LICENSE").write_text("public domain")
        (folder / "ANNOTATIONS").write_text("x")
    (musan / "README").write_text("about")
    found = find_noise([musan])
    assert {r.label for r in found} == {"musan/noise", "musan/speech", "musan/music"}
    assert all(
        len(s) == 1 for s in splits_of([r for r in found if "music" not in r.label], lambda r: r.path.name).values()
    )
    for kind in ("noise", "speech", "music"):
        assert {r.split for r in found if r.label == f"musan/{kind}"} == set(SPLITS)
    assert "music: 2 recordings, each divided by time" in found.notes[0]
    # A subset of the noises is divided as all of them are.
    shutil.rmtree(musan / "noise" / "sound-bible")
    fewer = find_noise([musan / "noise"])
    assert {r.label for r in fewer} == {"noise"}
    by_group = {r.group: r.split for r in found}
    assert all(by_group[r.group] == r.split for r in fewer)


def test_esc50_has_its_folds_and_categories(esc50: Path) -> None:
    found = find_noise([esc50])
    assert {r.label for r in found} == {f"ESC-50-master/{c}" for c in CATEGORIES}
    fold = {1: "train", 2: "train", 3: "train", 4: "val", 5: "test"}
    assert all(r.split == fold[int(r.path.name[0])] for r in found)
    assert all(len(s) == 1 for s in splits_of(found, lambda r: r.group).values())
    assert len({r.group for r in found}) == 15
    assert found.notes == (
        "noise: ESC-50-master: ESC, 30 recordings of 3 kinds, folds 1 to 3 in train, 4 in val, 5 in test",
    )
    inner = find_noise([esc50 / "audio"])
    assert {(r.path, r.split) for r in inner} == {(r.path, r.split) for r in found}
    assert {r.label for r in inner} == {f"audio/{c}" for c in CATEGORIES}


def test_esc10_says_its_folds_in_its_names(tmp_path: Path, tone: Path) -> None:
    for category in ("001 - Dog bark", "002 - Rain"):
        (tmp_path / "ESC-10" / category).mkdir(parents=True)
        for fold in range(1, 6):
            for take in "AB":
                shutil.copy(tone, tmp_path / "ESC-10" / category / f"{fold}-{len(category)}{fold}-{take}.wav")
    found = find_noise([tmp_path / "ESC-10"])
    assert Counter((r.label, r.split) for r in found) == {
        (f"ESC-10/{c}", s): n
        for c in ("001 - Dog bark", "002 - Rain")
        for s, n in (("train", 6), ("val", 2), ("test", 2))
    }
    one = find_noise([tmp_path / "ESC-10" / "002 - Rain"])
    assert {r.label for r in one} == {"002 - Rain"}


def test_a_manifest_goes_before_what_a_collection_says(esc50: Path, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(
        "file,label,recording_id,suggested_split\n"
        "ESC-50-master/audio/1-1-A-0.wav,noise:dog,a,test\nESC-50-master/audio/1-1-B-0.wav,noise:dog,a,\n"
    )
    found = {r.path.name: (r.split, r.group) for r in find_noise([esc50], tmp_path / "m.csv")}
    assert found["1-1-A-0.wav"] == ("test", "a")
    assert found["1-1-B-0.wav"] == ("train", "ESC 1")


def test_other_files_beside_a_collection_are_noises_as_ever(demand: Path, tone: Path) -> None:
    shutil.copy(tone, demand / "fan.wav")
    found = find_noise([demand])
    assert [(r.label, r.split) for r in found if r.path.name == "fan.wav"] == [("demand/fan", s) for s in SPLITS]
    assert len(found) == 18 + 3


def test_bad_tables_are_one_line(esc50: Path) -> None:
    table, audio = esc50 / "meta" / "esc50.csv", esc50 / "audio"
    good = table.read_text()

    def fails(text: str, message: str, error: type[DataError] = DataError) -> None:
        table.write_text(text)
        with pytest.raises(error, match=message):
            find_noise([esc50])

    fails(
        good.replace("category", "kind", 1), r"esc50\.csv line 1: expected columns .* \(missing: category\), got file"
    )
    fails(good.replace("1-1-A-0.wav,1", "1-1-A-0.wav,6"), r"esc50\.csv line 2, fold: expected 1 to 5, got '6'$")
    fails(good.replace("1-1-A-0.wav,1,", "1-1-A-0.wav,"), r"esc50\.csv line 2: expected 7 fields, got another number$")
    fails(good.replace(",rain,", ",,"), r"esc50\.csv line 22, category: expected a value, got an empty field$")
    fails(good.replace("1-1-B-0", "1-1-A-0"), r"esc50\.csv line 3: expected each file once, got 1-1-A-0\.wav again$")
    fails(good.replace("0,dog,False,4,", "0,dog,False,1,"), r"^group ESC 1: expected one split a group", SplitError)
    table.write_text(good)
    (audio / "5-2005-B-2.wav").unlink()
    with pytest.raises(
        DataError, match=r"esc50\.csv line 31: expected a file that is there, got nothing at .*/5-2005-B"
    ):
        find_noise([esc50])
    table.write_text("\n".join(good.splitlines()[:-2]) + "\n")
    with pytest.raises(DataError, match=r"/audio/5-2005-A-2\.wav: expected a line of .*esc50\.csv, got none$"):
        find_noise([esc50])
    table.unlink()
    with pytest.raises(DataError, match=r"/audio: expected meta/esc50\.csv beside the folder, got nothing there$"):
        find_noise([esc50])


def test_hours_of_a_kind_are_cut_to_equal_middles(tmp_path: Path, write_tone: Writer, monkeypatch) -> None:
    for n, seconds in enumerate((1.0, 10.0, 10.0)):
        write_tone(tmp_path / "n" / "hall" / f"{n}.wav", seconds)
    write_tone(tmp_path / "n" / "fan.wav", 2.0)
    monkeypatch.setattr(noise_recordings, "MAX_KIND_S", 4.6)
    noise = open_noise([tmp_path / "n"], None, 16000, "train")
    assert [len(y) / 16000 for y in noise["n/hall"]] == [0.6, 2.0, 2.0]
    assert [len(y) / 16000 for y in noise["n/fan"]] == [1.2]
    assert noise.notes == [
        "noise: of 0.0 h of n/hall 0.0766667 minutes used, at most 2.0 s of a recording",
    ]

"""Prepared data on disk: the same clips as from the recordings, made in parallel, stopped and gone on with, checked."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import CheckFailed, DataError, UsageError
from drsn_keras.frontend import LOG_MEL_40
from drsn_keras.training.cli import main
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import open_corpus
from drsn_keras.training.keywords_command import _use_service
from drsn_keras.training.prepared import corpus as prepared_corpus
from drsn_keras.training.prepared.folder import read_prepared
from drsn_keras.training.prepared.prepare import prepare
from drsn_keras.training.prepared.tfrecord import read_records, write_records
from drsn_keras.training.prepared.verify import verify
from drsn_keras.training.run_folder import locked

RATE_HZ = 16000
#: About 15 clips of a second.
SHARD_MB = 0.5


@pytest.fixture(scope="module")
def prepared(tones, tmp_path_factory):
    """:func:`tones` in shards; not to be written to."""
    out = tmp_path_factory.mktemp("prepared") / "tones"
    prepare(KeywordConfig(data=str(tones)), out, shard_mb=SHARD_MB)
    return out


def _sums(folder):
    return [(shard.file, shard.sha256, shard.names_sha256) for _, _, shard in read_prepared(folder).shards]


def test_records_come_back_and_damage_is_one_line(tmp_path):
    path = tmp_path / "some.tfrecord"
    records = [b"", b"a", np.random.default_rng(0).bytes(300_000)]
    write_records(path, records)
    assert list(read_records(path)) == records
    whole = path.read_bytes()
    for damaged, expected in [
        (whole[:-10], "truncated"),
        (whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:], "damaged"),
        (b"no shard at all", "damaged"),
    ]:
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=f"some.tfrecord: expected a shard of prepared data.*{expected}"):
            list(read_records(path))
    assert [p.name for p in tmp_path.iterdir()] == ["some.tfrecord"]


def test_the_same_clips_as_from_the_recordings(prepared, tones):
    data, folder = open_corpus(KeywordConfig(data=str(tones))), open_corpus(KeywordConfig(data=str(prepared)))
    assert folder.labels == data.labels
    assert folder.protocol == json.loads(json.dumps(data.protocol))
    for split in ("train", "val", "test"):
        here, there = data.clips(split), folder.clips(split)
        assert folder.count(split) == len(here)
        # In another order: each clip with its label, its group and its name.
        a, b = (
            sorted((bytes(x), int(y), r.group, r.path.name) for x, y, r in zip(c.x, c.y, c.recordings, strict=True))
            for c in (here, there)
        )
        assert a == b
        first = [r.label for r in there.recordings[:8]]
        assert len(set(first)) > 1, "dealt at random"


def test_any_number_of_processes_makes_the_same(prepared, tones, tmp_path):
    prepare(KeywordConfig(data=str(tones)), tmp_path / "two", workers=2, shard_mb=SHARD_MB)
    assert _sums(tmp_path / "two") == _sums(prepared)


def test_uncompressed_are_the_same_clips(prepared, tones, tmp_path):
    out = tmp_path / "stored"
    options = ["prepare", "--data", str(tones), "--out", str(out), "--shard-mb", str(SHARD_MB)]
    assert main([*options, "--uncompressed"]) == 0
    for (split, kind, stored), (*same, squeezed) in zip(
        read_prepared(out).shards, read_prepared(prepared).shards, strict=True
    ):
        assert (split, kind, stored.file) == (*same, squeezed.file)
        assert list(read_records(out / stored.file)) == list(read_records(prepared / squeezed.file))
        assert stored.bytes > 1.1 * squeezed.bytes
        assert stored.bytes > 2 * 16000 * stored.clips
    assert read_prepared(out).made_from == read_prepared(prepared).made_from | {"uncompressed": True}


def _tree(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.tfrecord")}


def test_killed_it_goes_on(tones, tmp_path):
    out = tmp_path / "out"
    options = ["prepare", "--data", str(tones), "--out", str(out), "--workers", "2", "--shard-mb", "0.04"]
    process = subprocess.Popen([sys.executable, "-m", "drsn_keras.training.cli", *options], stderr=subprocess.PIPE)
    progress, deadline = out / "progress.jsonl", time.monotonic() + 60
    while not (progress.is_file() and progress.read_bytes().count(b"\n") > 5):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    # Its processes hold its stderr, and end with it.
    process.communicate(timeout=20)
    done = [json.loads(line)["shard"]["file"] for line in progress.read_text().splitlines()[1:-1]]
    assert 4 <= len(done) < 120
    assert not (out / "prepared.json").exists()
    damaged = out / done[0]
    damaged.write_bytes(b"half")
    before = _tree(out)
    assert main(options) == 0
    after = _tree(out)
    assert [name for name in done if after[name] != before[name]] == [done[0]], (
        "finished shards stay, if they are whole"
    )
    assert sum(shard.clips for _, _, shard in read_prepared(out).shards) == 120
    verify(out)
    assert sorted(p.name for p in out.iterdir() if not re.match(r".*\.(tfrecord|csv)$", p.name)) == [
        ".lock",
        "prepared.json",
    ]
    assert main(options) == 2, "what is finished is not made again"


def test_an_interrupted_preparation_takes_the_same_options_only(tones, prepared, tmp_path):
    data = shutil.copytree(tones, tmp_path / "data")
    # One of the shard that comes last.
    bad = data / (prepared / "test-000000.csv").read_text().splitlines()[1].split(",")[2]
    sound = bad.read_bytes()
    bad.write_bytes(sound[:2000])
    out = tmp_path / "out"
    with pytest.raises(DataError, match=rf"{bad.name}: .*truncated"):
        prepare(KeywordConfig(data=str(data)), out, shard_mb=SHARD_MB)
    begun = _tree(out)
    assert begun
    for field, expected in [
        ({"keywords": ("low",)}, r"expected --keywords \[\], with which it was begun, got \['low'\]"),
        ({"seed": 1}, "expected --seed 0, with which it was begun, got 1"),
    ]:
        with pytest.raises(UsageError, match=expected):
            prepare(KeywordConfig(data=str(data), **field), out, shard_mb=SHARD_MB)
    with pytest.raises(UsageError, match="expected --uncompressed False, with which it was begun, got True"):
        prepare(KeywordConfig(data=str(data)), out, shard_mb=SHARD_MB, compressed=False)
    with pytest.raises(UsageError, match=r"--shard-mb 0\.5"):
        prepare(KeywordConfig(data=str(data)), out, shard_mb=1.0)
    skipped = prepare(
        KeywordConfig(data=str(data), skip_bad=True), shutil.copytree(out, tmp_path / "skip"), shard_mb=0.5
    )
    split = next(s for s, notes in skipped.read_notes.items() if any("unreadable" in note for note in notes))
    assert sum(map(skipped.count, ("train", "val", "test"))) == 119
    assert "1 of" in next(note for note in skipped.read_notes[split] if "unreadable" in note)
    bad.write_bytes(sound)
    prepare(KeywordConfig(data=str(data)), out, shard_mb=SHARD_MB)
    after = _tree(out)
    assert {name: after[name] for name in begun} == begun


def test_a_full_disk_is_one_line_and_loses_nothing(tones, tmp_path, capsys, prepared):
    options = ["prepare", "--data", str(tones), "--out", str(tmp_path / "out"), "--workers", "1", "--shard-mb", "0.5"]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        assert main(options) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    error = capsys.readouterr().err
    assert re.search(r"train-000000.tfrecord.*: File too large\n", error)
    assert "Traceback" not in error
    assert not list((tmp_path / "out").glob(".*.tmp"))
    assert main(options) == 0
    assert _sums(tmp_path / "out") == _sums(prepared)


def test_folders_that_are_refused(tones, prepared, tmp_path):
    config = KeywordConfig(data=str(tones))
    with pytest.raises(UsageError, match="expected a new folder, got one that is prepared already"):
        prepare(config, prepared)
    with pytest.raises(UsageError, match="other files in it"):
        prepare(config, tones)
    with locked(tmp_path / "held"), pytest.raises(UsageError, match="got one that is being prepared"):
        prepare(config, tmp_path / "held")
    with pytest.raises(DataError, match="expected a folder of recordings, got nothing there"):
        prepare(KeywordConfig(data=str(tmp_path / "none")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_verify_finds_what_has_changed(prepared, tmp_path, capsys):
    assert main(["prepare", "--verify", str(prepared)]) == 0
    assert "all checksums are right" in capsys.readouterr().out
    folder = shutil.copytree(prepared, tmp_path / "damaged")
    shard = folder / "train-000001.tfrecord"
    data = bytearray(shard.read_bytes())
    data[5000] ^= 1
    shard.write_bytes(data)
    (folder / "val-000000.csv").write_text("label\n")
    with pytest.raises(CheckFailed, match=r"train-000001.tfrecord: expected SHA-256 .* \(and 1 more damaged files\)"):
        verify(folder)
    shard.write_bytes(data[:-1])
    with pytest.raises(DataError, match=r"train-000001.tfrecord: expected [\d,]+ bytes, got"):
        read_prepared(folder)
    shard.unlink()
    with pytest.raises(DataError, match=r"train-000001.tfrecord: expected a shard of prepared data, got nothing there"):
        read_prepared(folder)
    (folder / "prepared.json").write_text('{"format": 1}')
    with pytest.raises(DataError, match="expected what drsn-train prepare writes"):
        read_prepared(folder)


@pytest.fixture(scope="module")
def in_noise(tones, tmp_path_factory):
    """Words without silence, and two recordings of noise: one rises from 500 Hz (train) to 3 kHz (test)."""
    folder = tmp_path_factory.mktemp("in_noise")
    data = shutil.copytree(tones, folder / "data", ignore=shutil.ignore_patterns("_silence_"))
    (folder / "hall").mkdir()
    t = np.arange(RATE_HZ * 60) / RATE_HZ
    hz = np.select([t < 36, t < 42], [500.0, 1500.0], 3000.0)
    soundfile.write(folder / "hall" / "rising.wav", 0.3 * np.sin(2 * np.pi * hz * t), RATE_HZ)
    soundfile.write(folder / "hall" / "hiss.wav", 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ * 20), RATE_HZ)
    config = KeywordConfig(data=str(data), noise=(str(folder / "hall"),))
    prepare(config, folder / "out", shard_mb=SHARD_MB)
    return folder / "out"


def _loudest_hz(x):
    return np.abs(np.fft.rfft(x * np.hanning(len(x)))).argmax() * RATE_HZ / len(x)


def test_recorded_noise_in_pieces(in_noise):
    noise = read_prepared(in_noise).noise
    assert noise["train"].kinds == ("hall/hiss", "hall/rising")
    assert noise["train"].seconds == (12.0, 36.0)
    corpus = open_corpus(KeywordConfig(data=str(in_noise), noise_kinds=("white",)))
    for split, expected in [("train", 500), ("val", 1500), ("test", 3000)]:
        pieces = corpus.recorded(split)["hall/rising"]
        assert max(map(len, pieces)) <= 10 * RATE_HZ
        assert all(abs(_loudest_hz(y) - expected) < 20 for y in pieces)
    assert corpus.training_noise_names == ["hall/hiss", "hall/rising", "white"]
    assert corpus.heard_in_training("hall/hiss")
    assert not corpus.heard_in_training("pink")


def test_silence_is_made_of_the_parts_own_noise(in_noise):
    corpus = open_corpus(KeywordConfig(data=str(in_noise)))
    assert corpus.labels == ("high", "low", "_silence_")
    for split, expected in [("train", 500), ("val", 1500), ("test", 3000)]:
        clips = corpus.clips(split)
        made = clips.x[clips.y == 2]
        assert len(made) == round((len(clips) - len(made)) / 2)
        tones = [_loudest_hz(x) for x in made if np.abs(np.fft.rfft(x)).max() > 20 * np.abs(np.fft.rfft(x)).mean()]
        assert tones
        assert all(abs(hz - expected) < 20 for hz in tones)


def test_what_is_held_in_memory_is_bounded(in_noise, monkeypatch):
    monkeypatch.setattr(prepared_corpus, "MOST_CLIPS", {"train": 20, "val": 5, "test": 4})
    monkeypatch.setattr(prepared_corpus, "MOST_NOISE_S", dict.fromkeys(("train", "val", "test"), 30.0))
    corpus = open_corpus(KeywordConfig(data=str(in_noise), noise_kinds=("babble",)))
    corpus.read_all()
    assert [len(corpus.clips(s)) for s in ("train", "val", "test")] == [20, 5, 4]
    seconds = {name: sum(map(len, pieces)) / RATE_HZ for name, pieces in corpus.recorded("train").items()}
    assert seconds == {"hall/hiss": 12.0, "hall/rising": 18.0}
    notes = "\n".join(corpus.notes)
    assert re.search(r"train: 20 of \d+ clips a sample in memory, all are trained on", notes)
    assert re.search(r"val: 5 of \d+ clips used to judge by", notes)
    assert "of 2 kinds 0.5 minutes used, at most 18.0 s of a kind" in notes


def test_options_that_are_settled_are_refused(prepared, tones):
    for option, value in (
        ("keywords", ("low",)),
        ("noise", (str(tones),)),
        ("resplit", True),
        ("synthesize_extra", 10),
    ):
        expected = f"--{option.replace('_', '-')}: expected where the data is prepared"
        with pytest.raises(UsageError, match=expected):
            open_corpus(KeywordConfig(**{"data": str(prepared), option: value}))
    spec = {**LOG_MEL_40.to_dict(), "duration_s": 1.5}
    with pytest.raises(DataError, match="expected windows of 16000 samples at 16000 Hz, as prepared, got 24000"):
        open_corpus(KeywordConfig(data=str(prepared), front_end=spec))
    with pytest.raises(UsageError, match="--data-service: expected data made by drsn-train prepare"):
        _use_service(open_corpus(KeywordConfig(data=str(tones))), "localhost:1")


def test_longer_windows_are_fewer(tones, tmp_path):
    spec = {**LOG_MEL_40.to_dict(), "duration_s": 1.5}
    made = prepare(KeywordConfig(data=str(tones), front_end=spec), tmp_path / "out", shard_mb=SHARD_MB)
    assert made.n_samples == 24000
    assert max(shard.clips for _, _, shard in made.shards) == 10
    n = made.count("val")
    assert made.read_notes["val"] == [f"{n} of {n} files shorter than 1.5 s, zeros added on both sides"]


def test_a_preparation_ends_its_processes_when_interrupted(tones, tmp_path):
    out = tmp_path / "out"
    options = ["prepare", "--data", str(tones), "--out", str(out), "--workers", "2", "--shard-mb", "0.04"]
    process = subprocess.Popen(
        [sys.executable, "-m", "drsn_keras.training.cli", *options], stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not list(out.glob("*.tfrecord")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in error, error

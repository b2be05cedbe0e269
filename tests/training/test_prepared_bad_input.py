"""drsn-train prepare where names, folders and contents are bad: one line, and nothing of anybody's is lost."""

import json
import os
import shutil
import socket
import threading

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import DataError, DrsnError, UsageError
from drsn_keras.training.cli import main
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import open_corpus
from drsn_keras.training.fit import _content
from drsn_keras.training.prepare_command import _SHARD_MB
from drsn_keras.training.prepared.batches import SHUFFLE_CLIPS
from drsn_keras.training.prepared.data_service import require_dispatcher
from drsn_keras.training.prepared.folder import read_prepared
from drsn_keras.training.prepared.prepare import prepare
from drsn_keras.training.prepared.shard_stream import OPEN_SHARDS

RATE_HZ = 16000


@pytest.fixture(scope="module")
def prepared(tones, tmp_path_factory):
    """Not to be written to."""
    out = tmp_path_factory.mktemp("prepared") / "tones"
    prepare(KeywordConfig(data=str(tones)), out)
    return out


def _noise(folder, seed, seconds=20, level=0.1):
    folder.mkdir(exist_ok=True)
    y = level * np.random.default_rng(seed).standard_normal(RATE_HZ * seconds)
    soundfile.write(folder / "hiss.wav", y, RATE_HZ)
    return str(folder)


def test_shards_that_are_read_side_by_side_fit_into_the_shuffle_buffer():
    assert OPEN_SHARDS * _SHARD_MB * 1e6 / (2 * RATE_HZ) <= SHUFFLE_CLIPS


def test_names_that_are_no_utf8(tones, tmp_path):
    """Unreadable, left out and named in the notes; and in the folder's own name."""
    data = tmp_path / os.fsdecode(b"caf\xe9")
    shutil.copytree(tones, data)
    (data / "low" / os.fsdecode(b"n\xe9_nohash_0.wav")).write_bytes(b"no sound")
    assert main(["prepare", "--data", str(data), "--out", str(tmp_path / "out"), "--skip-bad"]) == 0
    made = read_prepared(tmp_path / "out")
    assert made.made_from["data"] == str(data)
    [note] = [note for notes in made.read_notes.values() for note in notes if "unreadable" in note]
    assert os.fsdecode(b"n\xe9_nohash_0.wav") in note
    corpus = open_corpus(KeywordConfig(data=str(tmp_path / "out")))
    corpus.read_all()
    assert any("unreadable" in text for text in corpus.notes)


def test_silence_follows_noise_that_has_changed(tones, tmp_path):
    data = shutil.copytree(tones, tmp_path / "data", ignore=shutil.ignore_patterns("_silence_"))
    config = KeywordConfig(data=str(data), noise=(_noise(tmp_path / "noise", 0),))
    bad = data / "low" / "zz_nohash_0.wav"
    bad.write_bytes(b"no sound")
    with pytest.raises(DataError, match="zz_nohash_0"):
        prepare(config, tmp_path / "out", shard_mb=0.2)
    assert list((tmp_path / "out").glob("train-*.tfrecord"))
    shutil.copy(min((data / "low").glob("*_nohash_*.wav")), bad)
    _noise(tmp_path / "noise", 1)
    gone_on, fresh = (prepare(config, tmp_path / name, shard_mb=0.2) for name in ("out", "fresh"))
    assert [s.sha256 for _, _, s in gone_on.shards] == [s.sha256 for _, _, s in fresh.shards]


def test_what_is_somebody_elses_stays(tones, tmp_path):
    config = KeywordConfig(data=str(tones))
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / ".precious.tmp").write_text("precious")
    prepare(config, tmp_path / "h")
    assert (tmp_path / "h" / ".precious.tmp").read_text() == "precious"
    other = tmp_path / "other"
    other.mkdir()
    (other / "train-000000.tfrecord").write_text("mine")
    for text in ("mine\n", '{"a": 1}\n', "\x80\xff", "[]\n"):
        (other / "progress.jsonl").write_text(text, encoding="latin-1")
        with pytest.raises(UsageError, match="other files in it"):
            prepare(config, other)
        assert (other / "progress.jsonl").read_text(encoding="latin-1") == text
    assert (other / "train-000000.tfrecord").read_text() == "mine"
    (tmp_path / "folder" / "prepared.json").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"prepared\.json: expected nothing there, or a file"):
        prepare(config, tmp_path / "folder")


@pytest.mark.parametrize("option", ["--data", "--noise", "--manifest"])
@pytest.mark.parametrize("command", ["prepare", "keywords"])
def test_a_link_to_itself(command, option, tones, tmp_path, capsys):
    (tmp_path / "loop").symlink_to("loop")
    words = [command, "--out", str(tmp_path / "out"), *([] if option == "--data" else ["--data", str(tones)])]
    assert main([*words, option, str(tmp_path / "loop")]) in {1, 2}
    [line] = [line for line in capsys.readouterr().err.splitlines() if "expected" in line]
    assert "loop" in line
    assert not (tmp_path / "out").exists()


def test_a_recording_that_is_a_link_to_itself(tones, tmp_path):
    data = shutil.copytree(tones, tmp_path / "data")
    (data / "low" / "aa_nohash_0.wav").symlink_to("aa_nohash_0.wav")
    with pytest.raises(DataError, match=r"aa_nohash_0\.wav: expected"):
        prepare(KeywordConfig(data=str(data)), tmp_path / "out")


def test_noise_of_which_nothing_is_heard(tones, tmp_path):
    noise = _noise(tmp_path / "noise", 0, level=0.0)
    with pytest.raises(DataError, match=r"noise: expected recorded noise of at least 0\.1 s in the train part"):
        prepare(KeywordConfig(data=str(tones), noise=(noise,)), tmp_path / "out")


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("labels",), [], "labels: expected different words"),
        (("labels",), ["no", "no"], "labels: expected different words"),
        (("sample_rate_hz",), 0, "sample_rate_hz: expected a number above 0, got 0"),
        (("n_samples",), 10**18, "n_samples: expected a number above 0"),
        (("parts", "train"), [], "parts, train: expected at least one shard"),
        (("parts", "train", 0, "clips"), -5, "clips: expected a number above 0, got -5"),
        (("parts", "train", 0, "file"), "../x.tfrecord", "file: expected a file of this folder"),
        (("parts", "train", 0, "file"), "a\0b", "file: expected a file of this folder"),
        (("read_notes", "train"), [1, {}], "read_notes, train: expected texts"),
        (("noise", "train", "seconds"), ["a"], "noise, train: expected seconds of every kind"),
        (("noise", "train", "kinds"), ["x"], "noise, train: expected seconds of every kind"),
    ],
)
def test_contents_that_were_edited(place, value, expected, prepared, tmp_path, capsys):
    folder = shutil.copytree(prepared, tmp_path / "edited")
    contents = json.loads((folder / "prepared.json").read_text())
    inner = contents
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    (folder / "prepared.json").write_text(json.dumps(contents))
    assert main(["prepare", "--verify", str(folder)]) == 1
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--deterministic"], "--deterministic: expected without --data-service"),
        (["--model", "streaming-drsn-cw"], "--data-service: expected a network of windows"),
    ],
)
def test_what_a_data_service_cannot_do_is_said_at_once(options, expected, prepared, tmp_path, capsys):
    """Before the dispatcher, whom nobody listens for, is looked for."""
    words = ["keywords", "--data", str(prepared), "--out", str(tmp_path / "run"), "--data-service", "127.0.0.1:1"]
    assert main([*words, *options]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_workers_compare_samples(tones, tmp_path):
    """Recordings and noise of other content, but of equal names and lengths, are others."""
    data = shutil.copytree(tones, tmp_path / "data")
    found = []
    for seed in (0, 1):
        noise = _noise(tmp_path / "noise", seed)
        found.append(_content(open_corpus(KeywordConfig(data=str(data), noise=(noise,)))))
    for path in data.rglob("*.wav"):
        y, rate_hz = soundfile.read(path, dtype="int16")
        soundfile.write(path, y[::-1].copy(), rate_hz, subtype="PCM_16")
    found.append(_content(open_corpus(KeywordConfig(data=str(data), noise=(noise,)))))
    assert len(set(found)) == 3


def test_what_is_no_dispatcher_and_a_port_in_use(capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer():
            for _ in range(2):
                connection, _ = server.accept()
                connection.recv(64)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.close()

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(DrsnError, match=r"expected a dispatcher .*, got another server, for 0\.2 s"):
            require_dispatcher(f"127.0.0.1:{port}", "--connect", wait_s=0.2)
        assert main(["data-worker", "--dispatcher", "--port", str(port)]) == 2
    assert f"--port: expected a free port {port}, got one in use" in capsys.readouterr().err

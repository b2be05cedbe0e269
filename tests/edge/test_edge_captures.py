"""Triggers and near misses on disk: what is kept, within the quota, and what a person makes of it."""

import contextlib
import io
import itertools
import json
import resource
import threading
import time
import wave

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyword_stream_file import write_keyword_stream

from drsn_keras.edge import KeywordListener, capture_folder, capture_sink, load_bundle
from drsn_keras.edge.capture import Capture
from drsn_keras.edge.capture_folder import CaptureFolder
from drsn_keras.edge.capture_list import LIST_NAME, read_captures, review
from drsn_keras.edge.capture_sink import CaptureSink
from drsn_keras.edge.cli import main
from drsn_keras.edge.near_miss import NearMisses, Peak
from drsn_keras.edge.sinks import Moment
from drsn_keras.edge.wav_writer import WavWriter
from drsn_keras.errors import DataError


@pytest.fixture(scope="module")
def stream_folder(tmp_path_factory):
    return write_keyword_stream(tmp_path_factory.mktemp("stream") / "bundle")


def _capture(number=0, word="yes", kind="trigger", n=1600, clock_s=None):
    samples = np.full(n, number / 1000, np.float32)
    clock_s = 1.7e9 + number if clock_s is None else clock_s
    return Capture(kind, word, 0.9, 0.8, samples, 16000, clock_s, "stdin", 3.25, None, "ab" * 32)


def _bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _samples(path):
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16000, 2, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


# Near misses.


def _near(course, share=0.5, threshold=0.8, fired=(), hop_s=0.1):
    near = NearMisses(share)
    found = [near.update(i * hop_s, "yes", p, threshold, i in fired) for i, p in enumerate(course)]
    return [peak for peak in [*found, near.finish()] if peak]


def test_a_rise_below_the_threshold_is_one_near_miss_at_its_peak():
    assert _near([0.1, 0.45, 0.6, 0.7, 0.65, 0.5, 0.1]) == [Peak("yes", 0.7, pytest.approx(0.3))]


def test_what_fires_or_would_have_is_no_near_miss():
    assert _near([0.1, 0.6, 0.85, 0.7, 0.1], fired={2}) == []
    assert _near([0.1, 0.6, 0.85, 0.7, 0.1]) == [], "only the refractory time held it back"
    assert _near([0.1, 0.39, 0.1]) == [], "below the share"
    assert _near([0.1, 0.79, 0.1], share=1.0) == []


def test_a_pause_follows_a_word_and_a_near_miss():
    rise = [0.7, 0.1] + 8 * [0.0]
    assert [peak.time_s for peak in _near(rise * 5)] == pytest.approx([0.0, 2.0, 4.0])
    assert [peak.time_s for peak in _near([0.9, 0.1] + 8 * [0.0] + rise * 2, fired={0})] == pytest.approx([2.0])


def test_a_rise_that_lasts_is_settled_and_counts_once():
    assert [peak.time_s for peak in _near([0.5, 0.7] + 100 * [0.5])] == pytest.approx([0.1])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1), max_size=80))
def test_near_misses_lie_between_and_apart(course):
    peaks = _near(course)
    assert all(0.4 <= peak.score < 0.8 for peak in peaks)
    assert all(b.time_s - a.time_s >= 2.0 - 1e-9 for a, b in itertools.pairwise(peaks))


# The folder.


def test_a_capture_is_a_wav_file_and_a_line(tmp_path):
    folder = CaptureFolder(tmp_path / "deep" / "heard", 10**6)
    folder.open()
    file = folder.write(_capture(7))
    assert file == "triggers/yes/20231114T221327.000Z.wav"
    assert _samples(folder.folder / file).tolist() == [round(0.007 * 32768)] * 1600
    (row,) = read_captures(folder.folder)
    assert (row["file"], row["kind"], row["word"], row["score"]) == (file, "trigger", "yes", 0.9)
    assert (row["time"], row["bundle"], row["reviewed"]) == ("2023-11-14T22:13:27.000Z", "ab" * 32, None)
    assert folder.write(_capture(7)).endswith("000Z-1.wav"), "the same moment twice"
    assert folder.write(_capture(8, word="../up", kind="near-miss")).startswith("near-misses/_._up/")


def test_never_above_the_quota_even_while_writing(tmp_path, monkeypatch):
    seen = []

    def measure():
        seen.append(_bytes(tmp_path))

    class Watched(WavWriter):
        def write(self, samples):
            super().write(samples)
            self._file.flush()
            measure()

    write_list = capture_folder.write_list

    def watched_list(folder, rows):
        def measured():
            for row in rows:
                measure()
                yield row

        write_list(folder, measured())
        measure()

    monkeypatch.setattr(capture_folder, "WavWriter", Watched)
    monkeypatch.setattr(capture_folder, "write_list", watched_list)
    monkeypatch.setattr(capture_folder, "_FEW_LINES", 4)
    quota = 100_000
    folder = CaptureFolder(tmp_path, quota)
    folder.open()
    for number in range(60):
        folder.write(_capture(number, word="go" if number % 3 else "stop", n=4000 + number % 5 * 400))
        seen.append(_bytes(tmp_path))
    assert max(seen) <= quota and min(seen[-100:]) > 0.7 * quota
    rows = read_captures(tmp_path)
    there = [row["file"] for row in rows if (tmp_path / row["file"]).is_file()]
    assert there == [row["file"] for row in rows][-len(there) :], "the oldest went"
    assert len(there) == folder.n_captures == len(list(tmp_path.rglob("*.wav"))) and "221419.000Z" in there[-1]
    assert len(rows) <= 2 * len(there) + 1, "lines of what has gone go too"


def test_a_start_counts_what_is_there_and_keeps_a_smaller_quota(tmp_path):
    first = CaptureFolder(tmp_path, 10**6)
    first.open()
    # The second is stamped before the first, by a clock that was set: the list knows the order.
    files = [first.write(_capture(number, clock_s=clock_s)) for number, clock_s in enumerate([9e8, 8e8, 10e8])]
    stale = tmp_path / "triggers/yes/.x.wav.123.tmp"
    stale.write_bytes(b"half")
    with (tmp_path / LIST_NAME).open("ab") as file:
        file.write(b'{"file": "triggers/yes/torn')  # The power went.
    again = CaptureFolder(tmp_path, 10**6)
    again.open()
    assert again.n_captures == 3 and again.n_bytes == first.n_bytes + 2 * 27 and not stale.exists()
    files.append(again.write(_capture(3)))
    assert [row["file"] for row in read_captures(tmp_path)] == files, "the torn line spoils no other"
    small = CaptureFolder(tmp_path, 2 * 3244 + 2 * (tmp_path / LIST_NAME).stat().st_size)
    small.open()
    assert [(tmp_path / file).is_file() for file in files] == [False, False, True, True]


def test_review_by_another_process_is_kept(tmp_path):
    folder = CaptureFolder(tmp_path, 10**6)
    folder.open()
    files = [folder.write(_capture(number)) for number in range(2)]
    review(tmp_path, files[:1], {"label": "no", "time": "now"})
    (tmp_path / files[1]).unlink()
    folder.write(_capture(2))
    rows = read_captures(tmp_path)
    assert [row["reviewed"] and row["reviewed"]["label"] for row in rows] == ["no", None, None]
    assert folder.n_captures == 2


def test_quota_below_one_clip_is_said(tmp_path):
    folder = CaptureFolder(tmp_path, 1000)
    folder.open()
    with pytest.raises(DataError, match=r"quota: expected at least .* bytes for one, got 1000"):
        folder.write(_capture())


# The sink.


@contextlib.contextmanager
def _largest_file(n_bytes):
    """Writing beyond it fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _hear(sink, listener, y, live=True, first_sample=0):
    """What ``drsn-edge listen`` does with a block."""
    sink.audio(y, first_sample)
    for verdict in listener.push(y):
        end = round(verdict.time_s * 16000)
        sink.evaluated(Moment("stdin", verdict, end, 16000, 1.7e9 + verdict.time_s if live else None))


def _wait(condition):
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_full_disk_is_counted_said_once_and_passes(tmp_path, stream_folder, bursts, capsys):
    listener = KeywordListener(load_bundle(stream_folder))
    sink = CaptureSink(CaptureFolder(tmp_path / "heard", 10**7), 0.5, lambda: listener)
    capsys.readouterr()  # The limit would hold for a captured stderr's file too.
    word = bursts(4.0, (0.5, 400))
    with _largest_file(20_000):
        for number in range(3):
            _hear(sink, listener, word, first_sample=number * len(word))
        _wait(lambda: sink.n_lost == 3)
    assert not list(tmp_path.rglob("*.wav"))
    _hear(sink, listener, word, first_sample=3 * len(word))
    _wait(lambda: sink.n_kept == 1)
    sink.close()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and "a capture is lost (File too large); listening goes on" in said[0]
    assert said[1].endswith("1 captures kept, 3 lost")
    assert len(read_captures(tmp_path / "heard")) == len(list(tmp_path.rglob("*.wav"))) == 1
    assert not list(tmp_path.rglob("*.tmp"))


def test_listening_does_not_wait_for_a_slow_card(tmp_path, stream_folder, bursts, monkeypatch, capsys):
    monkeypatch.setattr(capture_sink, "_PATIENCE_S", 0.05)
    released = threading.Event()
    monkeypatch.setattr(CaptureFolder, "write", lambda self, capture: released.wait(60))
    listener = KeywordListener(load_bundle(stream_folder))
    sink = CaptureSink(CaptureFolder(tmp_path, 10**7), 0.5, lambda: listener)
    word = bursts(3.0, (0.5, 400))
    for number in range(20):
        _hear(sink, listener, word, first_sample=number * len(word))
    assert sink.n_lost == 20 - capture_sink._WAITING - 1, "one is being written"
    began = time.monotonic()
    sink.close()
    assert time.monotonic() - began < 20
    released.set()
    err = capsys.readouterr().err
    assert err.count("the disk is slower than words come") == 1 and "0 captures kept, 20 lost" in err


def test_a_folder_that_cannot_be_is_said_at_the_start(stream_folder, tmp_path, wav_bytes, capsys):
    clip, taken = tmp_path / "clip.wav", tmp_path / "taken"
    clip.write_bytes(wav_bytes(bytes(32000)))
    taken.write_text("a file")
    assert main(["listen", str(stream_folder), "--wav", str(clip), "--capture", str(taken)]) == 1
    assert str(taken) in capsys.readouterr().err


@pytest.mark.parametrize("chunk", [333, 40_000])
def test_the_clip_is_the_window_that_fired(tmp_path, stream_folder, bursts, chunk):
    listener = KeywordListener(load_bundle(stream_folder))
    sink = CaptureSink(CaptureFolder(tmp_path, 10**7), 0.5, lambda: listener)
    y = bursts(6.0, (0.1, 400), (4.0, 4000)) + 0.001 * np.arange(96000, dtype=np.float32) % 0.01
    for first in range(0, len(y), chunk):
        _hear(sink, listener, y[first : first + chunk], live=False, first_sample=first)
    sink.ended(6.0)
    sink.close()
    rows = read_captures(tmp_path)
    assert [(row["kind"], row["word"]) for row in rows] == [("trigger", "low"), ("trigger", "high")]
    for row in rows:
        end = round(row["time_s"] * 16000)
        window = np.concatenate([np.zeros(16000, np.float32), y])[end : end + 16000]
        np.testing.assert_array_equal(_samples(tmp_path / row["file"]), np.round(window * 32768))
    assert round(rows[0]["time_s"] * 16000) < 16000, "the first reaches back before the source"


def test_near_misses_are_kept_at_their_peak(tmp_path, stream_folder, bursts):
    y = bursts(4.0, (1.0, 400))
    heard = tmp_path / "heard"
    pcm = tmp_path / "clip.wav"
    with WavWriter(pcm, 16000, "s16le") as wav:
        wav.write(y)
    arguments = ["listen", str(stream_folder), "--wav", str(pcm), "--threshold", "1", "--capture", str(heard)]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main([*arguments, "--all", "--json"]) == 0
    lows = [v for v in map(json.loads, out.getvalue().splitlines()) if v["label"] == "low"]
    (row,) = read_captures(heard)
    best = max(verdict["score"] for verdict in lows)
    assert (row["kind"], row["word"], row["threshold"]) == ("near-miss", "low", 1.0)
    assert (row["score"], row["time_s"]) in [(v["score"], v["time_s"]) for v in lows if v["score"] == best]
    assert main([*arguments, "--near-miss", "1"]) == 0
    assert len(read_captures(heard)) == 1


@pytest.mark.parametrize("options", [["--capture-quota-mb", "9"], ["--near-miss", "0.4"]])
def test_capture_options_go_together(stream_folder, options, capsys):
    assert main(["listen", str(stream_folder), "--wav", "x.wav", *options]) == 2
    assert f"{options[0]}: expected only with --capture" in capsys.readouterr().err


# The review.


@pytest.fixture
def heard(tmp_path):
    folder = CaptureFolder(tmp_path / "heard", 10**6)
    folder.open()
    for number, (kind, word) in enumerate([("trigger", "yes"), ("trigger", "go"), ("near-miss", "yes")]):
        folder.write(_capture(number, word, kind))
    return folder.folder


def test_listing(heard, capsys):
    assert main(["captures", str(heard)]) == 0
    out, err = capsys.readouterr()
    lines = [line.split("  ") for line in out.splitlines()]
    assert [line[1:] for line in lines] == [
        ["trigger", "yes", "0.9", "-"],
        ["trigger", "go", "0.9", "-"],
        ["near-miss", "yes", "0.9", "-"],
    ]
    assert err == f"{heard}: 3 captures, 3 that nobody has listened to\n"
    main(["captures", str(heard), "--json"])
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == read_captures(heard)


def test_labelled_clips_are_copied_and_all_is_remembered(heard, tmp_path, capsys):
    files = [heard / row["file"] for row in read_captures(heard)]
    words = tmp_path / "words"
    for _ in range(2):  # Said twice: there once.
        said = ["--label", "yes", "--into", str(words), "--speaker", "anna", "--file", str(files[0]), str(files[2])]
        assert main(["captures", str(heard), *said]) == 0
    assert main(["captures", str(heard), "--discard", "--file", str(files[1])]) == 0
    copies = sorted((words / "yes").iterdir())
    assert len(copies) == 2 and all(path.name.startswith("anna_nohash_") for path in copies)
    assert {path.read_bytes() for path in copies} == {files[0].read_bytes(), files[2].read_bytes()}
    assert [row["reviewed"]["label"] for row in read_captures(heard)] == ["yes", None, "yes"]
    capsys.readouterr()
    main(["captures", str(heard), "--unreviewed"])
    out, err = capsys.readouterr()
    assert out == "" and "0 that nobody" in err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--label", "yes", "--into", "w", "--file", "/etc/hostname"], "expected a capture of"),
        (["--discard", "--file", "{heard}/../heard/captures.jsonl"], "expected a capture of"),
        (["--label", "yes", "--file", "x"], "expected --into with it"),
        (["--discard"], "expected --file with it"),
        (["--file", "x"], "expected --label or --discard with it"),
        (["--speaker", "anna"], "expected only with --label"),
    ],
)
def test_bad_review_is_one_line(heard, options, message, capsys):
    assert main(["captures", str(heard), *(option.format(heard=heard) for option in options)]) in {1, 2}
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize("label", ["", "a/b", ".hidden", "_background_noise_", " yes"])
def test_a_label_is_the_name_of_a_folder(heard, label, capsys):
    with pytest.raises(SystemExit) as leaves:
        main(["captures", str(heard), "--label", label, "--into", "w", "--file", "x"])
    assert leaves.value.code == 2 and "expected a word" in capsys.readouterr().err


def test_a_list_that_names_files_elsewhere_names_none(heard, tmp_path, capsys):
    (tmp_path / "secret.wav").write_bytes(b"x")
    for file in ("../secret.wav", "triggers/../../secret.wav", "triggers/yes/../../../secret.wav"):
        with (heard / LIST_NAME).open("a") as lines:
            lines.write(json.dumps({"file": file}) + "\n")
    folder = CaptureFolder(heard, 4 * 10**3)
    folder.open()
    assert (tmp_path / "secret.wav").is_file()
    main(["captures", str(heard)])
    assert "secret" not in capsys.readouterr().out

"""``drsn-train stream-evaluate`` from end to end, on a small run whose words are tones."""

import csv
import dataclasses
import json
import os
import shutil
import sys

import numpy as np
import pytest

from drsn_keras.edge import KeywordListener, load_bundle
from drsn_keras.model_card import CARD_NAME, DetectorSpec
from drsn_keras.training.cli import main as train
from drsn_keras.training.open_run import open_run
from drsn_keras.training.streams.compose import compose
from drsn_keras.training.streams.composition import Composition
from drsn_keras.training.streams.evaluate import ears_of, hear
from drsn_keras.training.streams.material import material_of

HOURS = "0.1"


@pytest.fixture(scope="module")
def bundle(stream_run):
    return stream_run / "run" / "bundles" / "float32"


def _evaluate(capsys, *words, code=0):
    assert train(["stream-evaluate", *map(str, words)]) == code
    return capsys.readouterr()


@pytest.fixture
def copied(stream_run, tmp_path):
    """The run where it may be changed; its data is where it was."""
    return shutil.copytree(stream_run / "run", tmp_path / "run")


def test_the_listener_finds_the_same_events_on_the_same_audio(stream_run, bundle):
    """Stored probabilities and the detector, against the device's listener fed in chunks of its own."""
    corpus = open_run(stream_run / "run").corpus
    stream = list(compose(material_of(corpus, "test"), Composition(rounds=(2, 1, 1, 0)), 0.06, 3))
    opened = load_bundle(bundle)
    heard = hear(ears_of(opened), stream, opened.card.labels, "test", 16000)
    y = np.concatenate([y for _, y in stream])
    for spec in (opened.card.detector, DetectorSpec(0.4, 0.1, smoothing_s=0.5, refractory_s=0.2)):
        listener = KeywordListener(opened, spec)
        verdicts = [v for part in np.array_split(y, 37) for v in listener.push(part)] + listener.flush()
        expected = [v.detection for v in verdicts if v.detection]
        # How long the silence after the end is depends on the average; no word is in it.
        assert heard.detections(spec) == [d for d in expected if d.time_s <= heard.times_s[-1]]
        assert len(expected) > 5


def test_results_files_and_point(bundle, tmp_path, capsys):
    out = tmp_path / "out"
    captured = _evaluate(capsys, bundle, "--hours", HOURS, "--out", out, "--json", "--max-false-accepts", "20")
    result = json.loads(captured.out)
    assert result == json.loads((out / "stream.json").read_text())
    assert {path.name for path in out.iterdir()} == {"stream.csv", "det.csv", "det.png", "stream.json", "stream.md"}
    assert "note:" not in captured.err and "clean in 25 % of the scenes" in captured.err
    for split in ("val", "test"):
        found = result["streams"][split]
        assert found["hours"] >= 0.1 and found["words"] > 5
        assert found["misses"]["percent"] <= 20.0, "tones are told apart"
        assert found["latency_s"]["mean"] < 1.0
    val = result["streams"]["val"]
    with (out / "det.csv").open() as file:
        rows = list(csv.DictReader(file))
    # The point is the best of the validation curve within the limit, by the detector's own events.
    within = [r for r in rows if r["stream"] == "validation" and float(r["false_accepts_per_hour"]) <= 20.0]
    assert val["false_accepts"]["count"] / val["hours"] <= 20.0
    assert val["misses"]["count"] == min(int(r["missed"]) for r in within)
    with (out / "stream.csv").open() as file:
        events = list(csv.DictReader(file))
    for split in ("val", "test"):
        kinds = [e["event"] for e in events if e["stream"] == split]
        assert kinds.count("miss") == result["streams"][split]["misses"]["count"]
        assert kinds.count("false accept") == result["streams"][split]["false_accepts"]["count"]
    assert (out / "det.png").read_bytes()[:4] == b"\x89PNG"
    # The choice knows nothing of the test stream.
    words = ("--hours", HOURS, "--out", tmp_path / "only", "--json", "--max-false-accepts", "20", "--split", "val")
    alone = json.loads(_evaluate(capsys, bundle, *words).out)
    assert alone["operating_point"] == result["operating_point"]
    assert list(alone["streams"]) == ["val"]
    assert {**alone["streams"]["val"], "speed": 0} == {**val, "speed": 0}


def test_point_is_stored_and_the_listener_takes_it(copied, capsys):
    bundle = copied / "bundles" / "float32"
    before = load_bundle(bundle).card
    words = ("--hours", "0.05", "--set-operating-point", "--max-false-accepts", "0", "--json", "--snr", "20,30")
    captured = _evaluate(capsys, bundle, *words)
    result = json.loads(captured.out)
    assert "note: 0.05 h at 0 false accepts an hour leave room for none" in captured.err
    card = load_bundle(bundle).card
    assert dataclasses.asdict(card.detector) == result["operating_point"]["detector"]
    assert card.detector != before.detector
    assert dataclasses.replace(card, detector=before.detector, metrics=before.metrics) == before
    assert [row["stream"] for row in card.metrics["streams"]] == ["val", "test"]
    assert KeywordListener(load_bundle(bundle)).detector.spec.threshold == card.detector.threshold
    assert (copied / "bundles" / "float32-stream" / "stream.md").is_file(), "beside the bundle"


def _with_page(bundle):
    """Give the bundle a page, and the card what a page tells of."""
    (bundle / "CARD.md").write_text("an older page")
    card = json.loads((bundle / CARD_NAME).read_text())
    card["training"] = {
        **{"data": "tones", "clips": {"train": 9}, "epochs": 1, "best_epoch": 1, "seed": 0, "noise": []},
        **{"calibration": {}, "protocol": {}},
    }
    (bundle / CARD_NAME).write_text(json.dumps(card))


def test_page_of_the_card_follows_it(copied, capsys):
    bundle = copied / "bundles" / "float32"
    _with_page(bundle)
    _evaluate(capsys, bundle, "--hours", "0.05", "--set-operating-point", "--split", "val")
    page = (bundle / "CARD.md").read_text()
    assert f"fires at {load_bundle(bundle).card.detector.threshold:g}" in page and "## Streams" in page


def test_page_that_cannot_be_made_leaves_the_card_as_it_was(copied, capsys):
    """The card of the small run lacks what a page tells of its training."""
    bundle = copied / "bundles" / "float32"
    (bundle / "CARD.md").write_text("an older page")
    before = (bundle / CARD_NAME).read_bytes()
    captured = _evaluate(capsys, bundle, "--hours", "0.05", "--set-operating-point", "--split", "val", code=1)
    assert "expected a card that a page can be made from" in _line(captured)
    assert (bundle / CARD_NAME).read_bytes() == before
    assert (bundle / "CARD.md").read_text() == "an older page"


def test_page_that_cannot_be_written_takes_the_card_back(copied, capsys):
    bundle = copied / "bundles" / "float32"
    _with_page(bundle)
    before = (bundle / CARD_NAME).read_bytes()
    # Where the page's new text would go first there is something that it cannot replace.
    (bundle / f".CARD.md.{os.getpid()}.tmp").mkdir()
    _line(_evaluate(capsys, bundle, "--hours", "0.05", "--set-operating-point", "--split", "val", code=1))
    assert (bundle / CARD_NAME).read_bytes() == before
    assert (bundle / "CARD.md").read_text() == "an older page"


def test_bundle_without_its_run(stream_run, bundle, tmp_path, capsys):
    alone = shutil.copytree(bundle, tmp_path / "alone")
    line = _line(_evaluate(capsys, alone, "--hours", "0.02", code=2))
    assert "expected a bundle inside its run folder, or --run RUN, or --data DIR" in line
    data = ("--data", stream_run / "words", "--noise", stream_run / "noise")
    captured = _evaluate(capsys, alone, "--hours", "0.05", "--split", "val", *data)
    assert "lies in no run" in captured.err and "operating point: threshold" in captured.out


def _line(captured):
    lines = [line for line in captured.err.splitlines() if line.startswith("drsn-train:")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--hours", "0"), "--hours: expected above 0"),
        (("--hours", "nan"), "--hours: expected above 0"),
        (("--hours", "1e9"), "--hours: expected above 0, at most 8760"),
        (("--seed", "-1"), "--seed: expected 0 to"),
        (("--snr", "20,10"), "--snr: expected LOW,HIGH"),
        (("--snr", "ten"), "--snr: expected two numbers"),
        (("--scenes", "0,1,1,1"), "--scenes: expected four whole numbers"),
        (("--scenes", "1,1"), "--scenes: expected four whole numbers"),
        (("--max-false-accepts", "-1"), "--max-false-accepts: expected a rate of at least 0"),
    ],
)
def test_options_that_cannot_be(bundle, tmp_path, capsys, words, expected):
    assert expected in _line(_evaluate(capsys, bundle, "--out", tmp_path / "out", *words, code=2))
    assert not (tmp_path / "out").exists()


def test_stream_too_short_for_a_word(bundle, tmp_path, capsys):
    words = ("--hours", "0.0001", "--scenes", "1,0,9,0", "--seed", "1", "--out", tmp_path / "out")
    line = _line(_evaluate(capsys, bundle, *words, code=2))
    assert "--hours: expected a validation stream long enough for a keyword, got none" in line
    assert not (tmp_path / "out").exists()


def test_no_bundle(tmp_path, capsys):
    assert "expected a bundle folder, got nothing there" in _line(_evaluate(capsys, tmp_path / "none", code=1))


def test_data_that_is_no_longer_the_trainings(stream_run, copied, tmp_path, capsys):
    data = shutil.copytree(stream_run / "words", tmp_path / "words")
    (data / "low" / "00000007_nohash_0.wav").unlink()
    line = _line(_evaluate(capsys, copied / "bundles" / "float32", "--data", data, code=1))
    assert "splits.csv: expected the data that the run was trained on, got low/00000007_nohash_0.wav" in line
    assert not (copied / "bundles" / "float32-stream").exists()


def test_no_recorded_noise(copied, capsys):
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**config, "noise": []}))
    line = _line(_evaluate(capsys, copied / "bundles" / "float32", "--hours", "0.1", code=1))
    assert "val part: expected recorded noise (--noise DIR), got none" in line


def test_data_without_other_speech(stream_run, copied, tmp_path, capsys):
    """The same run, had its other speech been a keyword: nothing is left to be taken for a keyword falsely."""
    data = shutil.copytree(stream_run / "words", tmp_path / "words")
    (data / "_unknown_").rename(data / "mid")
    (copied / "splits.csv").unlink()
    labels = ["high", "low", "mid", "_silence_"]
    for path in (copied / "summary.json", copied / "bundles" / "float32" / CARD_NAME):
        path.write_text(json.dumps({**json.loads(path.read_text()), "labels": labels}))
    line = _line(_evaluate(capsys, copied / "bundles" / "float32", "--data", data, code=1))
    assert "data: expected a class _unknown_ (words that are none of the keywords), got the classes high, low" in line


def test_bundle_of_a_machine(tmp_path, root, capsys):
    sys.path.insert(0, str(root / "tests" / "edge"))
    try:
        from vibration_bundle_file import write_vibration_bundle
    finally:
        sys.path.pop(0)
    line = _line(_evaluate(capsys, write_vibration_bundle(tmp_path / "machine"), code=1))
    assert "got windows of a vibration signal (use drsn-edge monitor)" in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_read_only_bundle(copied, capsys):
    bundle = copied / "bundles" / "float32"
    bundle.chmod(0o555)
    try:
        line = _line(_evaluate(capsys, bundle, "--set-operating-point", code=1))
    finally:
        bundle.chmod(0o755)
    assert "expected to be writable (--set-operating-point), got read-only" in line

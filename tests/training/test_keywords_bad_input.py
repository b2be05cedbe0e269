"""What people get wrong, one line each, with the right exit code and nothing left behind."""

import numpy as np
import pytest
import soundfile

from drsn_keras.training.cli import main as train
from small_runs import write_tones

RATE = 16000


@pytest.fixture
def words(tmp_path):
    return write_tones(tmp_path / "words", speakers=12)


def _fails(capsys, code, *words):
    assert train(["keywords", *words]) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("drsn-train:")]
    assert len(lines) == 1
    return lines[0]


def _out(tmp_path):
    return ["--out", str(tmp_path / "run"), "--epochs", "1", "--noise-kinds", "white"]


def test_missing_folder(tmp_path, capsys):
    line = _fails(capsys, 1, "--data", str(tmp_path / "nowhere"), *_out(tmp_path))
    assert f"{tmp_path / 'nowhere'}: expected" in line
    assert not (tmp_path / "run").exists(), "an empty run folder is taken back"


def test_one_class_only(words, tmp_path, capsys):
    for label in ("low", "_silence_"):
        for path in (words / label).iterdir():
            path.unlink()
        (words / label).rmdir()
    assert "expected at least 2 classes, got 1 (high)" in _fails(capsys, 1, "--data", str(words), *_out(tmp_path))


def test_text_file_named_wav(words, tmp_path, capsys):
    bad = words / "low" / "000000ff_nohash_0.wav"
    bad.write_text("this is a letter, not a recording\n" * 10)
    line = _fails(capsys, 1, "--data", str(words), *_out(tmp_path))
    assert str(bad) in line
    assert "expected" in line


def test_empty_file_is_named_and_may_be_skipped(words, tmp_path, capsys):
    bad = words / "low" / "00000001_nohash_0.wav"
    bad.write_bytes(b"")
    line = _fails(capsys, 1, "--data", str(words), *_out(tmp_path))
    assert str(bad) in line
    assert train(["keywords", "--data", str(words), "--skip-bad", *_out(tmp_path)]) == 0
    assert "files unreadable and left out" in capsys.readouterr().err


def test_nan_samples(words, tmp_path, capsys):
    bad = words / "high" / "00000002_nohash_0.wav"
    y = np.zeros(RATE, "float32")
    y[100] = np.nan
    soundfile.write(bad, y, RATE, subtype="FLOAT")
    line = _fails(capsys, 1, "--data", str(words), *_out(tmp_path))
    assert str(bad) in line
    assert "NaN" in line


def test_other_rates_and_stereo_are_converted_and_said(words, tmp_path, capsys):
    rng = np.random.default_rng(0)
    for i, (rate, channels) in enumerate([(8000, 1), (44100, 2), (16000, 2)]):
        y = 0.1 * rng.standard_normal((rate, channels))
        soundfile.write(words / "low" / f"{i:08x}_nohash_0.wav", y, rate)
    assert train(["keywords", "--data", str(words), *_out(tmp_path)]) == 0
    err = capsys.readouterr().err
    assert "resampled from 8000 Hz to 16000 Hz" in err
    assert "resampled from 44100 Hz to 16000 Hz" in err
    assert "averaged to mono" in err


def test_a_split_that_shares_a_speaker_is_refused(words, tmp_path, capsys):
    """Lists that put two clips of one speaker on both sides."""
    source = words / "low" / "00000003_nohash_0.wav"
    (words / "low" / "00000003_nohash_1.wav").write_bytes(source.read_bytes())
    (words / "testing_list.txt").write_text("low/00000003_nohash_0.wav\nhigh/00000004_nohash_0.wav\n")
    (words / "validation_list.txt").write_text("low/00000003_nohash_1.wav\nlow/00000006_nohash_0.wav\n")
    line = _fails(capsys, 1, "--data", str(words), "--keywords", "low,high", *_out(tmp_path))
    assert "00000003" in line
    assert not (tmp_path / "run").exists()


def test_manifest_without_labels(words, tmp_path, capsys):
    manifest = words / "list.csv"
    manifest.write_text("file,recording_id,suggested_split\nlow/00000001_nohash_0.wav,a,train\n")
    line = _fails(capsys, 1, "--data", str(words), "--manifest", str(manifest), *_out(tmp_path))
    assert "list.csv" in line
    assert "label" in line


def test_a_missing_class_in_a_part_is_said(words, tmp_path, capsys):
    manifest = words / "list.csv"
    rows = ["file,label,recording_id,suggested_split"]
    rows += [f"low/{i:08x}_nohash_0.wav,low,a{i},{'train' if i < 8 else 'val'}" for i in range(12)]
    rows += [f"high/{i:08x}_nohash_0.wav,high,a{i},{'train' if i < 8 else 'val'}" for i in range(12)]
    manifest.write_text("\n".join(rows) + "\n")
    assert "test" in _fails(capsys, 1, "--data", str(words), "--manifest", str(manifest), *_out(tmp_path))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--epochs", "0"], "--epochs: expected at least 1, got 0"),
        (["--width", "-1"], "--width: expected a number above 0, got -1.0"),
        (["--snr", "5"], "--snr: expected two numbers, LOW,HIGH, got '5'"),
        (["--snr", "5,-5"], "snr_db: expected low <= high"),
        (["--noise-kinds", "pinkish"], "pinkish"),
        (["--keywords", ","], "--keywords: expected comma-separated words, got ','"),
        (["--duration", "0.001"], "duration_s: expected at least one frame"),
        (["--learning-rate", "0"], "--learning-rate: expected a number above 0"),
        (["--model", "raw-m5"], "--front-end with --model raw-m5: expected waveform, got log-mel"),
        (
            ["--front-end", "waveform"],
            "--front-end with --model drsn-cw: expected log-mel, mfcc or root-mel, got wavef",
        ),
        (
            ["--model", "raw-m5", "--front-end", "waveform", "--duration", "0.3"],
            "--duration with --model raw-m5: expected at least 0.428 s at 16000 Hz, got 0.3 s",
        ),
        (
            ["--model", "bc-resnet-1", "--front-end", "mfcc"],
            "--model bc-resnet-1: expected a front end with bands in multiples of 40 (log-mel, root-mel), got 10",
        ),
        (["--spectral", "clip", "--front-end", "mfcc"], "with --spectral clip: expected root-mel, got mfcc"),
        (["--spectral", "clip", "--model", "ds-cnn"], "--spectral clip: expected a model of drsn-cw, "),
        (
            ["--spectral", "clip", "--model", "streaming-resnet"],
            "--spectral with --model streaming-resnet: expected frames (a stream has no end), got clip",
        ),
        (["--straddle", "0.1"], "--straddle: expected data with _unknown_ words, got none"),
        (["--straddle", "0.7"], "straddle: expected 0 to 0.5, got 0.7"),
    ],
)
def test_wrong_options_are_usage_errors(words, tmp_path, capsys, options, fault):
    line = _fails(capsys, 2, "--data", str(words), "--out", str(tmp_path / "run"), *options)
    assert fault in line
    assert not (tmp_path / "run").exists()


def test_no_data_at_all(tmp_path, capsys):
    line = _fails(capsys, 2, *_out(tmp_path))
    assert "expected --data DIR (with --manifest CSV or not) or --synthesize WORDS" in line


def test_out_is_a_file(words, tmp_path, capsys):
    (tmp_path / "run").write_text("mine")
    assert "expected a folder for the run, got a file" in _fails(capsys, 2, "--data", str(words), *_out(tmp_path))
    assert (tmp_path / "run").read_text() == "mine"


def test_a_folder_with_other_files_is_left_alone(words, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years")
    for extra in ([], ["--overwrite"]):
        line = _fails(capsys, 2, "--data", str(words), *_out(tmp_path), *extra)
        assert "one with other files in it" in line
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["thesis.txt"]

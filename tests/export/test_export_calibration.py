"""Calibration lists: replayed exactly, and refused in one line where a clip does not fit the run."""

import csv

import numpy as np
import pytest
import soundfile

from drsn_keras.export.calibration import COLUMNS, draw_calibration
from drsn_keras.export.calibration_list import read_calibration
from drsn_keras.export.cli import main as export
from drsn_keras.training.open_run import open_run


@pytest.fixture(scope="module")
def run(tones_run):
    return open_run(tones_run)


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _write(path, rows, columns=COLUMNS):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def listed(run, tmp_path):
    calibration = draw_calibration(run.corpus, run.config, 12)
    calibration.write(tmp_path / "list.csv")
    return calibration, tmp_path / "list.csv"


def test_a_written_list_replays_exactly(run, listed):
    calibration, path = listed
    again = read_calibration(path, run.corpus, run.config)
    np.testing.assert_array_equal(again.features, calibration.features)
    assert again.rows == calibration.rows
    assert {row.noise for row in again.rows} > {"none"}


def test_own_files_with_two_columns(run, tmp_path):
    y = 0.1 * np.sin(2 * np.pi * 400 * np.arange(16000) / 16000)
    soundfile.write(tmp_path / "mine.wav", y, 16000, subtype="PCM_16")
    path = _write(tmp_path / "l.csv", [{"clip": "mine.wav", "label": "low"}], ("clip", "label"))
    found = read_calibration(path, run.corpus, run.config)
    assert found.features.shape == (1, *run.config.spec.shape)
    assert found.rows[0].noise == "none"


def _broken(listed, run, tmp_path, **changes):
    path = listed[1]
    rows = _rows(path)
    rows[3].update(changes)
    return _write(tmp_path / "broken.csv", rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": "loud"}, "label: expected one of high, low, _silence_, got loud"),
        ({"noise": "rain"}, "noise: expected one of none, pink, white, got rain"),
        ({"noise": "white", "snr_db": "inf"}, "snr_db: expected a number [dB] where there is noise, got inf"),
        ({"noise": "white", "snr_db": "-1e300"}, "snr_db: expected -100 to 100 dB, got -1e+300"),
        ({"gain_db": "1e6"}, "gain_db: expected -100 to 100 dB, got 1000000.0"),
        ({"clip": "../low/x.wav"}, "clip: expected a path below the data folder or the list's, without .., got"),
        ({"clip": "/low/x.wav"}, "clip: expected a path below the data folder or the list's, without .., got"),
        ({"noise_seed": "99999999999"}, "noise_seed: expected 0 to 4294967295, got 99999999999"),
        ({"gain_db": "loud"}, "gain_db: expected a number, got 'loud'"),
        ({"noise_seed": "0.5"}, "noise_seed: expected a number, got '0.5'"),
        ({"clip": "low/nobody.wav"}, "low/nobody.wav: expected a clip of the run, or a file below"),
    ],
)
def test_a_wrong_line_is_named(run, listed, tmp_path, capsys, changes, message):
    path = _broken(listed, run, tmp_path, **changes)
    assert export(["convert", str(run.folder), "--calibration", str(path), "--out", str(tmp_path / "b")]) == 1
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{path}, line 5" in line
    assert message in line
    assert not (tmp_path / "b").exists()


def test_another_label_than_the_runs_is_refused(run, listed, tmp_path):
    rows = _rows(listed[1])
    label = {"high": "low", "low": "high", "_silence_": "low"}[rows[3]["label"]]
    path = _broken(listed, run, tmp_path, label=label)
    with pytest.raises(Exception, match=rf"label: expected {rows[3]['label']} \(the run's\), got {label}"):
        read_calibration(path, run.corpus, run.config)


def test_a_wrong_rate_is_refused(run, listed, tmp_path):
    soundfile.write(tmp_path / "slow.wav", np.zeros(8000) + 0.1, 8000)
    path = _broken(listed, run, tmp_path, clip="slow.wav", noise="none", snr_db="inf")
    with pytest.raises(Exception, match=r"broken.csv, line 5, slow.wav: expected 16000 Hz, got 8000 Hz"):
        read_calibration(path, run.corpus, run.config)


@pytest.mark.parametrize("spelling", ["{}", "./{}", ".//{}"])
def test_a_test_clip_is_refused(run, listed, tmp_path, spelling):
    from drsn_keras.export.clip_names import clip_name

    clips = run.corpus.clips("test")
    clip = spelling.format(clip_name(clips.recordings[0], run.config))
    changes = {"clip": clip, "label": clips.labels[clips.y[0]]}
    path = _broken(listed, run, tmp_path, **changes)
    with pytest.raises(Exception, match="expected a clip that is not tested on, got one of the test part"):
        read_calibration(path, run.corpus, run.config)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a column clip, got none"),
        (b"clip,label\n", "expected a line a clip"),
        (b"clip,word\na.wav,low\n", "expected a column label, got clip, word"),
        (b"clip,label\na.wav\n", "line 2: expected 2 fields, got another number"),
        (b"\xff\xfe\x00c\x00l", "expected a calibration list (CSV, UTF-8)"),
    ],
)
def test_a_file_that_is_no_list(run, tmp_path, content, message):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(Exception) as error:
        read_calibration(path, run.corpus, run.config)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def test_options_that_exclude_each_other(run, tmp_path, capsys):
    code = export(["convert", str(run.folder), "--calibration", "x.csv", "--calibration-clips", "5"])
    assert code == 2
    assert "--calibration and --calibration-clips: expected one of them, got both" in capsys.readouterr().err
    assert export(["convert", str(run.folder), "--calibration", str(tmp_path / "no.csv")]) == 1
    assert "no.csv: expected a calibration list (CSV), got nothing there" in capsys.readouterr().err

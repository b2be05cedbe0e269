"""Runs keep what they were trained on, lose nothing, and refuse what has changed or was damaged."""

import json
import shutil

import numpy as np
import pytest

from drsn_keras.errors import BundleError, CheckFailed, SplitError
from drsn_keras.export.cli import main as export
from drsn_keras.files import write_atomically
from drsn_keras.training.cli import main as train
from drsn_keras.training.open_run import open_run
from small_runs import write_tones


@pytest.fixture
def run(tones_run, tmp_path):
    """A copy of the finished run that may be damaged."""
    return shutil.copytree(tones_run, tmp_path / "run")


def _error(capsys):
    lines = capsys.readouterr().err.strip().splitlines()
    assert not any("Traceback" in line for line in lines)
    return lines[-1]


def test_split_list_names_every_clip(tones_run):
    lines = (tones_run / "splits.csv").read_text().splitlines()
    assert lines[0] == "split,label,group,file,content"
    assert len(lines) == 1 + 120
    assert {line.split(",")[0] for line in lines[1:]} == {"train", "val", "test"}


def test_evaluation_refuses_data_that_has_grown(run, tmp_path, tones, capsys):
    """One speaker more may shift the split: a clip that was trained on would be tested on."""
    data = shutil.copytree(tones, tmp_path / "data")
    assert open_run(run, overrides={"data": str(data)}).corpus.labels == ("high", "low", "_silence_")
    shutil.copy(data / "low" / "00000001_nohash_0.wav", data / "low" / "000000aa_nohash_0.wav")
    assert train(["evaluate", str(run), "--data", str(data), "--noises", "white", "--snrs", "0"]) == 1
    assert "splits.csv: expected the data that the run was trained on, got" in _error(capsys)
    with pytest.raises(SplitError):
        _ = open_run(run, overrides={"data": str(data)}).corpus


def test_overwrite_keeps_the_old_run_until_the_new_data_is_read(run, capsys):
    before = (run / "model.keras").read_bytes()
    assert train(["keywords", "--data", "/nonexistent", "--out", str(run), "--overwrite"]) == 1
    assert "/nonexistent" in _error(capsys)
    assert (run / "model.keras").read_bytes() == before


def test_overwrite_never_deletes_what_no_run_wrote(run, tones, capsys):
    (run / "thesis.txt").write_text("years")
    assert train(["keywords", "--data", str(tones), "--out", str(run), "--overwrite"]) == 2
    assert "one with other files in it (thesis.txt)" in _error(capsys)
    assert (run / "model.keras").is_file()


def test_a_strangers_config_is_not_a_run(tmp_path, tones, capsys):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "config.json").write_text("{}")
    assert train(["keywords", "--data", str(tones), "--out", str(tmp_path / "theirs"), "--overwrite"]) == 2
    assert (tmp_path / "theirs" / "config.json").read_text() == "{}"
    capsys.readouterr()


def test_convert_never_replaces_a_folder_that_holds_more_than_a_bundle(run, tmp_path, capsys):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "card.json").write_text("{}")
    (theirs / "notes.txt").write_text("mine")
    assert export(["convert", str(run), "--out", str(theirs)]) == 2
    assert (theirs / "notes.txt").read_text() == "mine"
    capsys.readouterr()


@pytest.mark.parametrize("rate", ["1e-2"])
def test_diverged_training_fails(tmp_path, rate, capsys, monkeypatch):
    """A loss that is not a number ends the training with exit code 1 and no model."""
    from drsn_keras.training import fit

    build = fit.build_model

    def broken(config, classes):
        model = build(config, classes)
        model.get_layer("stem").kernel.assign(np.full(model.get_layer("stem").kernel.shape, np.inf))
        return model

    monkeypatch.setattr(fit, "build_model", broken)
    data = write_tones(tmp_path / "data", speakers=12)
    options = ["--out", str(tmp_path / "run"), "--epochs", "1", "--noise-kinds", "white", "--learning-rate", rate]
    assert train(["keywords", "--data", str(data), *options]) == 1
    assert "training diverged (loss nan in epoch 1)" in _error(capsys)
    assert not (tmp_path / "run" / "model.keras").exists()
    assert CheckFailed.exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("config.json", "[]", "config.json: expected an object, got []"),
        ("config.json", "{", "config.json: expected JSON"),
        ("config.json", "[" * 100_000, "config.json: expected JSON"),
        ("summary.json", "{}", "summary.json, labels: expected a list"),
        ("summary.json", "null", "summary.json, labels: expected a list"),
        ("model.keras", "nonsense", "model.keras: expected a Keras model"),
    ],
)
def test_damaged_run_files_are_one_line(run, name, content, fault, capsys):
    (run / name).write_text(content)
    assert export(["convert", str(run)]) == 1
    assert fault in _error(capsys)


@pytest.mark.parametrize(
    ("field", "value", "fault"),
    [
        ("data", 5, "config.json, data: expected text, got 5"),
        ("noise", None, "config.json, noise: expected a list, got None"),
        ("epochs", -1, "config.json: --epochs: expected at least 1, got -1"),
        ("front_end", [1], "config.json, front_end: expected an object, got [1]"),
        ("surprise", 1, "config.json: expected the fields"),
    ],
)
def test_damaged_configuration_names_the_field(run, field, value, fault, capsys):
    values = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**values, field: value}))
    assert export(["convert", str(run)]) == 1
    assert fault in _error(capsys)


def test_flipped_byte_in_the_model(run, capsys):
    content = bytearray((run / "model.keras").read_bytes())
    content[len(content) // 2] ^= 255
    (run / "model.keras").write_bytes(bytes(content))
    assert export(["convert", str(run)]) == 1
    assert "model.keras: expected a Keras model of this program" in _error(capsys)


def test_damaged_history_is_found_before_the_evaluation(run, capsys):
    (run / "history.csv").write_text("epoch,loss\n1,abc\n")
    assert train(["evaluate", str(run), "--noises", "white"]) == 1
    assert "history.csv: expected a table of numbers" in _error(capsys)
    assert not (run / "evaluation.csv").exists()


def test_a_bundle_with_another_front_end_is_refused(run, capsys):
    bundle = run / "bundles" / "b"
    assert export(["convert", str(run), "--out", str(bundle), "--calibration-clips", "20"]) == 0
    card = json.loads((bundle / "card.json").read_text())
    card["front_end"]["fmin_hz"] = 300.0
    (bundle / "card.json").write_text(json.dumps(card))
    assert export(["verify", str(bundle)]) == 1
    assert "front_end: expected the run's" in _error(capsys)
    assert train(["evaluate", str(bundle), "--noises", "white", "--snrs", "0"]) == 1
    assert "front_end: expected the run's" in _error(capsys)


def test_atomic_write_leaves_the_old_file_on_error(tmp_path):
    path = tmp_path / "card.json"
    path.write_text("old")
    (tmp_path / "gone").mkdir()
    write_atomically(path, "new")
    assert path.read_text() == "new"
    with pytest.raises(OSError, match="No such file"):
        write_atomically(tmp_path / "missing" / "x.json", "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "gone"]


def test_locked_folder_names_itself(tmp_path):
    with pytest.raises(BundleError, match="nowhere: expected a run folder, got nothing there"):
        open_run(tmp_path / "nowhere")

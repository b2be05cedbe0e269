"""What people get wrong with ``drsn-train vibration``: one line each, the right exit code, nothing left behind."""

import shutil

import numpy as np
import pytest

from drsn_keras.errors import CheckFailed
from drsn_keras.export.cli import main as export
from drsn_keras.training.cli import build_parser
from drsn_keras.training.cli import main as train
from drsn_keras.training.vibration_command import _given

from .vibration_machines import MACHINES, STATES, WINDOW, save, vibration


@pytest.fixture
def data(machines, tmp_path):
    """A copy of the recordings that may be spoiled."""
    return shutil.copytree(machines, tmp_path / "data")


@pytest.fixture
def run(vibration_runs, tmp_path):
    """A copy of the finished run that may be damaged."""
    return shutil.copytree(vibration_runs / "whole", tmp_path / "run")


@pytest.fixture
def fails(tmp_path, capsys):
    """Call with an exit code and options; gives the one line on stderr."""

    def call(code, *words, main=train, command="vibration", left=False):
        out = ["--out", str(tmp_path / "run")] if main is train and "--out" not in words else []
        assert main([command, *map(str, words), *(out if command == "vibration" else [])]) == code
        lines = capsys.readouterr().err.splitlines()
        told = [line for line in lines if line.startswith(("drsn-train:", "drsn-export:", "drsn-edge:"))]
        assert len(told) == 1 and "Traceback" not in "".join(lines)
        assert left or not (tmp_path / "run").exists(), "an empty run folder is taken back"
        return told[0]

    return call


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["--data", "{}"], 2, "--data: expected a --task with it (the layout is not guessed), got none"),
        (["--task", "npz"], 2, "--data with --task npz: expected a folder or file of recordings, got none"),
        (["--data", "{}", "--task", "csv"], 1, "hall: expected a manifest CSV, got a folder"),
        (["--data", "{}", "--task", "simulated"], 2, "--data with --task simulated: expected none (machines are"),
        (["--data", "{}/no", "--task", "npz"], 1, "hall/no: expected NPZ files"),
        (["--data", "{}", "--task", "npz", "--unit", "g"], 2, "layout npz: expected no options, got unit"),
        (["--data", "{}", "--task", "npz", "--machines", "4"], 2, "--machines: expected none with --data"),
    ],
)
def test_data_and_task(fails, machines, words, code, fault):
    assert fault in fails(code, *(word.format(machines) for word in words))


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        ("--resample 8000", 1, "loose/fan.npz: expected a recording at 8000 Hz or more, got 4000 Hz"),
        ("--resample nan", 2, "--resample: expected a rate above 0, got nan"),
        ("--resample 1333.3", 1, "sample rate: expected a whole number of Hz (choose one with --resample)"),
        ("--split by-luck", 2, "--split: expected leave-one-recording-out, "),
        ("--without country", 2, "--without: expected one of recording, machine"),
        ("--held-out crane", 2, "--held-out with leave-one-machine-out: expected one of fan, mill, pump, got crane"),
        ("--held-out fan --split machine-shares", 2, "--held-out with machine-shares: expected none (no group is left"),
        ("--split leave-one-load-out", 1, "load: expected a load to split by"),
        ("--window 0", 2, "window, n_samples: expected a whole number, 1 to 1,000,000, got 0"),
        ("--window 63", 2, "window, n_samples: expected at least 64 samples (a monitor judges by them), got 63"),
        ("--window 9000", 1, "loose/fan.npz: expected at least 9000 samples (one window), got 8000"),
        ("--window 256 --hop 300", 2, "window, hop_length: expected at most n_samples (256), got 300"),
        ("--input cepstrum", 2, "window, channels: expected some of signal, spectrum, envelope_spectrum"),
        ("--band 100,900", 2, "--band: expected --input with envelope_spectrum, got signal"),
        ("--band kurtogram --input spectrum", 2, "--band: expected --input with envelope_spectrum, got spectrum"),
        ("--input envelope_spectrum --band 100,5000", 2, "window, band_hz: expected 0 <= low < high <= 2000 Hz"),
        ("--input envelope_spectrum --window 256", 2, "--band: expected LOW,HIGH [Hz] with windows below 1024 samples"),
        ("--healthy fine", 2, "--healthy: expected some of loose, normal, worn, got fine"),
        ("--model transformer", 2, "--model: expected drsn-cw, "),
        ("--noise-kinds green", 2, "--noise-kinds: expected none, or some of white, pink"),
        ("--noise-kinds babble", 2, "--noise-kinds: expected none, or some of white, pink"),
        ("--noise /nowhere", 1, "/nowhere: expected a folder of recordings, got nothing there"),
        ("--snr=-1e308,5", 2, "--snr: expected two numbers, LOW,HIGH, of -100 to 100 dB"),
        ("--noisy nan", 2, "--noisy: expected 0 to 1, got nan"),
        ("--speed-change 0.5", 2, "--speed-change: expected 0 to 0.2, got 0.5"),
        ("--epochs 0", 2, "--epochs: expected 1 to 1000000, got 0"),
        ("--seed 1000000000000000000000", 2, "--seed: expected 0 to 2147483647"),
        ("--width 1e9", 2, "--width: expected above 0, at most 64"),
        ("--out /proc/run", 1, "/proc/run: No such file or directory"),
    ],
)
def test_options(fails, machines, words, code, fault):
    assert fault in fails(code, "--data", machines, "--task", "npz", *words.split())


@pytest.mark.parametrize(
    ("words", "split"),
    [
        ("--data hall --task cwru", "leave-one-load-out"),  # one machine: none to leave out
        ("--data hall --task cwru --split recording-shares", "recording-shares"),
        ("--data hall --task npz", None),  # the configuration's default, leave-one-machine-out
        ("", None),
    ],
)
def test_the_split_where_none_is_named(words, split):
    arguments = build_parser().parse_args(["vibration", *words.split(), "--out", "run"])
    assert _given(arguments).get("split") == split


def _one_state(data):
    for state in STATES[1:]:
        shutil.rmtree(data / state)


def _new_state(data):
    (data / "worn" / "fan.npz").unlink()
    (data / "worn" / "mill.npz").unlink()


def _few_windows(data):
    for path in data.rglob("*.npz"):
        save(path, vibration("worn", 1)[:2048], label=path.parent.name, machine=path.stem)


def _silent_training(data):
    for state in STATES:
        save(data / state / "mill.npz", np.eye(1, 8000, 7999)[0], label=state, machine="mill")


def _other(y=None, **facts):
    """A change of one recording."""
    y = vibration("worn", 3) if y is None else y
    return lambda data: save(data / "worn" / "fan.npz", y, **{"label": "worn", "machine": "fan", **facts})


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_one_state, "states: expected at least 2, got 1 (loose)"),
        (_new_state, "got none of worn"),
        (_few_windows, "train: expected at least 5 windows, got 3"),
        (_silent_training, "train: expected a vibration, got nothing but zeros"),
        (_other(sample_rate_hz=8000), "expected one sample rate, or one to convert to (--resample), got 8 at 4000 Hz"),
        (_other(unit="mm/s"), "worn/fan.npz, unit: expected g as in"),
        (_other(vibration("worn", 3)[:200]), "worn/fan.npz: expected at least 2048 samples (one window), got 200"),
        (_other(np.append(vibration("worn", 3), np.nan)), "worn/fan.npz: expected finite samples, got NaN"),
        (_other(np.full(8000, 2.0)), "worn/fan.npz: expected a signal that changes, got 8000 samples of 2"),
    ],
)
def test_recordings(fails, data, spoil, fault):
    spoil(data)
    assert fault in fails(1, "--data", data, "--task", "npz")


def test_what_files_do_not_say_has_to_be_given(fails, tmp_path):
    for state in STATES:
        for machine in MACHINES:
            path = tmp_path / "plain" / state / f"{machine}.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(f"{value:.5f}" for value in vibration(state, 1)))
    words = ["--data", tmp_path / "plain", "--task", "folder"]
    assert "sample rate: expected --rate HZ (the file does not say it), got none" in fails(1, *words, "--unit", "g")
    assert "unit: expected --unit (g, m/s^2, mm/s ...; the file does not say it), got none" in fails(
        1, *words, "--rate", "4000"
    )
    assert "machine: expected a machine to split by" in fails(1, *words, "--rate", "4000", "--unit", "g")


def test_runs_are_not_overwritten_nor_taken_for_others(fails, run, machines):
    words = ["--data", machines, "--task", "npz"]
    assert "expected a new folder, got an earlier run" in fails(2, *words, left=True)
    line = fails(2, *words, *WINDOW, "--snr=0,5", "--resume", left=True)
    assert "(the run's own are used), got --data, --task, --window, --input, --snr" in line
    assert "expected an interrupted run, got " in fails(2, "--resume", left=True)
    line = fails(2, "--out", run, "--resume", command="keywords", left=True)
    assert "task: expected keywords, got vibration" in line


def test_an_option_of_another_task_is_refused(fails, run):
    for main, command in ((train, "evaluate"), (export, "convert")):
        line = fails(2, run, "--manifest", run / "x.csv", main=main, command=command, left=True)
        assert f"--manifest: expected a run that has one, got {run} (vibration)" in line


def test_data_that_changed_after_the_training_is_refused(fails, run, data):
    save(data / "worn" / "fan.npz", vibration("worn", 3, 3.0), label="worn", machine="fan")
    line = fails(1, run, "--data", data, main=export, command="convert", left=True)
    assert "splits.csv: expected the data that the run was trained on, got worn/fan.npz (val, worn)" in line
    for state in STATES:
        (data / state / "pump.npz").unlink()
        save(data / state / "lift.npz", vibration(state, 3), label=state, machine="lift")
    line = fails(1, run, "--data", data, main=export, command="convert", left=True)
    assert "data: --held-out with leave-one-machine-out: expected one of fan, lift, mill, got pump" in line


def test_a_calibration_list_names_windows_of_the_run(fails, run, tmp_path):
    (tmp_path / "list.csv").write_text("clip,label\nworn/mill.npz@128,worn\nworn/own.wav,worn\n")
    words = [run, "--calibration", tmp_path / "list.csv"]
    line = fails(1, *words, main=export, command="convert", left=True)
    assert "line 3, worn/own.wav: expected a window of the run, got another" in line


def test_an_interrupt_before_the_training_leaves_no_folder(machines, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("drsn_keras.training.start_run._train", interrupt)
    run = tmp_path / "run"
    words = ["vibration", "--data", str(machines), "--task", "npz", "--out", str(run)]
    assert train(words) == 130
    assert not run.exists()
    run.mkdir()  # the user's own is not taken away
    assert train(words) == 130
    assert run.is_dir()


def test_no_usual_healthy_state_is_a_note(data, tmp_path, capsys, monkeypatch):
    """Refused only where the user named it."""

    def no_training(*_):
        raise CheckFailed("no training")

    monkeypatch.setattr("drsn_keras.training.start_run._train", no_training)
    for path in (data / "normal").iterdir():
        save(path, vibration("normal", 1), label="fine", machine=path.stem)
    assert train(["vibration", "--data", str(data), "--task", "npz", "--out", str(tmp_path / "run")]) == 1
    err = capsys.readouterr().err
    assert "note: no state is called normal: no health index (name the sound states with --healthy)" in err
    assert err.endswith("drsn-train: no training\n")

"""Training for real on small data: it learns, resumes after SIGINT and kill -9, repeats, keeps its folder safe."""

import csv
import dataclasses
import json
import os
import signal
import subprocess
import time

import keras
import numpy as np
import pytest

import drsn_keras.layers  # noqa: F401  (registers what a saved model names)
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM
from drsn_keras.training.cli import build_parser
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.evaluation_run import commands_of
from drsn_keras.training.keywords_command import _given
from drsn_keras.training.open_run import OpenRun
from small_runs import OPTIONS, train, train_command


def _weights(run):
    return keras.models.load_model(run / "model.keras", compile=False).get_weights()


def test_it_learns(tones_run):
    summary = json.loads((tones_run / "summary.json").read_text())
    assert summary["validation"]["val_clean"] >= 95
    assert summary["labels"] == ["high", "low", "_silence_"]


def test_run_folder_is_complete(tones_run):
    run = tones_run
    summary = json.loads((run / "summary.json").read_text())
    config = json.loads((run / "config.json").read_text())
    assert config["seed"] == 3
    assert config["deterministic"] is True
    assert config["learning_rate"] > 0
    with (run / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert {"loss", "accuracy", "val_clean", "val_10db", "val_0db", "val_-5db", "val_mean"} <= set(rows[0])
    assert max(float(r["val_mean"]) for r in rows) == summary["validation"]["val_mean"]
    assert list((run / "tensorboard").rglob("events*"))
    assert summary["versions"]["keras"] == keras.__version__
    assert summary["train_seconds"] > 0


def test_two_runs_of_one_seed_are_equal(tones_run, tones, tmp_path):
    train(tones, tmp_path / "again", *OPTIONS)
    for a, b in zip(_weights(tones_run), _weights(tmp_path / "again"), strict=True):
        np.testing.assert_array_equal(a, b)


def _wait_for_epoch(run, epoch, process):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        history = run / "history.csv"
        if history.is_file() and len(history.read_text().splitlines()) > epoch:
            return
        assert process.poll() is None, "training ended before it could be interrupted"
        time.sleep(0.02)
    raise AssertionError("no epoch within 120 s")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "kill -9"])
def test_interrupted_and_resumed_equals_uninterrupted(tones_run, tones, tmp_path, how):
    run = tmp_path / "run"
    process = subprocess.Popen(
        train_command(tones, run, *OPTIONS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for_epoch(run, 2, process)
    os.kill(process.pid, how)
    _, log = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130, log
        assert f"drsn-train keywords --out {run} --resume" in log
        assert "Traceback" not in log
    assert not (run / "model.keras").exists()
    done = train(None, run, "--resume")
    assert "resuming after epoch" in done.stderr
    for a, b in zip(_weights(tones_run), _weights(run), strict=True):
        np.testing.assert_array_equal(a, b)
    rows = [(run / "history.csv").read_text().splitlines(), (tones_run / "history.csv").read_text().splitlines()]
    without_time = [[line.rsplit(",", 1)[0] for line in lines] for lines in rows]
    assert without_time[0] == without_time[1]


@pytest.mark.parametrize(
    ("words", "expected", "spectral"),
    [
        ((), ROOT_MEL_40, "frames"),
        (("--spectral", "none"), LOG_MEL_40, None),
        (("--spectral", "clip"), ROOT_MEL_40, "clip"),
        (("--model", "streaming-drsn-cw"), ROOT_MEL_40, "frames"),
        (("--model", "resnet"), LOG_MEL_40, None),
        (("--model", "resnet", "--spectral", "frames"), ROOT_MEL_40, "frames"),
        (("--front-end", "log-mel"), LOG_MEL_40, None),
        (("--front-end", "mfcc"), MFCC_MLPERF, None),
        (("--front-end", "root-mel"), ROOT_MEL_40, None),
        (("--front-end", "root-mel", "--duration", "1.5"), dataclasses.replace(ROOT_MEL_40, duration_s=1.5), None),
        (("--duration", "1.5"), dataclasses.replace(ROOT_MEL_40, duration_s=1.5), "frames"),
        (("--front-end", "waveform", "--model", "raw-m5"), WAVEFORM, None),
    ],
)
def test_the_front_end_that_is_asked_for(words, expected, spectral, tmp_path):
    arguments = build_parser().parse_args(["keywords", "--data", str(tmp_path), "--out", str(tmp_path / "run"), *words])
    config = KeywordConfig(**_given(arguments))
    assert (config.spec, config.spectral) == (expected, spectral)
    # A report's commands lead to the same front end.
    command = commands_of(OpenRun(tmp_path, config, {}), ["white"], [0.0])[0]
    again = build_parser().parse_args(command.split()[1:])
    again = KeywordConfig(**_given(again))
    assert (again.spec, again.spectral) == (expected, spectral)


def test_an_older_run_is_not_overwritten(tones_run, tones):
    done = train(tones, tones_run, *OPTIONS, code=2)
    assert done.stderr.count("\n") == 1
    assert "expected a new folder, got an earlier run; add --resume or --overwrite" in done.stderr


def test_a_second_training_in_one_folder_is_refused(tones, tmp_path):
    from drsn_keras.training.run_folder import locked

    with locked(tmp_path / "run"):
        done = train(tones, tmp_path / "run", *OPTIONS, code=2)
    assert "expected a folder that no other run uses" in done.stderr


def test_resume_takes_no_other_options(tones_run):
    done = train(None, tones_run, "--resume", "--epochs", "9", code=2)
    assert "--resume: expected no other options (the run's own are used), got --epochs" in done.stderr


def test_damaged_checkpoint_is_one_line(tones_run, tones, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text((tones_run / "config.json").read_text())
    (run / "checkpoint.npz").write_bytes((tones_run / "checkpoint.npz").read_bytes()[:5000])
    done = train(None, run, "--resume", code=1)
    assert "checkpoint.npz: expected a checkpoint of this program" in done.stderr
    assert "Traceback" not in done.stderr

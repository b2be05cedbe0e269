"""A denoiser trained for real on small data: its folder, its repeatability, its evaluation, what people get wrong."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

import drsn_keras.layers  # noqa: F401  (registers what a saved model names)
from drsn_keras.training.cli import main as train
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.pairs import TrainingPairs
from drsn_keras.training.denoising.tasks import open_task
from drsn_keras.training.open_run import open_run

from . import denoise_files


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    return denoise_files.write_record(tmp_path_factory.mktemp("ecg") / "record.npz")


@pytest.fixture(scope="module")
def runs(record, tmp_path_factory):
    """Two equal trainings: ``whole``, and ``resumed`` after its first epoch."""
    folder = tmp_path_factory.mktemp("denoise")
    command = [sys.executable, denoise_files.__file__, str(record), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.stdout.splitlines()[-1:] == ["0 0"], done.stderr[-2000:]
    assert "resuming after epoch 1 of 2" in done.stderr
    return folder


def test_run_folder_is_complete(runs):
    summary, config = (json.loads((runs / "whole" / f"{name}.json").read_text()) for name in ("summary", "config"))
    assert (summary["task"], summary["kind"], summary["measure"]) == ("denoise", "ecg", "snr_db")
    assert summary["validation_noisy"] == pytest.approx({"10db": 10.0, "5db": 5.0, "0db": 0.0}, abs=0.01)
    assert summary["validation"]["val_0db"] > 0.0, "better than the noisy examples"
    assert summary["macs"] == 256 * (5 * 4 + 5 * 4 * 4 + 5 * 4)
    assert config["front_end"] == {
        **{"kind": "signal", "shape": [256, 1], "sample_rate_hz": 360, "unit": "mV"},
        "full_scale": config["front_end"]["full_scale"],
    }
    assert DenoiseConfig.from_dict(config, "config.json").spec.full_scale == 0.5
    lines = (runs / "whole" / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,loss,val_10db,val_5db,val_0db,val_mean,seconds" and len(lines) == 3


def test_resumed_equals_uninterrupted(runs):
    whole, resumed = (keras.models.load_model(runs / n / "model.keras") for n in ("whole", "resumed"))
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    texts = [(runs / n / "history.csv").read_text().splitlines() for n in ("whole", "resumed")]
    without_time = [[line.rsplit(",", 1)[0] for line in lines] for lines in texts]
    assert without_time[0] == without_time[1]


def test_a_step_depends_on_seed_and_step_alone(runs):
    config = open_run(runs / "whole").config
    pairs = TrainingPairs(open_task(config), config, 3)
    noisy, clean = pairs.batch(7)
    assert noisy.shape == clean.shape == (4, 256, 1) and noisy.dtype == np.float32
    again = TrainingPairs(open_task(config), config, 3).batch(7)
    np.testing.assert_array_equal(noisy, again[0])
    assert not np.array_equal(clean, pairs.batch(8)[1])
    first = next(iter(pairs.dataset(first_step=7)))
    np.testing.assert_array_equal(first[1], clean)


def test_evaluation_of_a_run(runs, tmp_path, capsys):
    words = ["evaluate", str(runs / "whole"), "--noises", "hum,white", "--snrs", "5,0", "--examples", "2"]
    words += ["--baselines", "noisy,zeros,band-pass", "--out", str(tmp_path / "out")]
    assert train(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == str(tmp_path / "out" / "report.html")
    assert len(lines) == 1 + 5 * 4 and lines[0].startswith("dncnn (keras)")
    text = (tmp_path / "out" / "evaluation.csv").read_text()
    assert "noisy,classical,hum,yes,5,snr_db,2,5.00," in text
    assert "zeros,classical,hum,yes,5,snr_db,2,0.00," in text
    page = (tmp_path / "out" / "report.html").read_text()
    assert "dncnn for electrocardiograms in noise" in page and str(runs) not in page


@pytest.fixture
def fails(tmp_path, capsys):
    """Call with an exit code and words; gives the one line on stderr."""

    def call(code, *words, run=None):
        out = [] if words[:1] == ("evaluate",) else ["--out", str(run or tmp_path / "run")]
        assert train([*map(str, words), *out]) == code
        told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("drsn-train:")]
        assert len(told) == 1 and (run is not None or not (tmp_path / "run").exists())
        return told[0]

    return call


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        ("", 2, "--task: expected one of audio, vibration, ecg, spikes, images, got none"),
        ("--task ecg", 2, "--data with --task ecg: expected a record (NPZ, CSV) or a folder of them, got none"),
        ("--task audio --data /nowhere", 1, "/nowhere: expected a folder of recordings, got nothing there"),
        ("--task images --data /nowhere", 1, "/nowhere: expected images (PNG, JPEG, BMP, TIFF), got nothing there"),
        (
            "--task vibration --data /tmp",
            2,
            "--data: expected a --layout with it (the layout is not guessed), got none",
        ),
        (
            "--task spikes --data /tmp",
            2,
            "--data: expected --task audio or vibration or ecg or images, got --task spikes",
        ),
        ("--task images --snr 0,5", 2, "--snr: expected --task audio or vibration or ecg, got --task images"),
        ("--task spikes --sigma 3,1", 2, "--sigma: expected two numbers, LOW,HIGH, of 0 to 1e+06, got (3.0, 1.0)"),
        ("--task spikes --sigma 0", 2, "--sigma: expected a standard deviation above 0"),
        ("--task images --sigma x", 2, "--sigma: expected two numbers, LOW,HIGH, got 'x,x'"),
        ("--task images --degradations blur", 2, "--degradations: expected some of noise, super-resolution, jpeg"),
        ("--task images --model frame-drsn", 2, "--model with --task images: expected dncnn, dran, prior-guided"),
        ("--task spikes --model dncnn --network depth", 2, "--network: expected NAME=VALUE, got 'depth'"),
        ("--task spikes --model dncnn --network dept=3", 2, "--network of dncnn: expected depth, width"),
        ("--task spikes --samples 1", 2, "--samples: expected 8 to 1000000, got 1"),
        ("--task spikes --learning-rate nan", 2, "--learning-rate: expected above 0, at most 10, got nan"),
        ("--task spikes --epochs 0", 2, "--epochs: expected 1 to 1000000, got 0"),
        ("--task spikes --clip-norm -1", 2, "--clip-norm: expected 0 (none) to 1,000,000, got -1.0"),
    ],
)
def test_options(fails, words, code, fault):
    assert fault in fails(code, "denoise", *words.split())


def test_noise_kinds_of_the_task(fails, record):
    line = fails(2, "denoise", "--task", "ecg", "--data", record, "--noise-kinds", "babble")
    assert "--noise-kinds: expected none, or some of baseline, muscle, hum, mixed, white, got babble" in line


def test_runs_are_not_taken_for_others(fails, runs, tmp_path, record):
    run = shutil.copytree(runs / "whole", tmp_path / "copy")
    assert "expected a new folder, got an earlier run" in fails(2, "denoise", "--task", "spikes", run=run)
    assert "(the run's own are used), got --task, --sigma" in fails(
        2, *["denoise", "--task", "spikes", "--sigma", "3", "--resume"], run=run
    )
    assert "task: expected vibration, got denoise" in fails(2, "vibration", "--resume", run=run)
    assert "--sigmas: expected --snrs with a denoiser of ecg" in fails(2, "evaluate", run, "--sigmas", "3")
    assert "--snrs: expected finite numbers, got '3,nan'" in fails(2, "evaluate", run, "--snrs", "3,nan")
    assert "--noises: expected some of baseline, hum" in fails(2, "evaluate", run, "--noises", "babble")
    assert "--examples: expected at least 1, got 0" in fails(2, "evaluate", run, "--examples", "0")
    other = denoise_files.write_record(tmp_path / "record.npz", 30.0, 9)
    line = fails(1, "evaluate", run, "--data", other)
    assert "splits.csv: expected the data that the run was trained on" in line


def test_without_noise_there_is_no_training(fails, record):
    line = fails(2, "denoise", "--task", "ecg", "--data", record, "--noise-kinds", "none", "--samples", "256")
    assert "noise: expected --noise DIR or --noise-kinds NAMES, got neither" in line

"""Training for real with JAX and PyTorch: it learns, resumes, repeats; TensorFlow exports what it leaves."""

import argparse
import importlib.util
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from drsn_keras.errors import UsageError
from drsn_keras.export.cli import main as export
from drsn_keras.export.lowering import lower
from drsn_keras.training.backend import check_options
from drsn_keras.training.cli import main as train
from drsn_keras.training.open_run import open_run

from . import backend_runs


@pytest.fixture(scope="module", params=["jax", "torch"])
def runs(request, tones, machines, tmp_path_factory):
    """Name of a backend and the folder of what was trained with it."""
    # Its files are there: as a rule it is not imported beside TensorFlow in this process.
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed (see docs/scale.md, Backends)")
    folder = tmp_path_factory.mktemp(request.param)
    environment = {
        **os.environ,
        "KERAS_BACKEND": request.param,
        "JAX_PLATFORMS": "cpu",
        # Most of the time goes into compiling: simply, and once for what is trained again.
        "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
        "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }
    command = [sys.executable, backend_runs.__file__, str(tones), str(machines), str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=600)
    assert done.stdout.splitlines()[-1:] == ["0 0 130 0"], done.stderr[-2000:]
    assert "Traceback" not in done.stderr
    return request.param, folder


def _summary(run):
    return json.loads((run / "summary.json").read_text())


def test_it_learns_and_says_with_what(runs):
    backend, folder = runs
    for name in ("words", "whole"):
        summary = _summary(folder / name)
        assert summary["backend"] == backend
        assert backend in summary["versions"]
        assert summary["validation"]["val_clean"] >= 60
    assert _summary(folder / "words")["noise_level"]["rows"], "its thresholds can be looked at"
    assert _summary(folder / "whole")["monitor"]["novelty"]


def test_resumed_equals_uninterrupted(runs):
    _, folder = runs
    whole, resumed = (keras.models.load_model(folder / n / "model.keras", compile=False) for n in ("whole", "resumed"))
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_backend_trains_on_the_same_batches(runs):
    _, folder = runs
    said = np.load(folder / "said.npz")
    np.testing.assert_array_equal(backend_runs.first_batch(folder / "words"), said["x"])


def test_what_is_lowered_is_what_was_trained(runs):
    """The twin of TensorFlow beside what the other backend said itself."""
    _, folder = runs
    said = np.load(folder / "said.npz")
    twin = lower(open_run(folder / "words").model, "litert")
    np.testing.assert_allclose(twin.predict(said["x"]), said["p"], atol=1e-5)


def test_export_works_with_tensorflow_and_says_so(runs, tmp_path, monkeypatch, capsys):
    backend, folder = runs
    monkeypatch.setenv("KERAS_BACKEND", backend)
    words = ["convert", str(folder / "whole"), "--scheme", "float32", "--out", str(tmp_path / "bundle")]
    assert export(words) == 0
    first = capsys.readouterr().err.splitlines()[0]
    assert first == f"note: KERAS_BACKEND={backend} does not count here: the export works with tensorflow"
    assert (tmp_path / "bundle" / "model.tflite").stat().st_size > 1000


@pytest.mark.parametrize(
    ("backend", "expected"),
    [
        ("theano", "KERAS_BACKEND: expected tensorflow, jax, torch, got 'theano'"),
        ("jax", "KERAS_BACKEND: expected tensorflow, with which this process has begun, got jax"),
        ("torch", "KERAS_BACKEND=torch: expected torch (pip install torch), got none installed"),
    ],
)
def test_a_backend_that_cannot_be_is_one_line(backend, expected, tones, tmp_path, monkeypatch, capsys):
    if backend == "torch" and importlib.util.find_spec("torch"):
        pytest.skip("torch is installed")
    monkeypatch.setenv("KERAS_BACKEND", backend)
    assert train(["keywords", "--data", str(tones), "--out", str(tmp_path / "run")]) == 2
    assert capsys.readouterr().err == f"drsn-train: {expected}\n"
    assert not (tmp_path / "run").exists()


def test_options_of_tensorflow_are_refused_elsewhere(tmp_path, monkeypatch, capsys):
    asked = argparse.Namespace(devices=2, workers=None)
    check_options(asked)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    check_options(argparse.Namespace(devices=1, workers=None))
    with pytest.raises(UsageError, match="--devices: expected KERAS_BACKEND=tensorflow, got jax"):
        check_options(asked)
    words = ["keywords", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert train([*words, "--workers", "one:1,two:2", "--worker", "1"]) == 2
    assert capsys.readouterr().err == "drsn-train: --workers: expected KERAS_BACKEND=tensorflow, got jax\n"

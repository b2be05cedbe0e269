"""Several devices and several workers train as one process does; a worker killed with -9 comes back."""

import argparse
import csv
import os
import signal
import socket
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.errors import CheckFailed, UsageError
from drsn_keras.frontend import LOG_MEL_40
from drsn_keras.models import PEERS
from drsn_keras.training.address import require_free_port
from drsn_keras.training.augment import Augmenter, AugmentSpec, NoiseBank
from drsn_keras.training.batch_look import BatchLook
from drsn_keras.training.batch_part import part_rows
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.distributed.devices import Devices
from drsn_keras.training.distributed.normalisation import synchronise
from drsn_keras.training.distributed.options import device_count, workers_of
from drsn_keras.training.distributed.restart import MOST_STARTS, start_anew
from drsn_keras.training.fit import compiled_model
from drsn_keras.training.pipeline import Batches
from drsn_keras.training.vibration.batches import VibrationBatches
from drsn_keras.training.vibration.config import VibrationConfig
from drsn_keras.training.vibration.open_corpus import WindowOptions, prepare
from small_runs import train_command, write_tones

#: One step an epoch: the history is the curve of steps.
STEPS = 20
#: What the rate is during the warm-up of a real training. Another order of summation is another rounding, which Adam
#: multiplies at a high rate: at 0.002 a millionth becomes a hundredth in 20 steps of 18 clips.
RATE = "0.0005"
OPTIONS = ("--epochs", f"{STEPS}", "--batch-size", "18", "--noise-kinds", "white", "--seed", "3", "--deterministic")
SMALL = ("--width", "0.25", "--learning-rate", RATE)


def _free_ports(count):
    with_ports = [socket.socket() for _ in range(count)]
    for s in with_ports:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in with_ports]
    for s in with_ports:
        s.close()
    return ports


def _start(data, run, log, *options):
    with log.open("a") as file:
        return subprocess.Popen(train_command(data, run, *OPTIONS, *SMALL, *options), stdout=file, stderr=file)


def _history(run):
    with (run / "history.csv").open() as file:
        return list(csv.DictReader(file))


def _wait(condition, process, seconds=600):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        assert process.poll() is None, "ended too early"
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


def _losses(run):
    return np.array([float(row["loss"]) for row in _history(run)])


def _few_words(folder):
    """18 clips to train on: an epoch is one step."""
    return write_tones(folder, speakers=9)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs ``one``, ``devices`` and ``workers``, of equal options; a worker of the last is killed and comes back."""
    folder = tmp_path_factory.mktemp("distributed")
    data = _few_words(folder / "words")
    addresses = ",".join(f"127.0.0.1:{port}" for port in _free_ports(2))

    def worker(index):
        options = ("--workers", addresses, "--worker", f"{index}")
        return _start(data, folder / "workers", folder / f"worker{index}.log", *options)

    alone = [
        _start(data, folder / "one", folder / "one.log"),
        _start(data, folder / "devices", folder / "devices.log", "--devices", "2"),
    ]
    chief, follower = worker(0), worker(1)
    try:
        history = folder / "workers" / "history.csv"
        _wait(lambda: history.is_file() and len(_history(folder / "workers")) >= 6, chief)
        follower.send_signal(signal.SIGKILL)
        follower.wait()
        _wait(lambda: "starting anew" in (folder / "worker0.log").read_text(), chief)
        follower = worker(1)
        for process in (chief, follower, *alone):
            process.wait(timeout=600)
    finally:
        for process in (chief, follower, *alone):
            process.kill()
            process.wait()
    logs = {log.stem: log.read_text() for log in folder.glob("*.log")}
    assert [p.returncode for p in (chief, follower, *alone)] == [0, 0, 0, 0], logs
    return folder


def test_several_devices_train_as_one(runs):
    one, two = _losses(runs / "one"), _losses(runs / "devices")
    assert len(one) == STEPS and one[-5:].mean() < 0.9 * one[0]
    np.testing.assert_allclose(two, one, atol=1e-3)


def test_two_workers_train_as_one_though_one_was_killed(runs):
    np.testing.assert_allclose(_losses(runs / "workers"), _losses(runs / "one"), atol=1e-3)
    log = (runs / "worker0.log").read_text()
    assert "resuming after epoch" in log and log.count("starting anew") == 1
    assert (runs / "workers" / "model.keras").is_file() and (runs / "workers" / "summary.json").is_file()


def test_all_workers_end_with_the_same_weights(runs):
    lines = [
        [line for line in (runs / f"worker{i}.log").read_text().splitlines() if line.startswith("final weights")]
        for i in (0, 1)
    ]
    assert len(lines[0]) == 1 and lines[0] == lines[1]


def _arguments(**given):
    names = ("devices", "workers", "worker", "peer_timeout", "resume", "overwrite")
    return argparse.Namespace(**{**dict.fromkeys(names), **given})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"worker": 1}, "--worker: expected --workers HOST:PORT,HOST:PORT with it, got none"),
        ({"workers": "a:1,b:2"}, "--workers: expected --worker N with it, got none"),
        ({"workers": "a:1,b", "worker": 0}, "got 'b'"),
        ({"workers": "a:1,b:99999", "worker": 0}, "got 'b:99999'"),
        ({"workers": "a:1", "worker": 0}, "two addresses or more"),
        ({"workers": "a:1,a:1", "worker": 0}, "none twice"),
        ({"workers": "a:1,b:1", "worker": 2}, "--worker: expected 0 to 1, got 2"),
        ({"workers": "a:1,b:1", "worker": 0, "resume": True}, "the same command again goes on"),
        ({"workers": "a:1,b:1", "worker": 0, "overwrite": True}, "got --overwrite"),
        ({"workers": "a:1,b:1", "worker": 0, "peer_timeout": 0.0}, "--peer-timeout: expected a number above 0"),
        ({"devices": 0}, "--devices: expected 1 to 1024, got 0"),
    ],
)
def test_options_that_make_no_sense(given, expected):
    arguments = _arguments(**given)
    with pytest.raises(UsageError, match="expected") as error:
        device_count(arguments)
        workers_of(arguments)
    assert expected in str(error.value)


def test_workers_of_the_command_line():
    workers = workers_of(_arguments(workers="a:1, [::1]:22", worker=1))
    assert (workers.addresses, workers.port, workers.is_chief) == (("a:1", "[::1]:22"), 22, False)


def test_a_batch_that_cannot_be_divided():
    with pytest.raises(UsageError, match="a multiple of 3"):
        part_rows(16, (0, 3))


def test_peers_that_do_not_come_are_one_line(tmp_path):
    data = _few_words(tmp_path / "words")
    ports = _free_ports(2)
    options = ("--workers", f"127.0.0.1:{ports[0]},127.0.0.1:{ports[1]}", "--worker", "1", "--peer-timeout", "1")
    process = _start(data, tmp_path / "run", tmp_path / "log", *options)
    assert process.wait(timeout=600) == 1
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines[-1] == f"--workers: expected 127.0.0.1:{ports[0]} within 1 s, got no answer"
    assert "Traceback" not in "".join(lines)


def test_normalisation_that_knows_its_own_rows_only_is_refused():
    with pytest.raises(UsageError, match=r"several devices or workers: expected .*, got bc_resnet_1"):
        synchronise(PEERS["bc-resnet-1"](LOG_MEL_40.shape, 2))


def test_a_port_in_use_is_refused():
    with socket.socket() as other:
        other.bind(("", 0))
        other.listen()
        with pytest.raises(UsageError, match="expected a free port"):
            require_free_port(other.getsockname()[1], "--workers", wait_s=0.1)


def test_failing_again_and_again_ends(monkeypatch):
    monkeypatch.setenv("DRSN_WORKER_STARTS", f"{MOST_STARTS}")
    with pytest.raises(CheckFailed, match="without an epoch in between"):
        start_anew("gone")


def test_at_most_ends_a_process_that_hangs():
    program = (
        "import threading\nfrom drsn_keras.training.distributed.restart import at_most\n"
        "with at_most(0.2, 'too long'):\n    threading.Event().wait(30)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stderr) == (1, "too long\n")


@pytest.mark.parametrize("in_stream", [False, True])
@pytest.mark.parametrize("count", [2, 4])
def test_rows_of_a_worker_are_those_of_the_whole_batch(in_stream, count):
    rng = np.random.default_rng(5)
    n = LOG_MEL_40.n_samples
    clips = (rng.standard_normal((16, n)) * 3000).astype(np.int16)
    bank = NoiseBank.from_signals({"a": [rng.standard_normal(4 * n)], "b": [rng.standard_normal(3 * n)]}, 2 * n)
    rooms = rng.standard_normal((3, 400)).astype(np.float32) * np.exp(-np.arange(400) / 50).astype(np.float32)
    augmenter = Augmenter(AugmentSpec(reverb_probability=0.4, straddle=0.3), bank, rooms, LOG_MEL_40.sample_rate_hz)
    labels = rng.integers(0, 3, 16)
    batches = Batches(clips, labels, BatchLook(3, augmenter, LOG_MEL_40, 8, 7, in_stream, unknown=2))
    whole = list(batches.dataset(1).take(2).as_numpy_iterator())
    for index in range(count):
        rows = part_rows(8, (index, count))
        for own, all_rows in zip(batches.dataset(1, part=(index, count)).take(2), whole, strict=True):
            for mine, theirs in zip(own, all_rows, strict=True):
                np.testing.assert_array_equal(mine, theirs[rows.start : rows.stop])


def test_rows_of_windows_are_those_of_the_whole_batch(machines):
    config = VibrationConfig(data=str(machines), source="npz", batch_size=32)
    config, corpus = prepare(config, WindowOptions(256, 128))
    batches = VibrationBatches(corpus, config, 3)
    for step in (0, 9):
        features, labels = batches.batch(step)
        parts = [batches.batch(step, part=(i, 4)) for i in range(4)]
        np.testing.assert_array_equal(np.concatenate([p[0] for p in parts]), features)
        np.testing.assert_array_equal(np.concatenate([p[1] for p in parts]), labels)


@pytest.mark.parametrize("model", ["drsn-cw", "streaming-drsn-cw"])
def test_mixed_precision_computes_in_16_bits_and_keeps_32(model):
    front = {"front_end": {**LOG_MEL_40.to_dict()}}
    config = KeywordConfig(
        data=os.curdir, model=model, width=0.25, mixed_precision=True, epochs=1, deterministic=True, **front
    )
    network = compiled_model(config, 3, 1, Devices())
    assert keras.config.dtype_policy().name == "float32"
    assert {str(v.dtype) for v in network.trainable_variables} == {"float32"}
    convolutions = [x for x in network._flatten_layers() if isinstance(x, keras.layers.Conv1D)]
    assert convolutions and {x.compute_dtype for x in convolutions} == {"bfloat16"}
    x = np.random.default_rng(0).standard_normal((4, *config.spec.shape)).astype(np.float32)
    assert network(x).dtype == tf.float32
    before = [np.asarray(v) for v in network.trainable_variables]
    loss = network.train_on_batch(x, np.eye(3, dtype=np.float32)[[0, 1, 2, 0]])[0]
    assert np.isfinite(loss)
    changed = [not np.array_equal(a, v) for a, v in zip(before, network.trainable_variables, strict=True)]
    assert all(changed)

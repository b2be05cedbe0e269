"""Training on prepared data: every clip once an epoch, the same at any step, on other processes, to the end."""

import csv
import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.errors import DrsnError, SplitError, UsageError
from drsn_keras.frontend import WAVEFORM
from drsn_keras.training.augment import Augmenter, AugmentSpec
from drsn_keras.training.batch_look import BatchLook
from drsn_keras.training.cli import main
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import open_corpus
from drsn_keras.training.prepared import data_service, service_job
from drsn_keras.training.prepared.batches import PreparedBatches, explained
from drsn_keras.training.prepared.folder import read_prepared
from drsn_keras.training.prepared.prepare import prepare
from drsn_keras.training.prepared.service_batches import ServiceBatches
from drsn_keras.training.split_list import require_same_split

RATE_HZ, SIZE = 16000, 16
OFF = AugmentSpec(
    noise_probability=0, reverb_probability=0, shift_s=0, gain_db=(0, 0), speed=(1, 1), time_masks=0, band_masks=0
)


@pytest.fixture(scope="module")
def prepared(tones, tmp_path_factory):
    """81 clips of training in 6 shards; not to be written to."""
    out = tmp_path_factory.mktemp("prepared") / "tones"
    prepare(KeywordConfig(data=str(tones)), out, shard_mb=0.5)
    return out


@pytest.fixture(scope="module")
def clips(prepared):
    """The training clips as bytes, all different."""
    found = {bytes(x) for x in open_corpus(KeywordConfig(data=str(prepared))).clips("train").x}
    assert len(found) == 81
    return found


def _batches(folder, kind=PreparedBatches, seed=0, **values):
    """Batches whose features are the clips themselves."""
    look = BatchLook(3, Augmenter(OFF, None, None, RATE_HZ), WAVEFORM, SIZE, seed, in_graph=True)
    return kind(read_prepared(folder), look, shuffle_clips=40, **values)


def _take(dataset, steps):
    return [(x.numpy(), y.numpy()) for x, y in dataset.take(steps)]


def _rows(steps):
    return [bytes(row) for x, _ in steps for row in np.round(x * 32768).astype(np.int16)]


def test_every_clip_once_an_epoch(prepared, clips):
    batches = _batches(prepared)
    assert batches.steps_per_epoch == 6
    steps = _take(batches.dataset(), 12)
    orders = []
    for epoch in (steps[:6], steps[6:]):
        rows = _rows(epoch)
        assert set(rows[:81]) == clips
        # What fills the last batch is clips of this epoch again.
        assert len(rows) == 96
        assert set(rows) == clips
        orders.append(rows)
    assert orders[0] != orders[1]
    labels = np.concatenate([y.argmax(axis=1) for _, y in steps[:3]])
    assert len(set(labels[:12])) == 3, "shuffled"


def test_content_depends_on_seed_and_step_alone(prepared):
    tf.random.set_seed(0)
    steps = _take(_batches(prepared, seed=5).dataset(), 9)
    tf.random.set_seed(1)
    for first in (6, 8):
        [(x, y)] = _take(_batches(prepared, seed=5).dataset(first), 1)
        np.testing.assert_array_equal(x, steps[first][0])
        np.testing.assert_array_equal(y, steps[first][1])
    [(part, said)] = _take(_batches(prepared, seed=5).dataset(8, part=(1, 2)), 1)
    np.testing.assert_array_equal(part, steps[8][0][8:])
    np.testing.assert_array_equal(said, steps[8][1][8:])
    assert _rows(_take(_batches(prepared, seed=6).dataset(), 1)) != _rows(steps[:1])


def test_a_shard_that_is_damaged_while_it_is_read_is_one_line(prepared, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "damaged")
    batches = _batches(folder)
    shard = folder / "train-000002.tfrecord"
    data = bytearray(shard.read_bytes())
    data[200_000] ^= 1
    shard.write_bytes(data)
    with pytest.raises(tf.errors.DataLossError) as error:
        _take(batches.dataset(), 6)
    assert "a shard is damaged: see drsn-train prepare --verify" in str(explained(error.value))
    shard.unlink()
    with pytest.raises(tf.errors.NotFoundError) as error:
        _take(batches.dataset(), 6)
    assert re.search("a shard is gone.*train-000002.tfrecord", str(explained(error.value)))
    assert explained(ValueError("another")) is None


def test_a_training(prepared, tmp_path, capsys):
    run = tmp_path / "run"
    options = ["--model", "raw-m5", "--front-end", "waveform", "--width", "0.25", "--epochs", "1", "--batch-size", "32"]
    command = ["keywords", "--data", str(prepared), "--out", str(run), "--noise-kinds", "white", *options]
    assert main(command) == 0
    assert "prepared clips 81/30/9 in train/val/test" in capsys.readouterr().err
    assert json.loads((run / "summary.json").read_text())["clips"] == {"train": 81, "val": 30}
    with (run / "splits.csv").open() as file:
        rows = list(csv.DictReader(file))
    shard = read_prepared(prepared).parts["train"][0]
    assert rows[0] == {
        **{"split": "train", "label": "clips", "group": "15 records", "file": shard.file},
        "content": f"sha256 {shard.sha256}",
    }
    corpus = open_corpus(KeywordConfig(data=str(prepared)))
    require_same_split(run, corpus)
    # Other shards are other data.
    (run / "splits.csv").write_text((run / "splits.csv").read_text().replace(shard.sha256, "0" * 64))
    with pytest.raises(SplitError, match=r"train-000000\.tfrecord"):
        require_same_split(run, corpus)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A dispatcher and two workers, each a process: (HOST:PORT, processes)."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("dispatcher")
    # As a dispatcher leaves it that was killed.
    killed = folder / "drsn-data-killed"
    (killed / "datasets").mkdir(parents=True)
    os.utime(killed, (0, 0))
    command = [sys.executable, "-m", "drsn_keras.training.cli", "data-worker"]
    roles = [["--dispatcher", "--port", str(port)], *[["--connect", f"localhost:{port}"]] * 2]
    environment = {**os.environ, "TMPDIR": str(folder)}
    processes = [
        subprocess.Popen([*command, *role], stdout=subprocess.PIPE, text=True, env=environment) for role in roles
    ]
    try:
        lines = [process.stdout.readline() for process in processes]
        assert re.fullmatch(rf"dispatcher: \S+:{port}\n", lines[0])
        assert all(re.fullmatch(r"worker: 127.0.0.1:\d+\n", line) for line in lines[1:]), lines
        assert len(list(folder.glob("drsn-data-*"))) == 1
        assert not killed.exists()
        yield f"localhost:{port}", processes
    finally:
        for process in processes:
            process.terminate()
        try:
            for process in processes:
                process.communicate(timeout=20)
        finally:
            for process in processes:
                process.kill()
    assert not list(folder.glob("drsn-data-*"))


#: Times that each shard is read in an epoch of :func:`_many`: more than workers and the queues before them hold.
TIMES = 20


def _many(prepared, address):
    """Batches of so many shards that no worker can have them all at once."""
    batches = _batches(prepared, ServiceBatches, service=address)
    parts = {**batches.prepared.parts, "train": batches.prepared.parts["train"] * TIMES}
    many = dataclasses.replace(batches, prepared=dataclasses.replace(batches.prepared, parts=parts), shuffle_clips=8)
    assert many.total == 81 * TIMES
    return many


def _wait_until_all_read(processes):
    """Until each of some processes has a shard open that it has not read to its end."""
    deadline = time.monotonic() + 60
    for process in processes:
        open_files = Path(f"/proc/{process.pid}/fd")
        while True:
            names = []
            for entry in open_files.iterdir():
                try:
                    names.append(str(entry.readlink()))
                except FileNotFoundError:  # closed since
                    continue
            if any(name.endswith(".tfrecord") for name in names):
                break
            assert time.monotonic() < deadline, names
            time.sleep(0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_two_workers_give_every_clip_once_an_epoch(prepared, clips, service):
    address, (_, *workers) = service
    batches = _many(prepared, address)
    steps = batches.steps_per_epoch
    stream = iter(batches.dataset(first_step=steps))
    rows = _rows([(x.numpy(), y) for x, y in (next(stream) for _ in range(5))])
    # While nobody asks for more, they wait in the middle of shards.
    _wait_until_all_read(workers)
    rows += _rows([(x.numpy(), y) for x, y in (next(stream) for _ in range(steps - 5))])
    assert Counter(rows[: batches.total]) == dict.fromkeys(clips, TIMES)
    assert len(rows) == steps * SIZE
    for epoch in range(2):
        short = _batches(prepared, ServiceBatches, service=address)
        rows = _rows(_take(short.dataset(first_step=6 * epoch), 6))
        assert sorted(rows[:81]) == sorted(clips)
        assert len(rows) == 96
        assert set(rows) == clips


def test_a_shard_that_a_worker_cannot_read_is_one_line(prepared, service, tmp_path):
    folder = shutil.copytree(prepared, tmp_path / "gone")
    batches = _batches(folder, ServiceBatches, service=service[0])
    (folder / "train-000002.tfrecord").unlink()
    with pytest.raises(tf.errors.OpError):
        _take(batches.dataset(), 6)
    text = str(batches.failure[-1])
    assert re.search(r"data service localhost:\d+: a shard is gone.*train-000002\.tfrecord", text)
    assert "\n" not in text


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_lost_worker_ends_no_epoch_and_a_lost_dispatcher_is_one_line(prepared, clips, service, monkeypatch, capsys):
    address, (dispatcher, first, second) = service
    monkeypatch.setattr(service_job, "LOOK_S", 2.0)
    monkeypatch.setattr(service_job, "START_S", 2.0)
    monkeypatch.setattr(data_service, "CONNECT_S", 0.5)
    batches = _many(prepared, address)
    steps = batches.steps_per_epoch
    stream = iter(batches.dataset())
    rows = _rows([(x.numpy(), y) for x, y in (next(stream) for _ in range(5))])
    _wait_until_all_read([first, second])
    threads = threading.active_count()
    first.kill()
    first.wait(timeout=20)
    rows += _rows([(x.numpy(), y) for x, y in (next(stream) for _ in range(steps - 5))])
    assert set(rows) == clips
    lost = re.search(
        r"note: ([\d,]+) of the 1,620 clips of epoch 1 were lost with a data worker", capsys.readouterr().err
    )
    assert 0 < int(lost[1].replace(",", "")) < batches.total - 5 * SIZE
    # The next one is whole, of the worker that is left.
    rows = _rows([(x.numpy(), y) for x, y in (next(stream) for _ in range(steps))])
    assert Counter(rows[: batches.total]) == dict.fromkeys(clips, TIMES)
    assert "were lost" not in capsys.readouterr().err
    deadline = time.monotonic() + 30
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.1)
    assert threading.active_count() <= threads, "what was given up still waits"
    second.terminate()
    assert second.wait(timeout=20) == 0
    dispatcher.terminate()
    assert dispatcher.wait(timeout=20) == 0
    began = time.monotonic()
    with pytest.raises(tf.errors.OpError):
        for _ in range(2 * steps):
            next(stream)
    assert time.monotonic() - began < 20
    expected = r"--data-service localhost:\d+: expected a dispatcher .* got Connection refused"
    assert re.search(expected, str(batches.failure[-1]))
    with pytest.raises(DrsnError, match=expected):
        batches.dataset()


def test_patience_grows_with_what_pieces_take_and_with_jobs_in_vain():
    patience = service_job.Patience()
    assert patience.limit_s(True) == patience.limit_s(False) == service_job.START_S
    for _ in range(30):
        patience.came(False, 0.1)
        patience.came(True, 1.0)
    assert patience.limit_s(True) == patience.limit_s(False) == service_job.LOOK_S
    patience.came(False, 20.0)
    assert patience.limit_s(False) == 80.0
    patience.in_vain = 2
    assert patience.limit_s(True) == 4 * service_job.LOOK_S
    patience.came(True, 1000.0)
    assert patience.in_vain == 0
    assert patience.limit_s(True) == 300.0


def test_addresses_and_ports_that_are_none():
    for text in ("here", "here:", ":80", "here:port", "here:70000"):
        with pytest.raises(UsageError, match="--data-service: expected HOST:PORT"):
            data_service.parse_address(text, "--data-service")
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        address = f"localhost:{taken.getsockname()[1]}"
        with pytest.raises(DrsnError, match=r"--connect .*: expected a dispatcher .* for 0.2 s"):
            data_service.require_dispatcher(address, "--connect", 0.2)

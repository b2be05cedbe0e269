"""Studies on a cluster of Ray: two nodes of this machine, one of them killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.cli import main
from drsn_keras.training.study import ray_cluster
from drsn_keras.training.study.folder import holds_key, keyed, mend, pack, unpack
from drsn_keras.training.study.ray_cluster import joined
from drsn_keras.training.study.results import read_results
from drsn_keras.training.study.trial import Trial
from drsn_keras.training.temporary_folder import temporary

from . import ray_errands, ray_nodes

STUDY = """
command = "denoise"
levels = [3]
[options]
task = "spikes"
epochs = 1
steps-per-epoch = 2
batch_size = 4
model = "dncnn"
[models.narrow]
network = ["depth=2", "width=2"]
[models.wide]
network = ["depth=2", "width=6"]
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Iterator[dict]:
    """Two nodes of one core each."""
    programs = tmp_path_factory.mktemp("programs")
    (programs / "held").mkdir()
    (programs / "held" / "epochs.py").write_text(ray_errands.PROGRAM)
    (programs / "elsewhere").mkdir()
    paths = os.pathsep.join([str(programs), str(Path(__file__).parent)])
    environment = {**os.environ, "PYTHONPATH": paths, "RAY_USAGE_STATS_ENABLED": "0"}
    for last in (False, False, True):
        folder = Path(tempfile.mkdtemp(prefix="drsn-", dir="/tmp"))  # of a short name: sockets lie in it
        environment["TMPDIR"] = str(folder)
        command, said = [sys.executable, ray_nodes.__file__, str(folder), "2"], programs / "nodes.log"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": programs / "elsewhere"}
        with said.open("w") as log, subprocess.Popen(command, env=environment, stderr=log, **pipes) as nodes:
            line = nodes.stdout.readline()
            if line:
                yield {**json.loads(line), "environment": environment}
                nodes.stdin.close()
                nodes.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
        if line:
            return
        # Ray gives a node 30 s to begin, which a busy machine may not keep.
        assert not last, said.read_text()[-2000:]


def _until(happened: Callable[[], object], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.1)


def _trainings(out: Path) -> dict[int, int]:
    """Process ids of a study's trainings that run, to those of their nodes (of raylets)."""
    found = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and f"{out}/runs/" in (folder / "cmdline").read_text():
                found[int(folder.name)] = _parent(_parent(int(folder.name)))
        except OSError:
            continue
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def test_errands_travel_go_on_and_end_with_their_study(cluster: dict, tmp_path: Path) -> None:
    """The nodes do not see the study's folder: a trial's files come back, and go with it when it goes on."""
    command = [sys.executable, ray_errands.__file__, cluster["address"]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, env=cluster["environment"], **pipes) as study:
        said = [json.loads(line or "{}") for line in (study.stdout.readline() for _ in range(5))]
        assert study.poll() is None, study.stderr.read()
        stopped, went_on, failed, lost, running = said
        assert stopped["stopped"] and stopped["reached"] >= 3
        assert went_on["row"]["before"] == stopped["reached"] and went_on["went_on"] == stopped["reached"] + 3
        assert "drsn-study-" in went_on["row"]["folder"] and not Path(went_on["row"]["folder"]).exists()
        assert failed["error"] == f"{ray_errands.OUT}/logs/bad-0.log: expected words, got none"
        assert lost["error"].startswith("Ray: ActorDiedError: ") and "\n" not in lost["error"] and lost["stopped"]
        assert (tmp_path / "out" / "logs" / "m-0.log").read_text().count("KeyboardInterrupt") == 1
        assert Path(f"/proc/{running['pid']}").exists()
        study.kill()
        _until(lambda: not Path(f"/proc/{running['pid']}").exists())
        assert study.stderr.read().splitlines() == [f"{name}-0: begins" for name in ("m", "m", "bad", "lone", "long")]


def test_a_node_is_killed_and_the_study_completes(cluster: dict, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "drsn_keras.training.cli", "compare", str(tmp_path / "study.toml")]
    command += ["--out", str(out), "--ray-address", cluster["address"]]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=cluster["environment"], **pipes) as study:
        _until(lambda: study.poll() is not None or set(_trainings(out).values()) == set(cluster["raylets"]))
        assert study.poll() is None, study.stderr.read()
        trainings = _trainings(out)
        os.kill(cluster["raylets"][0], signal.SIGKILL)
        lost = [training for training, node in trainings.items() if node == cluster["raylets"][0]]
        _until(lambda: not any(Path(f"/proc/{training}").exists() for training in lost))
        printed, said = study.communicate(timeout=300)
    assert study.returncode == 0, said
    rows = read_results(out / "results.jsonl")
    assert Counter((row["model"], row["seed"]) for row in rows) == {("narrow", 0): 1, ("wide", 0): 1}
    assert "| wide |" in printed and "| narrow |" in printed and not (out / ".cluster-key").exists()
    begun = sorted(path.read_text().count("$ training denoise") for path in (out / "logs").iterdir())
    assert begun == [1, 2], "that of the node that died was begun again"
    *_, one, other = said.splitlines()
    assert said.splitlines()[:2] == [
        "2 trainings to do, 0 done before",
        "cluster of Ray: 2 nodes, 2 cores; 1 for a training",
    ]
    assert sorted(said.splitlines()[2:4]) == ["narrow-0: begins", "wide-0: begins"]
    assert {one.split(":")[0], other.split(":")[0]} == {
        "narrow-0",
        "wide-0",
    }


def test_interrupted_alone_it_leaves_nothing_behind(tmp_path: Path) -> None:
    """A cluster of its own: its processes, its folder and the trainings end with the command."""
    (tmp_path / "study.toml").write_text(STUDY)
    out, folder = tmp_path / "out", Path(tempfile.mkdtemp(prefix="drsn-", dir="/tmp"))
    command = [sys.executable, "-m", "drsn_keras.training.cli", "compare", str(tmp_path / "study.toml")]
    command += ["--out", str(out), "--ray-address", "local"]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as study:
        _until(lambda: study.poll() is not None or _trainings(out))
        assert study.poll() is None, study.stderr.read()
        assert [path.name[:9] for path in folder.iterdir()] == ["drsn-ray-"]
        study.send_signal(signal.SIGINT)
        _, said = study.communicate(timeout=120)
    assert study.returncode == 130, said
    _, cluster, *begins, kept, interrupted = said.splitlines()
    assert cluster.startswith("cluster of Ray: 1 node, ") and begins == ["narrow-0: begins"]
    assert [kept, interrupted] == [
        f"what is done is kept; to go on, run the command again with {out}",
        "drsn-train: interrupted",
    ]
    assert not _trainings(out) and not list(folder.iterdir()) and not (out / ".cluster-key").exists()
    folder.rmdir()


@contextlib.contextmanager
def _server(answer: bytes) -> Iterator[str]:
    """The port of a server that says the same to everybody."""

    def serve() -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = server.accept()
                connections.append(connection)
                connection.sendall(answer)

    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield str(server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--ray-address", "nowhere"), 2, "--ray-address: expected local, auto, or HOST:PORT"),
        (("--ray-address", "::1:1"), 2, "--ray-address: expected local, auto, or HOST:PORT"),
        (("--ray-address", "[::1]:1"), 1, "--ray-address [::1]:1: expected a cluster of Ray, got [Errno"),
        (("--ray-address", "ray://127.0.0.1:1"), 2, "of a cluster that this machine belongs to"),
        (("--ray-address", "127.0.0.1:1"), 1, "expected a cluster of Ray, got [Errno"),
        (("--ray-address", "127.0.0.1:DEAF"), 1, "expected a cluster of Ray, got timed out"),
        (("--ray-address", "127.0.0.1:WEB"), 1, "expected a cluster of Ray, got another server"),
        (("--ray-address", "local", "--trial-cpus", "0"), 2, "--trial-cpus: expected at least 1, got 0"),
        (("--ray-address", "local", "--trial-cpus", "5000"), 2, "--trial-cpus: expected at most "),
        (("--trial-gpus", "1"), 2, "--trial-gpus: expected --ray-address with it, got none"),
        (("--workers", "0"), 2, "--workers: expected at least 1, got 0"),
    ],
)
def test_what_is_no_cluster_is_said_in_a_line(words, code, said, tmp_path, capsys, monkeypatch) -> None:
    (tmp_path / "study.toml").write_text(STUDY)
    monkeypatch.setattr(ray_cluster, "_REACH_S", 0.5)
    with _server(b"") as deaf, _server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as web:
        words = [word.replace("DEAF", deaf).replace("WEB", web) for word in words]
        assert main(["compare", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out"), *words]) == code
    printed = capsys.readouterr().err.splitlines()
    assert said in printed[-1] and len(printed) <= 2


def test_a_trial_travels_whole_and_replaces_what_was_there(tmp_path: Path) -> None:
    trial, here, there = Trial("m", 3, ()), tmp_path / "here", tmp_path / "there"
    assert pack(trial, here) is None
    for name in ("runs/m-3/bundles/int8/card.json", "runs/m-3.json", "logs/m-3.log", "runs/m-3/.lock", "runs/n-3/x"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(name)
    (there / "runs" / "m-3" / "old").mkdir(parents=True)
    unpack(pack(trial, here), trial, there)
    arrived = sorted(str(path.relative_to(there)) for path in there.rglob("*") if path.is_file())
    assert arrived == ["logs/m-3.log", "runs/m-3.json", "runs/m-3/bundles/int8/card.json"]
    assert not (there / "runs" / "m-3" / "old").exists()
    assert not list((there / "runs").glob(".*"))
    with pytest.raises(DataError, match="m-3, from a node: expected its files"):
        unpack(b"half of an archive", trial, there)
    with keyed(here) as key:
        assert holds_key(here, key) and not holds_key(there, key) and not holds_key(here, "another")
    assert not holds_key(here, key)


def test_killed_while_files_arrive_it_keeps_the_epochs_that_were_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial, here, there = Trial("m", 3, ()), tmp_path / "here", tmp_path / "there"
    for out in (here, there):
        (out / "runs" / "m-3").mkdir(parents=True)
        (out / "runs" / "m-3" / "history.csv").write_text(out.name)
    archive, rename = pack(trial, here), Path.replace

    def killed_at(step: int) -> Callable[[Path, Path], Path]:
        steps = iter(range(step))

        def replace(self: Path, target: Path) -> Path:
            if next(steps, None) is None:
                raise KeyboardInterrupt
            return rename(self, target)

        return replace

    for step, left in ((0, "there"), (1, "there"), (2, "here")):
        monkeypatch.setattr(Path, "replace", killed_at(step))
        with pytest.raises(KeyboardInterrupt) if step < 2 else contextlib.nullcontext():
            unpack(archive, trial, there)
        monkeypatch.undo()
        mend(there)
        assert (there / "runs" / "m-3" / "history.csv").read_text() == left
        assert [path.name for path in (there / "runs").iterdir()] == ["m-3"]


def test_folders_of_the_dead_go_with_the_next(tmp_path: Path) -> None:
    with temporary("drsn-x-", str(tmp_path)) as alive:
        dead, young, other = (tmp_path / name for name in ("drsn-x-dead", "drsn-x-young", "drsn-y"))
        for folder in (dead, young, other):
            (folder / "files").mkdir(parents=True)
        for folder in (dead, Path(alive), other):
            os.utime(folder, (0, 0))
        with temporary("drsn-x-", str(tmp_path)) as new:
            assert {path.name for path in tmp_path.iterdir()} == {
                Path(alive).name,
                Path(new).name,
                "drsn-x-young",
                "drsn-y",
            }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drsn-x-young", "drsn-y"]


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(UsageError, match=r"expected Ray \(pip install 'drsn-keras\[cluster\]'\), got none"),
        joined("local", 1, 0.0),
    ):
        pass

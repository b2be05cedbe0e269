import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gateway_parts import RATE_HZ, machine, raised, step

from drsn_keras.edge.cli import main
from drsn_keras.edge.gateway.committer import Committer
from drsn_keras.edge.gateway.config import example_config, read_config
from drsn_keras.edge.gateway.inbox import Inbox
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.records import AlarmChange, Block, Event
from drsn_keras.edge.gateway.sender import Sender
from drsn_keras.edge.gateway.service import Gateway
from drsn_keras.edge.gateway.station import Station
from drsn_keras.edge.gateway.store import Store
from drsn_keras.edge.gateway.unwatched import end_unwatched
from drsn_keras.edge.gateway.watchdog import Watchdog
from drsn_keras.edge.seldom import Seldom

N = 2048


def wait_until(condition, timeout_s: float = 20.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


def _config(folder: Path, machines: str, more: str = "") -> Path:
    path = folder / "gateway.toml"
    path.write_text(
        f'[store]\npath = "gateway.db"\n{more}\n[defaults]\nsample_rate_hz = 2048\nunit = "g"\nrecord_s = 1.0\n'
        f"waveform_s = 1.0\n{machines}",
        encoding="utf-8",
    )
    return path


class Running:
    """A gateway in a thread."""

    def __init__(self, path: Path) -> None:
        self.gateway = Gateway(read_config(path))
        self.code = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.code = self.gateway.run()

    def __enter__(self) -> Gateway:
        return self.gateway

    def __exit__(self, *_: object) -> None:
        self.gateway.stop.set()
        self._thread.join(20.0)
        assert not self._thread.is_alive()


def _reference(name: str, y: np.ndarray) -> list[dict]:
    station = Station(machine(name))
    return [one.record.features for one in station.push(Block(name, 0.0, y, 0, 0))]


def test_files_and_sensors_through_a_stop_and_a_start(tmp_path):
    rng = np.random.default_rng(0)
    mill, pump = rng.normal(size=5 * N).astype("<f4"), rng.normal(size=4 * N).astype("<f4")
    (tmp_path / "mill.raw").write_bytes(mill[: 3 * N + 100].tobytes())
    path = _config(
        tmp_path,
        '[machines.mill]\nsource = { kind = "file", path = "mill.raw", format = "f32le", poll_s = 0.05 }\n'
        '[machines.pump]\nsource = { kind = "tcp", port = 0 }\n',
    )
    sender = Sender("127.0.0.1", 1, "pump", RATE_HZ, epoch=1, start_s=0.0)
    with Running(path) as gateway:
        sender.port = gateway.sources["pump"].listener.port
        sender.send(pump[: 2 * N + 700])
        wait_until(lambda: sender.pump(0.05) or sender.committed == 2 * N)
        wait_until(lambda: gateway.live.get("records", "mill") == 3)
    assert sender.pending == 700
    with (tmp_path / "mill.raw").open("ab") as file:
        file.write(mill[3 * N + 100 :].tobytes())
    running = Running(path)
    with running as gateway:
        sender.port = gateway.sources["pump"].listener.port
        sender.send(pump[2 * N + 700 :])
        assert sender.drain(20.0)
        wait_until(lambda: gateway.live.get("records", "mill") == 2)
        gateway.watchdog.look()
        assert gateway.live.get("store_bytes") > 0
    sender.close()
    assert running.code == 0
    store = Store(tmp_path / "gateway.db")
    with store._database.reading() as connection:
        what = "SELECT machine, epoch, idx, json FROM records ORDER BY machine, epoch, idx"
        rows = connection.execute(what).fetchall()
    assert [row[:3] for row in rows] == [("mill", 0, i) for i in range(5)] + [("pump", 0, i) for i in range(4)]
    found = [json.loads(row[3])["features"] for row in rows]
    assert found == _reference("mill", mill) + _reference("pump", pump)
    assert [event["kind"] for event in store.events() if not event["machine"]] == ["stop", "start"] * 2
    assert not [event for event in store.events() if event["kind"] == "gap"]
    store.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_order(tmp_path, number):
    path = _config(tmp_path, '[machines.pump]\nsource = { kind = "udp", port = 0 }\n')
    process = subprocess.Popen(
        [sys.executable, "-m", "drsn_keras.edge", "gateway", path], stderr=subprocess.PIPE, text=True
    )
    line = process.stderr.readline()
    assert "gateway gateway: 1 machines, store" in line
    time.sleep(0.3)
    process.send_signal(number)
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(20) == {signal.SIGTERM: 0, signal.SIGINT: 130}[number], rest
    assert not rest
    store = Store(tmp_path / "gateway.db")
    assert [event["kind"] for event in store.events()] == ["stop", "start"]
    store.close()


def test_check_says_what_works_and_what_does_not(tmp_path, capsys):
    path = _config(
        tmp_path,
        '[machines.pump]\nsource = { kind = "udp", port = 0 }\n'
        '[machines.mill]\nsource = { kind = "file", path = "none.raw", format = "f32le" }\n'
        '[machines.fan]\nbundle = "none"\nsource = { kind = "folder", path = ".", pat = "*" }\n',
    )
    assert main(["gateway", str(path), "--check"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "OK  configuration",
        "OK  store",
        "OK  machine pump, source",
        "BAD machine mill, source",
        "BAD machine fan, source",
        f"BAD bundle {tmp_path / 'none'}",
    ]
    assert "none.raw: expected a file to read, got No such file" in lines[3]
    assert "fan.source.pat: expected one of" in lines[4]
    assert not (tmp_path / "gateway.db").exists()
    assert main(["gateway"]) == 2
    assert main(["gateway", str(path), "--example"]) == 2
    capsys.readouterr()
    assert main(["gateway", "--example"]) == 0
    assert capsys.readouterr().out == example_config()


def test_check_of_the_page(tmp_path, capsys):
    path = _config(tmp_path, '[web]\nport = 0\n[machines.pump]\nsource = { kind = "udp", port = 0 }\n')
    token = tmp_path / "gateway-token"
    assert main(["gateway", str(path), "--check"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"OK  web: 127.0.0.1 port 0; the token to be made: {token}"
    token.write_text("short\n")
    assert main(["gateway", str(path), "--check"]) == 1
    assert "gateway-token: expected a token of 20 or more" in capsys.readouterr().out


def test_alarms_that_nobody_watches_any_more_are_over(tmp_path):
    store = Store(tmp_path / "gateway.db")
    for of, name in (("pump", "iso"), ("pump", "normal"), ("pump", "silent"), ("gone", "silent"), ("", "store")):
        store.change((AlarmChange(of, name, "warning", True, 1.0, None, None, "x"),))
    end_unwatched(store, {"pump": ["iso"]})
    over = [(alarm["machine"], alarm["name"]) for alarm in store.alarms() if alarm["cleared_s"]]
    assert sorted(over) == [("gone", "silent"), ("pump", "normal")]
    texts = {event["text"] for event in store.events()}
    store.close()
    assert texts == {"silent: not watched any more", "normal: not watched any more"}


def test_the_store_is_its_owners_alone(tmp_path):
    store = Store(tmp_path / "gateway.db")
    store.log(Event(1.0, "", "start", "x"))
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close()


def test_a_source_that_is_silent_is_an_alarm_until_a_record(tmp_path):
    store, live = Store(tmp_path / "gateway.db"), Live(["pump"])
    source = type("Quiet", (), {"silence_s": 0.05})()
    watchdog = Watchdog(store, live, {"pump": source}, Seldom(say=lambda line: None))
    watchdog.look()
    assert store.alarms() == []
    time.sleep(0.1)
    watchdog.look()
    watchdog.look()
    (alarm,) = store.alarms(open_only=True)
    assert (alarm["name"], alarm["text"], alarm["cleared_s"]) == ("silent", "no data for 0.05 s", None)
    assert live.health()[1]["status"] == "degraded"
    assert live.health()[0]  # the gateway itself works
    again = Watchdog(store, live, {"pump": source}, Seldom(say=lambda line: None))  # after a restart it still stands
    again.heard("pump")
    again.look()
    assert store.alarm(alarm["id"])["cleared_s"] is None
    live.add("records", "pump")
    again.look()
    assert store.alarm(alarm["id"])["cleared_s"] is not None
    assert [event["text"] for event in store.events()] == ["data again", "no data for 0.05 s"]
    store.close()


def test_a_full_disk_holds_everything_back_and_lets_it_go(tmp_path):
    store, live, lines, done = Store(tmp_path / "gateway.db"), Live(["pump"]), [], []
    committer = Committer(store, live, Seldom(say=lines.append), done.append)
    stop, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=committer.run, args=(stop, ended), daemon=True)
    connection = store._database._writer
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    thread.start()
    for i in range(40):
        assert committer.put(step(i, padding=4000), stop)
    wait_until(lambda: "store" in live.faults())
    assert not live.health()[0]
    time.sleep(0.5)
    assert len(done) < 40
    connection.execute("PRAGMA max_page_count = 100000")
    wait_until(lambda: len(done) == 40)
    assert live.health()[0]
    assert [one.record.index for one in done] == list(range(40))
    sent = [json.loads(row.json)["index"] for row in store.to_send(100) if row.kind == "features"]
    assert sent == list(range(40))
    assert [line.split(":")[0] for line in lines] == ["store", lines[-1]]
    assert lines[-1].startswith("the store takes records again")
    stop.set()
    ended.set()
    thread.join(10.0)
    store.close()


def test_a_record_that_cannot_be_written_does_not_stop_the_others(tmp_path):
    store, live, lines, done = Store(tmp_path / "gateway.db"), Live(["pump"]), [], []
    committer = Committer(store, live, Seldom(say=lines.append), done.append)
    stop, ended = threading.Event(), threading.Event()
    for one in (step(0), step(1, features={"x": float("nan")}), step(2, changes=(raised(),))):
        committer.put(one, stop)
    stop.set()
    ended.set()
    committer.run(stop, ended)
    assert store.latest("pump").index == 2
    assert "record 0/1 cannot be written" in lines[0]
    store.close()


def test_a_busy_machine_does_not_starve_the_others():
    inbox, stop = Inbox({"busy": 100, "quiet": 100}, Live()), threading.Event()
    for i in range(10):
        assert inbox.put(Block("busy", 0.0, np.zeros(10), 10 * i, 0), stop)
    inbox.put(Block("quiet", 0.0, np.zeros(10), 0, 0), stop)
    taken = [inbox.get(0.1).machine for _ in range(3)]
    assert taken == ["busy", "quiet", "busy"]
    waits = threading.Thread(
        target=lambda: [inbox.put(Block("busy", 0.0, np.zeros(30), 0, 0), stop) for _ in range(2)], daemon=True
    )
    waits.start()
    waits.join(0.3)
    assert waits.is_alive()  # no room: the source waits
    for _ in range(10):
        inbox.get(0.1)
    waits.join(5.0)
    assert not waits.is_alive()
    stop.set()
    assert not inbox.put(Block("busy", 0.0, np.zeros(500), 0, 0), stop)


def test_a_station_that_fails_is_begun_anew(tmp_path, monkeypatch):
    (tmp_path / "mill.raw").write_bytes(np.ones(4 * N, "<f4").tobytes())
    path = _config(
        tmp_path, '[machines.mill]\nsource = { kind = "file", path = "mill.raw", format = "f32le", poll_s = 0.05 }\n'
    )
    original, calls = Station.push, []

    def push(self, block):
        calls.append(block)
        if len(calls) == 2:
            raise ZeroDivisionError("a fault of ours")
        return original(self, block)

    monkeypatch.setattr(Station, "push", push)
    with Running(path) as gateway:
        wait_until(lambda: len(calls) >= 2 and "station:mill" in gateway.live.faults())
        with (tmp_path / "mill.raw").open("ab") as file:
            file.write(np.ones(4 * N, "<f4").tobytes())
        wait_until(lambda: gateway.live.get("records", "mill") >= 3)
        assert gateway.live.faults() == {}
    assert threading.active_count() < 50

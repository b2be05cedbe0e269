"""What the gateway must survive: floods from anywhere, files that are none, other people's databases."""

import contextlib
import os
import socket
import sqlite3
import struct
import threading
import time
import types

import numpy as np
import pytest
from gateway_parts import machine

from drsn_keras.edge.cli import main
from drsn_keras.edge.gateway.config import GatewayConfig, StoreConfig, read_config
from drsn_keras.edge.gateway.database import Database
from drsn_keras.edge.gateway.frame import Frame, Kind
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.mqtt_client import Broker
from drsn_keras.edge.gateway.records import Block
from drsn_keras.edge.gateway.service import Gateway
from drsn_keras.edge.gateway.sources import open_source
from drsn_keras.edge.gateway.sources.file_tail import FileSource
from drsn_keras.edge.gateway.sources.hub import Hub
from drsn_keras.edge.gateway.sources.lines import NumberLines
from drsn_keras.edge.gateway.sources.mqtt import MqttSubscriber
from drsn_keras.edge.gateway.sources.udp import UdpListener
from drsn_keras.edge.gateway.store import Store, StoreUnavailable
from drsn_keras.edge.gateway.watchdog import Watchdog
from drsn_keras.edge.seldom import Seldom
from drsn_keras.errors import DataError


@pytest.fixture
def hub():
    lines, events = [], []
    made = Hub(Live(), events.append, Seldom(60.0, lines.append))
    made.lines, made.events = lines, events
    yield made
    made.close()


def test_garbage_from_a_thousand_addresses_is_one_line_and_one_event(hub):
    listener = UdpListener("127.0.0.1", 0, hub)
    for i in range(1000):
        listener._take(b"garbage", (f"10.0.{i // 250}.{i % 250}", 9))
    assert (len(hub.lines), len(hub.events), hub.live.get("bad_frames")) == (1, 1, 1000)


def test_connections_of_garbage_are_one_line(hub):
    source = open_source(machine(), None, hub)
    source.open()
    for _ in range(5):
        address = ("127.0.0.1", source.listener.port)
        with socket.create_connection(address, 5.0) as client, contextlib.suppress(ConnectionError):
            client.sendall(bytes(1 << 17))
            client.recv(1)  # until it is closed
    assert [line.split(": ")[-1] for line in hub.lines] == [
        "expected its magic, got other bytes",
        "nothing but garbage",
    ]


def test_a_client_that_does_not_wait_to_be_answered_loses_nothing(hub):
    source, blocks = open_source(machine(), None, hub), []
    source.open()
    thread = threading.Thread(target=source.run, args=(lambda b: blocks.append(b) or True, hub.stopping), daemon=True)
    thread.start()
    hello = Frame(Kind.HELLO, "pump", 1, 0, 0, 2048.0).encode()
    samples = Frame(Kind.SAMPLES, "pump", 1, 0, 0, 2048.0, payload=bytes(40000)).encode()
    with socket.create_connection(("127.0.0.1", source.listener.port), 5.0) as client:
        client.sendall(hello + samples)
        until = time.monotonic() + 10.0
        while sum(len(block.samples) for block in blocks) < 10000 and time.monotonic() < until:
            time.sleep(0.01)
    assert sum(len(block.samples) for block in blocks) == 10000 and hub.live.get("bad_frames", "pump") == 0
    hub.close()
    thread.join(5.0)


def test_kinds_without_end_are_not_lines_without_end():
    lines, now = [], [0.0]
    seldom = Seldom(60.0, lines.append, clock=lambda: now[0])
    for i in range(5000):
        seldom(f"kind {i}", "text")
    assert len(lines) == 257  # 256 kinds, and one for the others
    now[0] = 61.0
    seldom("kind 0", "again")
    seldom("kind 9000", "new")
    assert lines[257:] == ["again", "new"]


@pytest.mark.parametrize("version", [0, 1, 7])
def test_a_database_of_something_else_is_left_as_it_is(tmp_path, version):
    path = tmp_path / "photos.db"
    connection = sqlite3.connect(path)
    connection.executescript(f"CREATE TABLE photos (x); PRAGMA user_version = {version};")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"photos.db: expected a gateway's store, or none yet, got a database of"):
        Database(path)
    assert path.read_bytes() == before and not list(tmp_path.glob("*damaged*"))


def test_a_store_of_a_later_version_is_refused_and_kept(tmp_path):
    path = tmp_path / "gateway.db"
    Database(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(DataError, match="expected a store of version 1 at most, got 2"):
        Database(path)
    assert not list(tmp_path.glob("*damaged*"))


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        Database(tmp_path)


def test_a_store_that_is_removed_under_the_gateway_ends_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("drsn_keras.edge.gateway.watchdog._EVERY_S", 0.01)
    gateway = Gateway(GatewayConfig("g", StoreConfig(tmp_path / "gateway.db"), None, None, (machine(),)))
    (tmp_path / "gateway.db").unlink()
    assert gateway.run() == 1
    said = capsys.readouterr().err
    assert "drsn-edge: watchdog: " in said and "gateway.db: was removed or replaced while it was in use" in said


def test_the_check_moves_nothing(tmp_path, capsys):
    (tmp_path / "gateway.db").write_bytes(b"no database" * 1000)
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[store]\npath = "gateway.db"\n[machines.pump]\nsample_rate_hz = 2048\nsource = { kind = "udp", port = 0 }\n'
    )
    assert main(["gateway", str(config), "--check"]) == 1
    assert "not a database (the gateway moves it aside at its start" in capsys.readouterr().out
    assert (tmp_path / "gateway.db").read_bytes() == b"no database" * 1000


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("rpm = " + "1" * 5000, "expected TOML"),
        ("rpm = 0x" + "f" * 5000, "rpm: expected a number"),
        ('bundle = "~nobody-of-that-name/x"', "bundle: expected a path that begins with ~ or the home"),
    ],
)
def test_values_that_python_itself_refuses(tmp_path, line, says):
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\npath = "a"\n[machines.a]\nsample_rate_hz = 2048\n{line}\nsource.kind = "tcp"\n')
    with pytest.raises(DataError, match=says) as caught:
        read_config(path)
    assert len(str(caught.value)) < 300 + len(str(path))


def test_files_that_break_their_readers_are_passed_over(hub, tmp_path):
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + b"{" + b"x" * 117  # numpy: a TokenError
    (tmp_path / "1.npy").write_bytes(header)
    (tmp_path / os.fsdecode(b"2\xff\n.npy")).write_bytes(header)  # a name that is no text
    np.save(tmp_path / "3.npy", np.ones(2048))
    config = machine(kind="folder", path=str(tmp_path), settle_s=0.0, poll_s=0.01)
    blocks: list[Block] = []
    source = open_source(config, None, hub)
    source.run(lambda block: blocks.append(block) or len(blocks) < 2 or hub.stopping.set() or True, hub.stopping)
    assert sum(len(block.samples) for block in blocks) == 2048
    assert hub.live.get("bad_frames", "pump") == 2
    store = Store(tmp_path / "gateway.db")
    for event in hub.events:
        store.log(event)  # what it says can be kept
    store.close()


def test_the_computers_own_trouble_is_no_reason_to_pass_a_file_over(hub, tmp_path, monkeypatch):
    np.save(tmp_path / "1.npy", np.ones(2048))
    source = open_source(machine(kind="folder", path=str(tmp_path), settle_s=0.0), None, hub)

    def no_handles(path):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(source, "_read", no_handles)
        with pytest.raises(OSError, match="Too many"):
            source._step(lambda block: True, hub.stopping)
    blocks = []
    assert source._step(lambda block: blocks.append(block) or True, hub.stopping)
    assert sum(len(block.samples) for block in blocks) == 2048


def test_a_pipe_is_no_file_that_grows(hub, tmp_path):
    os.mkfifo(tmp_path / "samples")
    source = FileSource(machine(kind="file", path=str(tmp_path / "samples"), format="f32le"), None, hub)
    assert source._step(lambda block: True) is False  # and is not waited for
    assert "is no file that grows" in hub.lines[0]


def test_text_of_another_encoding_is_said():
    lines = NumberLines()
    samples, _, bad = lines.parse("1.5\n".encode("utf-16-le") * 1000)
    assert len(samples) == 0 and bad > 800
    samples, _, bad = NumberLines().parse(b"# made by x\nforce\nN\n1.5\n2.5\n")
    assert samples.tolist() == [1.5, 2.5] and bad == 0


def test_a_retained_message_is_of_a_time_that_is_over(hub):
    subscriber = MqttSubscriber(types.SimpleNamespace(where="broker:1"), "t", hub)
    taken, acknowledged = [], []
    subscriber.sources["pump"] = types.SimpleNamespace(take=lambda frame, ack: taken.append(frame) or True)
    payload = Frame(Kind.SAMPLES, "pump", 1, 0, 0, 2048.0, payload=bytes(8)).encode()
    client = types.SimpleNamespace(ack=lambda *number: acknowledged.append(number))
    for retain in (True, False):
        message = types.SimpleNamespace(payload=payload, retain=retain, qos=1, mid=7, topic="t")
        subscriber._take(client, None, message)
    assert len(taken) == 1 and acknowledged == [(7, 1)] and hub.live.get("refused") == 1


def test_a_login_that_is_refused_is_tried_ever_more_seldom(hub, monkeypatch):
    pytest.importorskip("paho.mqtt.client")
    answers, pauses = [0x87, 0x87, 0, 0x87], []  # MQTT 5: not authorised; 0: welcome

    def wait(pause_s):
        pauses.append(pause_s)
        return len(pauses) == len(answers) and hub.stopping.set()

    def serve(listening):
        for answer in answers:
            client, _ = listening.accept()
            with client:
                client.recv(4096)
                client.sendall(bytes([0x20, 3, 0, answer, 0]))
                client.recv(4096)  # its goodbye, or what it subscribes to

    monkeypatch.setattr(hub.stopping, "wait", wait)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        MqttSubscriber(Broker("127.0.0.1", listening.getsockname()[1], "g1"), "t", hub)._run()
    assert pauses == [2.0, 4.0, 1.0, 2.0]
    assert "Not authorized" in hub.lines[0]


def test_an_alarm_that_cannot_be_written_is_tried_again(tmp_path, monkeypatch):
    store, live = Store(tmp_path / "gateway.db"), Live(["pump"])
    source = types.SimpleNamespace(silence_s=-1.0)
    watchdog = Watchdog(store, live, {"pump": source}, Seldom(say=lambda line: None))

    def full(*_):
        raise StoreUnavailable("full")

    with monkeypatch.context() as patched:
        patched.setattr(store, "change", full)
        watchdog.look()
    assert store.alarms() == [] and not live.health()[0]
    watchdog.look()
    assert live.health()[0] and [alarm["name"] for alarm in store.alarms()] == ["silent"]
    store.close()

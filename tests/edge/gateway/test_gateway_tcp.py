import socket
import threading
import time

import numpy as np
import pytest
from gateway_parts import RATE_HZ, machine

from drsn_keras.edge.gateway.frame import Frame, Kind
from drsn_keras.edge.gateway.frame_reader import FrameReader
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.records import Position
from drsn_keras.edge.gateway.sender import Refused, Sender
from drsn_keras.edge.gateway.sources import open_source
from drsn_keras.edge.gateway.sources.hub import Hub
from drsn_keras.edge.seldom import Seldom
from drsn_keras.errors import DataError


class Port:
    """Sources on a port, and what they gave."""

    def __init__(self, after: Position | None = None, names=("pump",), **source) -> None:
        self.live, self.lines, self.events, self.blocks = Live(), [], [], []
        self.hub = Hub(self.live, self.events.append, Seldom(60.0, self.lines.append))
        self.sources = [open_source(machine(name, **source), after, self.hub) for name in names]
        self.source = self.sources[0]
        for one in self.sources:
            one.open()
            threading.Thread(target=one.run, args=(self.emit, self.hub.stopping), daemon=True).start()
        self.port = self.source.listener.port

    def emit(self, block) -> bool:
        self.blocks.append(block)
        return True

    def samples(self, name: str = "pump") -> np.ndarray:
        return np.concatenate([block.samples for block in self.blocks if block.machine == name])

    def n_samples(self) -> int:
        return sum(len(block.samples) for block in self.blocks)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 5.0)


@pytest.fixture
def open_port():
    ports = []

    def make(*arguments, **source) -> Port:
        ports.append(Port(*arguments, **source))
        return ports[-1]

    yield make
    for port in ports:
        port.hub.close()


def wait_until(condition, timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.01)


def _replies(client: socket.socket) -> list[Frame]:
    reader, found = FrameReader(), []
    client.settimeout(5.0)
    while data := client.recv(4096):
        found += reader.feed(data)
    return found


def test_samples_arrive_as_they_were_and_are_acknowledged_after_the_commit(open_port):
    port = open_port()
    y = np.random.default_rng(0).normal(size=5000).astype(np.float32)
    with Sender("127.0.0.1", port.port, "pump", RATE_HZ, epoch=3, start_s=50.0, frame_samples=900) as sender:
        assert sender.connect() == 0
        sender.send(y, rpm=1480.0)
        while port.n_samples() < 5000:
            sender.pump(0.05)
        np.testing.assert_array_equal(port.samples(), y)
        assert [block.position for block in port.blocks] == [0, 1, 900, 1800, 2700, 3600, 4500]
        assert {block.rpm for block in port.blocks} == {1480.0}
        assert port.blocks[2].time_s == pytest.approx(50.0 + 900 / RATE_HZ)
        sender.pump(0.1)
        assert sender.committed == 0
        port.source.committed(4096, 0)
        while sender.committed < 4096:
            sender.pump(0.05)
        assert sender.pending == 904


def test_a_gateway_that_was_away_gets_what_it_has_not(open_port):
    first = open_port()
    y = np.arange(4000.0)
    with Sender("127.0.0.1", first.port, "pump", RATE_HZ, epoch=3, frame_samples=512) as sender:
        sender.send(y)
        while first.n_samples() < 4000:
            sender.pump(0.05)
        kept = next(block for block in first.blocks if block.position + len(block.samples) == 1536)
        first.hub.close()
        second = open_port(Position(2000, 0, kept.cookie))
        sender.port = second.port
        sender.send(np.arange(4000.0, 5000.0))
        while second.n_samples() < 3000:
            sender.pump(0.05)
    np.testing.assert_array_equal(second.samples(), np.arange(2000.0, 5000.0))
    assert (second.blocks[0].position, second.blocks[0].epoch) == (2000, 0)


def test_counts_are_scaled_and_without_a_scale_refused(open_port):
    port = open_port(scale=0.5)
    with Sender("127.0.0.1", port.port, "pump", RATE_HZ, "s16le") as sender:
        sender.send(np.array([1.0, -3.0, 1e9]))
        while port.n_samples() < 3:
            sender.pump(0.05)
    assert port.samples().tolist() == [0.5, -1.5, 16383.5]
    other = open_port()
    with (
        Sender("127.0.0.1", other.port, "pump", RATE_HZ, "s16le") as sender,
        pytest.raises(Refused, match="expected scale in its configuration"),
    ):
        sender.send(np.ones(3))
        for _ in range(100):
            sender.pump(0.05)


@pytest.mark.parametrize(
    ("name", "rate_hz", "says"),
    [("fan", RATE_HZ, "no machine 'fan'"), ("pump", 12000.0, "expected 2048 Hz, got 12000")],
)
def test_who_is_not_configured_is_told_so(open_port, name, rate_hz, says):
    port = open_port()
    with Sender("127.0.0.1", port.port, name, rate_hz) as sender, pytest.raises(Refused, match=says):
        sender.connect(5.0)
    assert says.split("'")[0] in port.lines[0]
    assert port.live.get("refused", "pump" if name == "pump" else "") == 1
    assert port.blocks == []


def test_garbage_ends_its_connection_and_no_other(open_port):
    port = open_port()
    with Sender("127.0.0.1", port.port, "pump", RATE_HZ) as sender:
        sender.connect()
        with port.connect() as client:
            client.settimeout(4.0)  # less than a silent client is given
            with pytest.raises(OSError, match=r"reset|Broken pipe|over"):
                client.sendall(b"GET / HTTP/1.1\r\n" * 20_000)
                if not client.recv(1):
                    raise ConnectionResetError("it is over")
        sender.send(np.ones(10))
        while port.n_samples() < 10:
            sender.pump(0.05)
    assert port.live.get("bad_frames") == 1
    assert len(port.lines) == 2


def test_samples_before_a_greeting_and_of_another_machine(open_port):
    port = open_port(names=("pump", "fan"))
    samples = Frame(Kind.SAMPLES, "pump", sample_rate_hz=RATE_HZ, payload=bytes(8))
    with port.connect() as client:
        client.sendall(samples.encode())
        assert [frame.kind for frame in _replies(client)] == [Kind.REFUSED]
    with port.connect() as client:
        client.sendall(Frame(Kind.HELLO, "fan", sample_rate_hz=RATE_HZ).encode())
        time.sleep(0.05)
        client.sendall(samples.encode())
        replies = _replies(client)
    assert [frame.kind for frame in replies] == [Kind.BEGIN, Kind.REFUSED]
    assert port.blocks == []


def test_who_says_nothing_has_to_go(open_port):
    port = open_port(timeout_s=1.0)
    with port.connect() as client:
        client.sendall(Frame(Kind.HELLO, "pump", sample_rate_hz=RATE_HZ).encode())
        # A frame that does not end, a byte now and then: no sign of life.
        frame = Frame(Kind.SAMPLES, "pump", sample_rate_hz=RATE_HZ, payload=bytes(4000)).encode()
        started = time.monotonic()
        with pytest.raises(OSError):
            for byte in frame:
                client.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - started < 8.0
    assert any("an unfinished frame for 1 s" in line for line in port.lines)
    wait_until(lambda: port.live.get("connections") == 0)


def test_no_more_connections_than_agreed(open_port):
    port = open_port(max_connections=2)
    with port.connect(), port.connect():
        wait_until(lambda: port.live.get("connections") == 2)
        with port.connect() as third:
            (frame,) = _replies(third)
            assert frame.payload == b"no more than 2 connections"
    wait_until(lambda: port.live.get("connections") == 0)


def test_a_machine_that_comes_again_takes_its_place(open_port):
    port = open_port()
    hello = Frame(Kind.HELLO, "pump", sample_rate_hz=RATE_HZ).encode()
    with port.connect() as old, port.connect() as new:
        old.sendall(hello)
        old.settimeout(5.0)
        assert old.recv(100)
        new.sendall(hello)
        new.settimeout(5.0)
        assert new.recv(100)
        assert old.recv(100) == b""  # half open, from before its power went
        port.source.on_commit(1, 2)
        assert new.recv(100)


def test_a_port_in_use_is_one_line(open_port):
    port = open_port()
    other = open_source(machine(port=port.port), None, Hub(Live(), print))
    with pytest.raises(DataError, match=r"127.0.0.1:\d+: expected an address to listen on, got Address already in use"):
        other.open()
    with pytest.raises(DataError, match=r"machines.pump.source.prot: expected one of"):
        open_source(machine(prot=1), None, port.hub)

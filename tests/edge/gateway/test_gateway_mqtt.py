import contextlib
import json
import socket
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from gateway_parts import RATE_HZ, machine, raised, step

from drsn_keras.edge.gateway.frame import DUPLICATE, Frame, Kind, decode
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.mqtt_client import Broker, connect, make_client
from drsn_keras.edge.gateway.publisher import WINDOW, Publisher
from drsn_keras.edge.gateway.records import Event, Position
from drsn_keras.edge.gateway.sources import open_source
from drsn_keras.edge.gateway.sources.hub import Hub
from drsn_keras.edge.gateway.store import Store
from drsn_keras.edge.gateway.wire import JsonWire
from drsn_keras.edge.seldom import Seldom
from drsn_keras.errors import DataError

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))

import gateway_soak
import gateway_soak_parts

pytest.importorskip("paho.mqtt.client")


def wait_until(condition, timeout_s: float = 15.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory):
    try:
        gateway_soak_parts.need_mosquitto()
    except DataError as error:
        pytest.skip(str(error))
    with gateway_soak_parts.Broker(tmp_path_factory.mktemp("mosquitto") / "broker") as broker:
        yield broker


@pytest.fixture
def client(mosquitto):
    """A client that remembers all it gets."""
    broker = Broker("127.0.0.1", mosquitto.port, "tester")
    made = make_client(broker, keep_session=False)
    made.got = []
    made.on_message = lambda _client, _data, message: made.got.append(message)
    connect(made, broker)
    made.loop_start()
    wait_until(made.is_connected)
    yield made
    made.disconnect()
    made.loop_stop()


class Subscribed:
    """An MQTT source at work."""

    def __init__(self, port: int, topic: str, after: Position | None = None) -> None:
        self.live, self.lines, self.blocks = Live(), [], []
        self.hub = Hub(self.live, lambda event: None, Seldom(say=self.lines.append))
        self.source = open_source(machine(kind="mqtt", host="127.0.0.1", port=port, topic=topic), after, self.hub)
        self.source.open()
        self._thread = threading.Thread(target=self.source.run, args=(self.emit, self.hub.stopping), daemon=True)
        self._thread.start()

    def emit(self, block) -> bool:
        self.blocks.append(block)
        return True

    def wait_until_subscribed(self) -> None:
        subscriber = self.source._subscriber
        wait_until(lambda: subscriber._client is not None and subscriber._client.is_connected())
        time.sleep(0.2)

    def n_samples(self) -> int:
        return sum(len(block.samples) for block in self.blocks)

    def close(self) -> None:
        self.hub.close()
        self.source._subscriber._thread.join(10.0)
        self._thread.join(5.0)


def _frame(position: int, n: int = 10, machine_name: str = "pump") -> bytes:
    payload = np.arange(position, position + n, dtype="<f4").tobytes()
    return Frame(Kind.SAMPLES, machine_name, 1, position, 0, RATE_HZ, payload=payload).encode()


def test_a_source_acknowledges_what_is_committed_and_gets_the_rest_again(mosquitto, client):
    first = Subscribed(mosquitto.port, "sensors/pump")
    first.wait_until_subscribed()
    for k in range(6):
        client.publish("sensors/pump", _frame(10 * k), qos=1)
    client.publish("sensors/pump", b"no frame", qos=1)
    client.publish("sensors/pump", _frame(0, machine_name="fan"), qos=1)
    wait_until(lambda: first.n_samples() == 60 and first.live.get("refused") == 1)
    assert first.live.get("bad_frames") == 1
    first.source.committed(40, 0)
    time.sleep(0.3)
    kept = next(block for block in first.blocks if block.position + len(block.samples) == 40)
    first.close()
    client.publish("sensors/pump", _frame(60), qos=1)  # while nobody listens
    second = Subscribed(mosquitto.port, "sensors/pump", Position(40, 0, kept.cookie))
    wait_until(lambda: second.n_samples() == 30)
    assert [(block.position, block.epoch) for block in second.blocks] == [(40, 0), (50, 0), (60, 0)]
    assert second.blocks[-1].samples[-1] == 69.0
    second.source.committed(70, 0)
    time.sleep(0.3)
    second.close()
    third = Subscribed(mosquitto.port, "sensors/pump", Position(70, 0, second.blocks[-1].cookie))
    time.sleep(0.5)
    assert third.blocks == []
    assert third.live.get("late", "pump") == 0  # nothing came again
    third.close()


def test_more_frames_a_record_than_the_broker_gives_at_once(mosquitto, client):
    """Acknowledged only after a commit, which may need more messages than a broker leaves unacknowledged."""
    source = Subscribed(mosquitto.port, "sensors/many")
    wait_until(
        lambda: source.source._subscriber._client is not None and source.source._subscriber._client.is_connected()
    )
    time.sleep(0.2)
    for k in range(100):
        client.publish("sensors/many", _frame(10 * k), qos=1)
    wait_until(lambda: source.n_samples() == 1000, 5.0)
    source.close()


class Publishing:
    """A publisher at work."""

    def __init__(self, port: int, store: Store) -> None:
        self.live, self.lines, self.stop = Live(), [], threading.Event()
        broker = Broker("127.0.0.1", port, "gateway-1")
        self.publisher = Publisher(
            broker, JsonWire("t", "g", store.id), store, self.live, Seldom(say=self.lines.append)
        )
        self._thread = threading.Thread(target=self.publisher.run, args=(self.stop,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.stop.set()
        self._thread.join(10.0)
        assert not self._thread.is_alive()


def test_all_that_is_stored_is_published_in_order(mosquitto, client, tmp_path):
    store = Store(tmp_path / "gateway.db")
    wave = np.arange(5, dtype=np.float32)
    store.commit_all([step(i) for i in range(45)])
    store.commit(step(45, changes=(raised(),), events=(Event(1.0, "pump", "alarm", "zone C"),), waveform=wave))
    store.log(Event(2.0, "", "start", "begun"))
    store.mark(tried=[1, 2])  # as if the one before us had been killed
    client.subscribe("t/#", qos=1)
    time.sleep(0.2)
    publishing = Publishing(mosquitto.port, store)
    wait_until(lambda: len(client.got) == 51)
    wait_until(lambda: store.waiting() == 0)
    store.commit(step(46))
    publishing.publisher.wake()
    wait_until(lambda: len(client.got) == 52)
    publishing.close()
    wait_until(lambda: len(client.got) == 53)
    topics = [message.topic for message in client.got]
    assert topics[0] == topics[-1] == "t/g/status"
    assert [client.got[0].payload, client.got[-1].payload] == [b"online", b"offline"]
    assert topics[1:47] == ["t/g/pump/features"] * 46
    assert topics[47:51] == ["t/g/pump/alarm", "t/g/pump/event", "t/g/pump/waveform/1", "t/g/event"]
    values = [json.loads(message.payload) for message in client.got[1:47]]
    assert [one["seq"] for one in values] == list(range(1, 47))
    assert [one["index"] for one in values] == list(range(46))
    assert [one["seq"] for one in values if one.get("duplicate")] == [1, 2]
    assert {one["store"] for one in values} == {store.id}
    frame = decode(client.got[49].payload)
    assert (frame.samples().tolist(), frame.flags & DUPLICATE, frame.machine) == (wave.tolist(), 0, "pump")
    assert publishing.live.get("published") == 51
    store.close()


class Proxy:
    """Between publisher and broker; while it is mute, nothing that the broker says gets through."""

    def __init__(self, port: int) -> None:
        self._to, self.is_mute, self._open = port, False, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(("127.0.0.1", self._to))
                self._open += [ours, theirs]
                for way in ((ours, theirs, False), (theirs, ours, True)):
                    threading.Thread(target=self._copy, args=way, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                if not (is_answer and self.is_mute):
                    target.sendall(data)

    def cut(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open = []

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def test_what_was_not_acknowledged_is_sent_again_in_order_and_marked(mosquitto, client, tmp_path):
    store, proxy = Store(tmp_path / "gateway.db"), Proxy(mosquitto.port)
    client.subscribe("t/g/pump/features", qos=1)
    time.sleep(0.2)
    publishing = Publishing(proxy.port, store)
    wait_until(lambda: publishing.live.get("mqtt_connected"))
    proxy.is_mute = True
    store.commit_all([step(i) for i in range(50)])
    publishing.publisher.wake()
    wait_until(lambda: len(client.got) == WINDOW)  # no more than agreed before the first acknowledgement
    assert [row.tried for row in store.to_send(100)] == [True] * WINDOW + [False] * 30
    proxy.cut()
    proxy.is_mute = False
    wait_until(lambda: store.waiting() == 0)
    wait_until(lambda: len(client.got) == 50 + WINDOW)
    publishing.close()
    proxy.close()
    values = [json.loads(message.payload) for message in client.got]
    assert [one["index"] for one in values] == [*range(WINDOW), *range(50)]
    assert ["duplicate" in one for one in values] == [False] * WINDOW + [True] * WINDOW + [False] * 30
    assert publishing.live.get("duplicates", "pump") == WINDOW
    store.close()


def test_a_broker_that_is_away_leaves_all_in_the_store(tmp_path):
    store = Store(tmp_path / "gateway.db")
    publishing = Publishing(gateway_soak_parts.free_port(), store)
    store.commit_all([step(i) for i in range(30)])
    wait_until(lambda: publishing.lines)
    assert "expected an MQTT broker, got Connection refused; records wait in the store" in publishing.lines[0]
    publishing.close()
    assert publishing.live.health()[0]
    assert not any(row.tried for row in store.to_send(100))
    store.close()


def test_a_will_speaks_for_a_gateway_that_was_killed(mosquitto, client, tmp_path):
    store = Store(tmp_path / "gateway.db")
    client.subscribe("t/g/status", qos=1)
    publishing = Publishing(mosquitto.port, store)
    wait_until(lambda: any(message.payload == b"online" for message in client.got))
    other = make_client(Broker("127.0.0.1", mosquitto.port, "gateway-1"), keep_session=False)  # takes its place
    connect(other, Broker("127.0.0.1", mosquitto.port, "gateway-1"))
    wait_until(lambda: any(message.payload == b"offline" for message in client.got))
    other.disconnect()
    publishing.close()
    store.close()


def test_killed_and_cut_off_nothing_is_lost_or_doubled(mosquitto, tmp_path):
    """The short form of `make soak`."""
    said = []
    figures = gateway_soak.soak(
        tmp_path, machines=2, seconds=8.0, broker_away_s=2.0, kills=2, disk_full_s=0.0, pace=2.0, say=said.append
    )
    assert figures["passed"], (figures, said)
    assert figures["gateway_starts"] == 3
    assert figures["records_received"] == 16

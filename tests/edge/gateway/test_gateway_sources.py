import os
import pty
import socket
import threading
import time
import tty

import numpy as np
import pytest
from gateway_parts import RATE_HZ, machine

from drsn_keras.edge.gateway.frame import Frame, Kind, decode
from drsn_keras.edge.gateway.frame_reader import FrameReader
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.records import Position
from drsn_keras.edge.gateway.sources import open_source
from drsn_keras.edge.gateway.sources.hub import Hub
from drsn_keras.edge.gateway.sources.lines import NumberLines
from drsn_keras.edge.sample_format import FORMATS
from drsn_keras.edge.seldom import Seldom
from drsn_keras.errors import DataError


class Running:
    """One source at work, and what it gave."""

    def __init__(self, after: Position | None = None, scale: float | None = None, **source) -> None:
        self.live, self.lines, self.events, self.blocks = Live(), [], [], []
        self.hub = Hub(self.live, self.events.append, Seldom(60.0, self.lines.append))
        self.source = open_source(machine(scale=scale, **source), after, self.hub)
        self.source.open()
        self._thread = threading.Thread(target=self.source.run, args=(self.emit, self.hub.stopping), daemon=True)
        self._thread.start()

    def emit(self, block) -> bool:
        self.blocks.append(block)
        return True

    def wait_for(self, n: int) -> np.ndarray:
        """All samples, once there are so many."""
        wait_until(lambda: sum(len(block.samples) for block in self.blocks) >= n)
        return np.concatenate([block.samples for block in self.blocks])

    def place_after(self, position: int) -> Position:
        """As a station that committed up to there would say it."""
        over = [block for block in self.blocks if block.position + len(block.samples) <= position]
        return Position(position, over[-1].epoch, over[-1].cookie)

    def close(self) -> None:
        self.hub.close()
        self._thread.join(5.0)


@pytest.fixture
def start():
    running = []

    def make(*arguments, **source) -> Running:
        running.append(Running(*arguments, **source))
        return running[-1]

    yield make
    for one in running:
        one.close()


def wait_until(condition, timeout_s: float = 10.0) -> None:
    until = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.01)


def _frame(position: int, values, machine_name: str = "pump", **more) -> bytes:
    payload = np.asarray(values, "<f4").tobytes()
    return Frame(Kind.SAMPLES, machine_name, 1, position, 0, RATE_HZ, payload=payload, **more).encode()


def test_datagrams_holes_and_strangers(start):
    running = start(kind="udp", port=0)
    address = ("127.0.0.1", running.source.listener.port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5.0)
        client.sendto(_frame(0, [1.0, 2.0]), address)
        client.sendto(_frame(5, [3.0]), address)
        client.sendto(b"DRSVnothing", address)
        client.sendto(_frame(0, [1.0], "fan"), address)
        refused = decode(client.recv(2000))
        client.sendto(_frame(6, [4.0]), address)
        assert running.wait_for(4).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert refused.payload == b"no machine 'fan' in the gateway's configuration"
    assert [(block.position, block.epoch) for block in running.blocks] == [(0, 0), (1, 0), (5, 0), (6, 0)]
    assert (running.live.get("gaps", "pump"), running.live.get("bad_frames"), running.live.get("refused")) == (1, 1, 1)
    assert len(running.events) == 2


def test_a_serial_line(start):
    pytest.importorskip("serial")
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    running = start(kind="serial", device=os.ttyname(theirs))
    try:
        wait_until(lambda: running.source.on_commit is not None)
        hello = Frame(Kind.HELLO, "pump", 1, 0, 0, RATE_HZ).encode()
        os.write(ours, b"boot 1.2\r\n" + hello + _frame(0, [1.0, 2.0]) + b"\x00noise" + _frame(2, [3.0]))
        assert running.wait_for(3).tolist() == [1.0, 2.0, 3.0]
        running.source.committed(2, 0)
        reader, replies = FrameReader(), []
        while len(replies) < 2:
            replies += reader.feed(os.read(ours, 1000))
        assert [(frame.kind, frame.position) for frame in replies] == [(Kind.BEGIN, 0), (Kind.POSITION, 2)]
        # The first before anybody had said who it is.
        wait_until(lambda: running.live.get("bad_frames") + running.live.get("bad_frames", "pump") == 2)
    finally:
        running.close()
        os.close(ours)
        os.close(theirs)


def test_a_serial_line_that_is_not_there(start):
    pytest.importorskip("serial")
    running = start(kind="serial", device="/dev/ttyNone")
    wait_until(lambda: running.lines)
    assert running.lines[0].startswith("/dev/ttyNone: expected a serial line, got")
    with pytest.raises(DataError, match="/dev/ttyNone: expected a serial line"):
        running.source.check()


def test_a_file_that_grows_is_rotated_and_truncated(start, tmp_path):
    path = tmp_path / "mill.raw"
    path.write_bytes(np.arange(10, dtype="<i2").tobytes() + b"\x01")  # half a sample
    running = start(kind="file", path=str(path), format="s16le", poll_s=0.02, scale=0.5)
    assert running.wait_for(10).tolist() == (0.5 * np.arange(10)).tolist()
    with path.open("ab") as file:
        file.write(b"\x00")  # its other half: 1
    assert running.wait_for(11)[-1] == 0.5
    path.rename(tmp_path / "mill.raw.1")
    with (tmp_path / "mill.raw.1").open("ab") as file:
        file.write(np.array([20], "<i2").tobytes())  # the writer had it open still
    path.write_bytes(np.array([21, 22], "<i2").tobytes())
    assert running.wait_for(14)[-3:].tolist() == [10.0, 10.5, 11.0]
    assert {block.epoch for block in running.blocks} == {0}
    assert running.live.get("rotations", "pump") == 1
    path.write_bytes(np.array([30], "<i2").tobytes())
    assert running.wait_for(15)[-1] == 15.0
    assert (running.blocks[-1].position, running.blocks[-1].epoch) == (0, 1)
    assert "was truncated" in running.events[-1].text


@pytest.mark.parametrize("committed", [1, 5, 10, 17])
def test_a_file_goes_on_where_the_store_stands(start, tmp_path, committed):
    path = tmp_path / "mill.raw"
    path.write_bytes(np.arange(10, dtype="<f4").tobytes())
    first = start(kind="file", path=str(path), format="f32le", poll_s=0.02)
    first.wait_for(10)
    with path.open("ab") as file:
        file.write(np.arange(10, 20, dtype="<f4").tobytes())
    first.wait_for(20)
    first.close()
    after = first.place_after(committed)
    path.rename(tmp_path / "mill.raw.old")
    path.write_bytes(np.arange(20, 23, dtype="<f4").tobytes())
    second = start(after, kind="file", path=str(path), format="f32le", poll_s=0.02)
    wait_until(lambda: second.blocks and second.blocks[-1].position + len(second.blocks[-1].samples) == 23)
    y = np.concatenate([block.samples for block in second.blocks])
    assert y.tolist() == list(range(23 - len(y), 23))
    assert second.blocks[0].position == 23 - len(y) <= committed
    assert {block.epoch for block in second.blocks} == {0}


def test_a_file_whose_rest_is_gone_begins_a_new_epoch(start, tmp_path):
    path = tmp_path / "mill.raw"
    path.write_bytes(np.arange(4, dtype="<f4").tobytes())
    first = start(kind="file", path=str(path), format="f32le", poll_s=0.02)
    first.wait_for(4)
    first.close()
    (tmp_path / "other").write_bytes(b"")  # takes the inode
    path.rename(tmp_path / "elsewhere")
    (tmp_path / "new").write_bytes(np.ones(2, "<f4").tobytes())
    (tmp_path / "new").rename(path)
    second = start(first.place_after(4), kind="file", path=str(path), format="f32le", poll_s=0.02)
    assert second.wait_for(2).tolist() == [1.0, 1.0]
    assert [(block.position, block.epoch) for block in second.blocks] == [(0, 1), (1, 1)]


def test_a_column_of_a_text_that_grows(start, tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("# logger\ntime;x\n0;1.5\n1;2.5\n2;oops\n3;nan\n4;")
    running = start(kind="file", path=str(path), format="csv", column="x", poll_s=0.02)
    np.testing.assert_array_equal(running.wait_for(3), [1.5, 2.5, np.nan])
    with path.open("a") as file:
        file.write("3.5\n")
    assert running.wait_for(4)[-1] == 3.5
    assert running.live.get("bad_frames", "pump") == 1
    running.close()
    again = start(running.place_after(3), kind="file", path=str(path), format="csv", column="x", poll_s=0.02)
    wait_until(lambda: again.blocks and again.blocks[-1].position + len(again.blocks[-1].samples) == 4)
    assert again.blocks[-1].samples[-1] == 3.5


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_and_a_frame_give_what_was_sent(start, tmp_path, name):
    form = FORMATS[name]
    if name.startswith("f"):
        sent = np.array([0.1, -np.pi, 1e30, 16777217.0], form.code)
        data = sent.tobytes()
    else:
        most = 1 << (8 * form.n_bytes - 1)
        sent = [1, -1, most - 1, -most, most // 3]
        data = b"".join((x + form.zero).to_bytes(form.n_bytes, "little", signed=not form.zero) for x in sent)
    (tmp_path / "mill.raw").write_bytes(data)
    running = start(scale=1.0, kind="file", path=str(tmp_path / "mill.raw"), format=name, poll_s=0.02)
    np.testing.assert_array_equal(running.wait_for(len(sent)), sent)
    np.testing.assert_array_equal(Frame(Kind.SAMPLES, "pump", sample_format=name, payload=data).samples(), sent)


def test_lines_of_any_bytes():
    lines = NumberLines()
    for data in (b"", b"\xff\xfe\n", b"1,2\n3", b"x" * 70_000, b"1e999\n", b"\n\n,,,\n"):
        values, n_bytes, bad = lines.parse(data)
        assert 0 <= n_bytes <= len(data)
        assert bad <= 2
        assert not np.isinf(values).any()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"kind": "file", "path": "x", "format": "s16le"}, "format s16le: expected scale in machines.pump"),
        ({"kind": "file", "path": "x", "format": "mp3"}, "source.format: expected"),
        ({"kind": "file", "path": "x", "format": "f32le", "column": "a"}, "format = 'csv' only"),
        ({"kind": "folder"}, "source.path: expected text"),
        ({"kind": "mqtt", "host": "h"}, "source.topic: expected text"),
        (
            {"kind": "mqtt", "host": "h", "topic": "t", "ca_file": "c"},
            "source.tls: expected true where ca_file is given",
        ),
        ({"kind": "mqtt", "host": "h", "topic": "t", "password_file": "p"}, "source.username: expected it where"),
        ({"kind": "mqtt", "host": "h", "topic": "t", "password_file": "p", "usrname": "u"}, "did you mean username"),
        ({"kind": "udp", "port": 70000}, "source.port: expected a whole number"),
        ({"kind": "serial", "device": "d", "bauds": 9600}, "did you mean baud"),
    ],
)
def test_keys_of_each_kind_are_checked(keys, says):
    config = machine()
    config = type(config)(**{**vars(config), "source": keys})
    with pytest.raises(DataError, match=says):
        open_source(config, None, Hub(Live(), print))


def _folder(start, path, after=None, **keys):
    return start(after, kind="folder", path=str(path), poll_s=0.02, settle_s=0.05, **keys)


def test_a_folder_in_order_of_names(start, tmp_path, wav_bytes, s16):
    n = 2048
    np.save(tmp_path / "b.npy", np.full(n + 100, 2.0))
    (tmp_path / "a.csv").write_text("x\n" + "1\n" * n)
    (tmp_path / "c.wav").write_bytes(wav_bytes(s16(np.full(n, 0.5)), rate_hz=2048))
    (tmp_path / "d.csv").write_text("x\n1\n")
    (tmp_path / "e.csv").write_text("x\nno number\n")
    (tmp_path / "f.wav").write_bytes(wav_bytes(s16(np.full(n, 0.5)), rate_hz=8000))
    (tmp_path / "notes.md").write_text("no recording")
    np.savez(tmp_path / "g.npz", signal=np.full(n, 7.0))
    running = start(kind="folder", path=str(tmp_path), poll_s=0.02, settle_s=0.05, full_scale=16.0, pattern="c.wav")
    assert running.wait_for(n)[0] == pytest.approx(8.0, rel=1e-3)
    running.close()
    running = _folder(start, tmp_path)
    y = running.wait_for(3 * n)
    assert [float(y[i * n]) for i in range(3)] == [1.0, 2.0, 7.0]
    assert running.blocks[-1].position + len(running.blocks[-1].samples) == 3 * n
    assert running.live.get("bad_frames", "pump") == 3  # c: no full scale; e: no numbers; f: another rate
    assert any("at least 2048 samples (a record), got 1" in line for line in running.lines)


@pytest.mark.parametrize("committed", [2048, 4096, 6144])
def test_a_folder_goes_on_where_the_store_stands(start, tmp_path, committed):
    for i in range(3):
        np.save(tmp_path / f"{i}.npy", np.arange(2048.0) + 2048 * i)
    first = _folder(start, tmp_path)
    first.wait_for(3 * 2048)
    first.close()
    np.save(tmp_path / "3.npy", np.arange(2048.0) + 3 * 2048)
    second = _folder(start, tmp_path, after=first.place_after(committed))
    wait_until(lambda: second.blocks and second.blocks[-1].position + len(second.blocks[-1].samples) == 8192)
    position, y = second.blocks[0].position, np.concatenate([block.samples for block in second.blocks])
    assert position <= committed
    assert y.tolist() == list(range(position, 8192))


def test_a_file_that_is_still_written_is_left_alone(start, tmp_path):
    path = tmp_path / "a.npy"
    whole = np.ones(2048)
    np.save(path, whole)
    data = path.read_bytes()
    path.write_bytes(data[:5000])
    running = start(kind="folder", path=str(tmp_path), poll_s=0.02, settle_s=0.3)
    for size in range(6000, 13000, 1000):
        time.sleep(0.05)
        path.write_bytes(data[:size])
    path.write_bytes(data)
    assert running.wait_for(2048).tolist() == whole.tolist()
    assert running.live.get("bad_frames", "pump") == 0

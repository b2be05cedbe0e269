import json
import os
import signal
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from gateway_parts import raised, step

from drsn_keras.edge.gateway.database import StoreUnavailable
from drsn_keras.edge.gateway.records import Event
from drsn_keras.edge.gateway.store import Store
from drsn_keras.errors import DataError


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "gateway.db", quota_mb=8, waveform_quota_mb=1)
    yield made
    made.close()


def test_a_step_is_there_as_a_whole(store, tmp_path):
    event = Event(5.0, "pump", "learned", "normal is learned", {"n": 3})
    seq = store.commit(step(0, events=(event,)))
    assert store.latest("pump") == step(0).record
    assert store.station("pump") == ({"k": 0}, 2048, 0, "c0")
    assert store.picture("pump") == {"spectrum": {"hz": [1.0]}}
    (told,) = store.events(machine="pump")
    assert (told["kind"], told["text"], told["detail"]) == ("learned", "normal is learned", {"n": 3})
    rows = store.to_send(10)
    assert [(row.kind, row.tried) for row in rows] == [("features", False), ("event", False)]
    assert rows[0].seq == seq
    assert json.loads(rows[0].json) == json.loads(step(0).record.to_json())
    store.close()
    again = Store(tmp_path / "gateway.db")
    assert (again.latest("pump"), again.picture("pump")) == (step(0).record, {"spectrum": {"hz": [1.0]}})
    assert again.id == store.id
    again.close()


def test_twice_is_once(store):
    first = store.commit(step(0))
    assert store.commit(step(0, events=(Event(1.0, "pump", "gap", "again"),))) == first
    assert store.events() == []
    assert store.waiting() == 1
    assert store.commit(step(1)) == first + 1


def test_a_step_that_cannot_be_written_leaves_nothing(store):
    store.commit(step(0))
    with pytest.raises(ValueError, match="JSON"):
        store.commit_all([step(1), step(2, features={"x": float("nan")})])
    assert store.latest("pump").index == 0
    assert store.station("pump").position == 2048
    assert store.commit(step(1)) == 2  # no number was used up


def test_the_outbox_marks_and_forgets(store):
    seqs = store.commit_all([step(i) for i in range(5)])
    store.mark(tried=seqs[:3])
    store.mark(sent=seqs[:2])
    rows = store.to_send(10)
    assert [(row.seq, row.tried) for row in rows] == [(seqs[2], True), (seqs[3], False), (seqs[4], False)]
    assert [row.seq for row in store.to_send(10, after=seqs[3])] == [seqs[4]]
    assert store.waiting() == 3


def test_numbers_are_not_used_again_after_a_restart(store, tmp_path):
    seqs = store.commit_all([step(i) for i in range(3)])
    store.mark(sent=seqs)
    store.close()
    again = Store(tmp_path / "gateway.db")
    assert again.commit(step(3)) == seqs[-1] + 1
    again.close()


def test_nobody_sends_nothing_waits(tmp_path):
    store = Store(tmp_path / "gateway.db", publish=False)
    store.commit(step(0, changes=(raised(),)))
    assert (store.waiting(), store.to_send(5)) == (0, [])
    store.close()


def test_life_of_an_alarm(store):
    wave = np.arange(4, dtype=np.float32)
    store.commit(step(0, changes=(raised(), raised("normal")), waveform=wave))
    newest, oldest = store.alarms(open_only=True)
    assert (oldest["name"], oldest["level"], oldest["waveform"], oldest["cleared_s"]) == ("iso", "warning", 1, None)
    store.acknowledge(oldest["id"], "ana", "seen", None)
    assert store.alarm(oldest["id"])["acknowledged_by"] == "ana"
    store.commit(step(1, changes=(raised(level="alarm"),)))
    gone_up = store.alarm(oldest["id"])
    assert (gone_up["level"], gone_up["acknowledged_s"]) == ("alarm", None)  # it has to be seen again
    store.acknowledge(oldest["id"], "ana", "bearing", "bearing-outer-race")
    store.acknowledge(newest["id"], "ana", "the same", "imbalance")
    store.commit(step(2, changes=(raised(level="alarm", is_raised=False, time_s=9.0),)))
    assert [alarm["name"] for alarm in store.alarms(open_only=True)] == ["normal"]
    assert store.alarm(oldest["id"])["cleared_s"] == 9.0
    store.commit(step(3, changes=(raised(),)))
    assert store.alarms()[0]["id"] not in {newest["id"], oldest["id"]}
    ((alarm, rate_hz, samples),) = store.labelled()  # one waveform, one label: the first
    assert (alarm["label"], rate_hz, samples.tolist()) == ("bearing-outer-race", 2048.0, wave.tolist())
    assert store.waveform(newest["id"])[1].tolist() == wave.tolist()
    assert store.waveform(999) is None
    with pytest.raises(DataError, match="alarm: expected the number of one, got 999"):
        store.acknowledge(999, "ana")
    assert [event["kind"] for event in store.events()] == ["acknowledged"] * 3
    kinds = [row.kind for row in store.to_send(100)]
    assert kinds[:4] == ["features", "alarm", "alarm", "waveform"]
    (row,) = [row for row in store.to_send(100) if row.kind == "waveform"]
    assert store.waveform_row(row.ref).samples.tolist() == wave.tolist()


def test_trends_by_record_and_by_hour(store):
    store.commit_all([step(i, time_s=1000.0 + 10.0 * i, features={"x": float(i)}) for i in range(100)])
    points = store.trend("pump", "x", 1000.0, 2000.0, points=10)
    assert len(points) == 10
    assert points[0][1:] == (0.0, 4.5, 9.0)
    assert sum(point[2] for point in points) == pytest.approx(sum(range(100)) / 10)
    ((time_s, low, mean, high),) = store.trend("pump", "x", 0.0, 5 * 86400.0, points=100)
    assert (time_s, low, mean, high) == (1800.0, 0.0, pytest.approx(49.5), 99.0)
    assert store.trend("pump", "health_percent", 1000.0, 2000.0, 1)[0][2] == 90.0
    assert store.trend("pump", "normal_distance", 0.0, 5 * 86400.0, 1)[0][2] == 0.5
    for unknown in ("nothing", 'x"', "", "a.b"):
        assert store.trend("pump", unknown, 0.0, 2000.0) == []
    assert store.trend("pump", "x", 5.0, 5.0) == []


def test_a_full_disk_refuses_and_goes_on(store):
    store.commit(step(0))
    connection = store._database._writer
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable, match="full"):
        for i in range(1, 200):
            store.commit(step(i, padding=500))
    last = store.latest("pump").index
    assert store.station("pump").memory == {"k": last}
    connection.execute("PRAGMA max_page_count = 100000")
    store.commit_all([step(i, padding=500) for i in range(last + 1, 250)])
    assert [row.seq for row in store.to_send(1000)] == list(range(1, 251))


def test_a_damaged_file_is_put_aside(store, tmp_path):
    path = tmp_path / "gateway.db"
    store.commit_all([step(i, padding=2000) for i in range(50)])
    first_id = store.id
    # As after a power cut on a bad card: not ended in order, a page overwritten.
    store._database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = '0' WHERE key = 'clean'")
    connection.close()
    with path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(os.urandom(8 * 4096))
    again = Store(path)
    assert again.id != first_id
    assert again.moved_to is not None
    assert again.moved_to.is_file()
    (event,) = again.events()
    assert "damaged" in event["text"]
    again.commit(step(0))
    again.close()


def test_what_is_no_database_is_put_aside(tmp_path):
    (tmp_path / "gateway.db").write_bytes(b"no database" * 1000)
    store = Store(tmp_path / "gateway.db")
    assert store.moved_to.read_bytes().startswith(b"no database")
    store.close()


def test_one_process_at_a_time(store, tmp_path):
    with pytest.raises(DataError, match="no other process has open, got one in use"):
        Store(tmp_path / "gateway.db")
    with pytest.raises(DataError, match="a folder to write to"):
        Store(tmp_path / "gateway.db" / "x" / "y.db")


def test_the_file_keeps_to_its_quota(tmp_path):
    store = Store(tmp_path / "gateway.db", quota_mb=2, waveform_quota_mb=1)
    wave = np.zeros(60_000, np.float32)
    for k in range(10):
        store.commit_all([step(100 * k + i, padding=2000) for i in range(100)])
        store.commit(step(100_000 + k, changes=(raised(), raised(is_raised=False)), waveform=wave))
        if k < 7:
            store.mark(sent=[row.seq for row in store.to_send(1000)])
        done = store.retain()
        if k < 7:
            assert not done.over_quota
    waiting = store.to_send(10_000)
    assert [row.kind for row in waiting].count("features") == 303  # unsent: none of them went
    assert all(row.json for row in waiting if row.kind == "features")
    assert done.over_quota
    store.mark(sent=[row.seq for row in waiting])
    assert not store.retain().over_quota
    assert store.size_bytes() < 2.1 * 2**20
    assert store.latest("pump") is not None
    assert store.trend("pump", "health_percent", 0.0, 1e6, 10)  # hours outlive records
    store.close()


def test_unsent_rows_go_only_above_the_quota(tmp_path):
    store = Store(tmp_path / "gateway.db", quota_mb=1, waveform_quota_mb=1)
    store.commit_all([step(i) for i in range(600)])
    assert store.drop_unsent() == 0
    store.commit_all([step(i, padding=4000) for i in range(600, 1200)])
    assert store.drop_unsent() == 500
    assert store.to_send(1)[0].seq == 501
    store.close()


def test_killed_at_any_moment_what_was_committed_is_there(tmp_path):
    program = (
        "import sys; from pathlib import Path; from gateway_parts import step\n"
        "from drsn_keras.edge.gateway.store import Store\n"
        "store = Store(Path(sys.argv[1]))\n"
        "for i in range(10**6):\n"
        "    store.commit(step(i)); print(i, flush=True)\n"
    )
    path = tmp_path / "gateway.db"
    here = str(__import__("pathlib").Path(__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-c", program, path], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": here}
    )
    lines = [process.stdout.readline() for _ in range(25)]
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.read().splitlines()
    process.wait()
    process.stdout.close()
    last = int(lines[-1])
    store = Store(path)
    assert store.latest("pump").index in {last, last + 1}
    assert store.station("pump").memory["k"] == store.latest("pump").index
    assert [row.seq for row in store.to_send(10**6)] == list(range(1, store.latest("pump").index + 2))
    store.close()

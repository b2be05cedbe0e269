"""The API over a store that stations filled: what it answers, what it refuses, and the export that trains."""

import contextlib
import io
import json
import socket
import time
import zipfile

import numpy as np
import pytest
from vibration_bundle_file import write_vibration_bundle
from web_gateway import NAME, PASSWORD, RATE_HZ, TOKEN, Client, machine, now_s, open_page, run_station

pytest.importorskip("aiohttp")

from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.records import AlarmChange, Event, Record, Step
from drsn_keras.edge.gateway.web import metrics
from drsn_keras.edge.gateway.web.server import LARGEST_BODY

WORN, QUIET, EMPTY, ODD = "PUMP-1", "FAN-2", "MILL-3", "ODD-4"
SCRIPT = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api")
    bundle = write_vibration_bundle(folder / "bundle")
    machines = (
        machine(WORN, bundle=bundle),
        machine(QUIET),
        machine(EMPTY, iso_group=None, foundation=None, bearing=None),
        machine(ODD, sample_rate_hz=5512.5, unit="g", rpm=None, bearing=None),
    )
    with open_page(folder, machines) as page:
        run_station(page.store, machines[0], 100, 3, now_s() - 125.0, 60.0)
        run_station(page.store, machines[1], 1, 2, now_s() - 7200.0)
        _odd_alarm(page.store)
        page.live.add("records", WORN, 3)
        page.live.set("store_bytes", 12345)
        yield page


def _odd_alarm(store):
    """A rate that no WAV can say."""
    record = Record(ODD, 0, 0, now_s(), 1.0, 5512.5)
    change = AlarmChange(ODD, "normal", "warning", True, now_s(), 3.0, 2.0, f"far from normal {SCRIPT}")
    waveform = np.sin(np.arange(5512) / 9.0).astype(np.float32)
    store.commit(Step(record, (), (change,), waveform, {"spectrum": {"hz": [1.0], "g": [float("nan")]}}, {}, 5512, 0))


@pytest.fixture
def ask(page):
    return page.client(TOKEN)


# --- machines -------------------------------------------------------------------------------------------------


def test_machines(ask):
    answer = ask("GET", "/api/machines").json
    assert (answer["gateway"], answer["status"], answer["reasons"]) == ("works", "ok", [])
    found = {m["name"]: m for m in answer["machines"]}
    assert list(found) == [WORN, QUIET, EMPTY, ODD]
    worn = found[WORN]
    assert (worn["zone"], worn["condition"], worn["zone_limits_mm_s"]) == ("D", "learning", [1.4, 2.8, 4.5])
    assert worn["velocity_rms_mm_s"] > 4.5
    assert [(a["name"], a["level"]) for a in worn["alarms"]] == [("iso", "alarm")]
    assert "BPFO" in worn["advisory"]
    assert (found[QUIET]["zone"], found[QUIET]["condition"], found[QUIET]["alarms"]) == ("A", "late", [])
    assert (found[EMPTY]["condition"], found[EMPTY]["alarms"]) == ("no data", [])
    assert "zone" not in found[EMPTY] and found[EMPTY]["zone_limits_mm_s"] is None


def test_one_machine(ask):
    worn = ask("GET", f"/api/machine/{WORN}").json
    assert worn["labels"] == ["normal", "fault"] and worn["healthy"] == ["normal"]
    assert worn["min_probability"] == 0.6
    assert worn["record"]["state"]["iso"]["zone"] == "D"
    assert worn["record"]["index"] == 2
    assert worn["bearing"] == "bearing UER204"
    assert worn["alarm_rules"]["on"] == ["iso", "normal", "verdict", "sensor"]
    assert ask("GET", f"/api/machine/{EMPTY}").json["record"] is None
    answer = ask("GET", "/api/machine/NONE")
    assert (answer.status, answer.json) == (404, {"error": "machine: expected one that is configured, got 'NONE'"})


def test_trend(ask):
    points = ask("GET", f"/api/trend?machine={WORN}&feature=velocity_rms_mm_s&range=1h").json["points"]
    assert len(points) == 3
    assert all(low <= mean <= high and mean > 4.5 for _, low, mean, high in points)
    assert ask("GET", f"/api/trend?machine={WORN}&feature=health_percent&range=30d").json["points"]
    assert ask("GET", f"/api/trend?machine={WORN}&feature=nothing&range=1d").json["points"] == []
    since, until = points[0][0], points[1][0]
    query = f"machine={WORN}&feature=kurtosis&since_s={since - 1}&until_s={until + 1}&points=50"
    assert len(ask("GET", f"/api/trend?{query}").json["points"]) == 2


def test_picture(ask):
    picture = ask("GET", f"/api/picture?machine={WORN}").json
    assert len(picture["spectrum"]["hz"]) == len(picture["spectrum"]["mm_s"]) > 100
    assert [len(picture["lines"][name]) for name in ("BPFO", "BPFI", "2xBSF")] == [3, 3, 3]
    assert ask("GET", f"/api/picture?machine={EMPTY}").json == {}
    assert ask("GET", f"/api/picture?machine={ODD}").json["spectrum"]["g"] == [None]  # no NaN in JSON


TREND = f"/api/trend?machine={WORN}"
NEEDED = "expected text of 1 to 64 printable characters"
LIMIT = "expected a whole number from 1 to 1000"
NUMBER = "expected a whole number from 1 to 9007199254740992"


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        ("/api/trend", 400, f"query, machine: {NEEDED}, got another"),
        (TREND, 400, f"query, feature: {NEEDED}, got another"),
        (f"{TREND}&feature=x&range=2h", 400, "query, range: expected 1h or 1d or 30d, got another"),
        (f"{TREND}&feature=x&points=1", 400, "query, points: expected a whole number from 2 to 2000, got another"),
        (f"{TREND}&feature=x&since_s=nan", 400, "query, since_s: expected a Unix time [s], got another"),
        (f"{TREND}&feature=x&since_s=9&until_s=8", 400, "query, until_s: expected a time after since_s, got another"),
        (f"/api/picture?machine={WORN}&machine={WORN}", 400, "query: expected each field once, got one twice"),
        ("/api/machines?sort=zone", 400, "query: expected only known fields, got 'sort'"),
        ("/api/alarms?limit=0", 400, f"query, limit: {LIMIT}, got another"),
        ("/api/events?before=x", 400, f"query, before: {NUMBER}, got another"),
        ("/api/waveform/999", 404, "alarm: expected one with a waveform, got 999"),
        ("/api/waveform/-1", 400, f"path, alarm: {NUMBER}, got another"),
        ("/api/machine/%FF", 400, "path: expected UTF-8, got other bytes"),
        ("/api/acknowledge", 405, "method: expected POST, got GET"),
    ],
)
def test_what_is_refused_is_one_line(ask, path, status, error):
    answer = ask("GET", path)
    assert (answer.status, answer.json) == (status, {"error": error})
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def test_nothing_new_is_not_sent_again(ask):
    first = ask("GET", "/api/machine/" + QUIET)
    again = ask("GET", "/api/machine/" + QUIET, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert ask("GET", "/api/machine/" + QUIET, If_None_Match='"other"').status == 200
    assert ask("HEAD", "/api/machines").body == b""


def test_every_reply_is_guarded(ask, page):
    for client, path in ((ask, "/api/machines"), (ask, "/api/none"), (page.client(), "/api/machines"), (ask, "/")):
        headers = client("GET", path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["server"] == "drsn-edge"
    assert ask("GET", "/api/machines").headers["cache-control"] == "no-store"


# --- alarms, log, export --------------------------------------------------------------------------------------


def test_acknowledge_by_a_person_and_export_for_training(page, ask, tmp_path):
    person = Client(page.server.port)
    login = person("POST", "/api/login", {"name": NAME, "password": PASSWORD})
    person.cookie = login.headers["set-cookie"].partition(";")[0]
    own = {"Origin": f"http://127.0.0.1:{page.server.port}"}
    found = person("GET", "/api/alarms?open=1").json
    alarms = {a["machine"]: a for a in found["alarms"]}
    assert found["labels"][WORN] == ["normal", "fault"]
    assert alarms[ODD]["text"].endswith(SCRIPT)  # as it came: the page makes text of it, never markup
    answer = person(
        "POST", "/api/acknowledge", {"alarm": alarms[WORN]["id"], "comment": "heard it", "label": "outer race"}, **own
    )
    assert answer.json == {"alarm": alarms[WORN]["id"], "acknowledged_by": NAME}
    assert (
        ask("POST", "/api/acknowledge", {"alarm": alarms[ODD]["id"], "label": "loose"}).json["acknowledged_by"]
        == "token"
    )
    kept = {a["machine"]: a for a in ask("GET", f"/api/alarms?machine={WORN}").json["alarms"]}[WORN]
    assert (kept["acknowledged_by"], kept["comment"], kept["label"]) == (NAME, "heard it", "outer race")
    event = ask("GET", f"/api/events?machine={WORN}&limit=1").json["events"][0]
    assert (event["kind"], event["detail"]["who"]) == ("acknowledged", NAME)

    answer = ask("GET", "/api/export")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="labelled-alarms-')
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        archive.extractall(tmp_path)
    _check_export(page, tmp_path, alarms)

    wav = ask("GET", f"/api/waveform/{alarms[WORN]['id']}")
    assert wav.headers["content-type"] == "audio/wav"
    assert wav.body == (tmp_path / WORN / f"alarm-{alarms[WORN]['id']}.wav").read_bytes()


def _check_export(page, folder, alarms):
    """What ``drsn-train vibration --task csv`` reads of it: the same samples, units and labels."""
    pytest.importorskip("soundfile")
    from drsn_keras.training.vibration.layouts import open_recordings

    found = {r.machine: r for r in open_recordings(folder / "manifest.csv", "manifest")}
    assert sorted(found) == [ODD, WORN]
    worn, odd = found[WORN], found[ODD]
    assert (worn.label, worn.unit, worn.sample_rate_hz) == ("outer race", "m/s^2", RATE_HZ)
    assert worn.rpm == pytest.approx(1897.9)
    assert np.array_equal(worn.signal.astype(np.float32), page.store.waveform(alarms[WORN]["id"])[1])
    assert (odd.label, odd.unit, odd.sample_rate_hz, odd.rpm) == ("loose", "g", 5512.5, None)
    assert np.array_equal(odd.signal.astype(np.float32), page.store.waveform(alarms[ODD]["id"])[1])


LABEL = 'body, label: expected text without / \\ and ", that is no formula, got another'


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"alarm": 10**6}, 404, "alarm: expected the number of one, got 1000000"),
        ({}, 400, "body, alarm: expected the number of an alarm, got none"),
        ({"alarm": True}, 400, f"body, alarm: {NUMBER}, got another"),
        ({"alarm": 1, "label": "=cmd()"}, 400, LABEL),
        ({"alarm": 1, "label": "../x"}, 400, LABEL),
        (
            {"alarm": 1, "label": "a\nb"},
            400,
            "body, label: expected text of at most 64 printable characters, got another",
        ),
        (
            {"alarm": 1, "comment": "\ud800"},
            400,
            "body, comment: expected text of at most 2000 printable characters, got another",
        ),
        ({"alarm": 1, "who": "root"}, 400, "body: expected only known fields, got 'who'"),
        ([1], 400, "body: expected a JSON object, got list"),
        (b"{", 400, "body: expected JSON, got something else"),
        (b'{"alarm": NaN}', 400, "body: expected JSON, got something else"),
        (b"[" * 60000, 400, "body: expected JSON, got something else"),
    ],
)
def test_an_acknowledgement_that_is_none(ask, body, status, error):
    answer = ask("POST", "/api/acknowledge", body, Content_Type="application/json")
    assert (answer.status, answer.json) == (status, {"error": error})


def test_log(page, ask):
    assert ask("POST", "/api/comment", {"machine": WORN, "text": f"greased {SCRIPT}"}).status == 200
    assert ask("POST", "/api/comment", {"text": ""}).status == 400
    assert ask("POST", "/api/comment", {"machine": "NONE", "text": "x"}).status == 404
    first = ask("GET", "/api/events?limit=1").json["events"][0]
    assert (first["machine"], first["kind"], first["text"]) == (WORN, "comment", f"token: greased {SCRIPT}")
    page.store.log(Event(now_s(), "", "start", "gateway started"))
    older = ask("GET", f"/api/events?before={first['id']}").json["events"]
    assert older and all(event["id"] < first["id"] for event in older)


# --- the gateway itself ---------------------------------------------------------------------------------------


def test_relearn(page, ask, tmp_path):
    path = f"/api/machine/{WORN}/relearn"
    assert ask("POST", path, {}).status == 503  # no stations run here
    asked = []
    with open_page(tmp_path, (machine(WORN),), lambda *what: asked.append(what)) as other:
        run_station(other.store, machine(WORN), 1, 1, now_s())
        ask = other.client(TOKEN)
        (regime,) = other.store.station(WORN).memory["normal"]
        assert ask("POST", path, {}).json == {"machine": WORN, "regime": None}
        assert ask("POST", path, {"regime": regime}).status == 200
        assert asked == [(WORN, None), (WORN, regime)]
        assert ask("POST", path, {"regime": "x"}).json == {"error": f"regime: expected {regime}, got 'x'"}
        assert ask("POST", "/api/machine/none/relearn", {}).status == 404
        event = ask("GET", "/api/events").json["events"][0]
        assert event["kind"] == "relearn" and event["text"].startswith(f"token: learn the normal of regime {regime}")


def test_the_picture_of_a_waveform(ask):
    (alarm,) = ask("GET", f"/api/alarms?machine={ODD}").json["alarms"]
    shown = ask("GET", f"/api/waveform/{alarm['id']}/picture").json
    assert shown["unit"] == "g" and shown["sample_rate_hz"] == 5512.5 and len(shown["points"]) == 600
    assert shown["points"][-1][0] == pytest.approx(1.0, abs=0.01)
    assert all(-1 <= low <= mean <= high <= 1 for _, low, mean, high in shown["points"])
    assert ask("GET", "/api/waveform/999/picture").status == 404


def test_gateway_and_metrics(page, ask):
    parser = pytest.importorskip("prometheus_client.parser")
    told = ask("GET", "/api/gateway").json
    assert (told["name"], told["gateway"]["store_bytes"], told["machines"][WORN]["records"]) == ("works", 12345, 3)
    assert told["quota_bytes"] == 1024 << 20
    answer = ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = {
        (sample.name, sample.labels.get("machine")): sample.value
        for family in parser.text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }
    assert samples["drsn_gateway_records_total", WORN] == 3
    assert samples["drsn_gateway_zone", WORN] == 4
    assert samples["drsn_gateway_zone", QUIET] == 1
    assert samples["drsn_gateway_store_bytes", ""] == 12345
    assert samples["drsn_gateway_record_age_seconds", QUIET] > 7000
    assert samples["drsn_gateway_alarm", WORN] == 1
    assert ("drsn_gateway_zone", EMPTY) not in samples


def test_every_counter_of_the_board_is_told():
    assert tuple(metrics._COUNTERS) == Live.COUNTERS


# --- bounds ---------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large(page, ask):
    answer = ask("POST", "/api/comment", b"x" * (LARGEST_BODY + 1), Content_Type="application/json")
    assert (answer.status, answer.json) == (413, {"error": f"body: expected at most {LARGEST_BODY} bytes, got more"})
    head = b"POST /api/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
    assert _raw(page, head + 3 * chunk + b"0\r\n\r\n")[0] == 413
    assert ask("GET", "/api/machines").status == 200


def test_a_body_that_never_ends(page, monkeypatch):
    monkeypatch.setattr("drsn_keras.edge.gateway.web.server._BODY_S", 0.2)
    status, body = _raw(page, b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
    assert (status, json.loads(body)["error"].startswith("body: expected all of it within")) == (408, True)


def _again(ask):
    """What is answered once the server has seen that others went."""
    end = time.monotonic() + 10.0
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionError):
            return ask()
        time.sleep(0.02)
    return None


def test_connections_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("drsn_keras.edge.gateway.web.connections._MOST_CONNECTIONS", 5)
    with open_page(tmp_path, ()) as page, contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.create_connection(("127.0.0.1", page.server.port), 10)) for _ in range(8)]
        for connection in held[5:]:
            with contextlib.suppress(ConnectionError):
                assert connection.recv(1) == b""  # closed without a word
        held[4].sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert held[4].recv(100).startswith(b"HTTP/1.1 200")
        for connection in held:
            connection.close()
        assert _again(lambda: page.client(TOKEN)("GET", "/api/machines").status) == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + b"/a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000 + b"\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"GET http://elsewhere/api/machines HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"\0" * 100 + b"\r\n\r\n",
    ],
)
def test_what_is_no_request(page, sent):
    status, body = _raw(page, sent)
    assert 400 <= status < 500
    assert list(json.loads(body)) == ["error"]
    assert page.client()("GET", "/health").status == 200


def _raw(page, sent):
    """Status and body of what is answered to bytes, after which the connection is closed."""
    with socket.create_connection(("127.0.0.1", page.server.port), timeout=10) as connection:
        connection.sendall(sent)
        data = b""
        while part := connection.recv(65536):
            data += part
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_waveforms_are_wav(ask):
    number = next(a["id"] for a in ask("GET", f"/api/alarms?machine={WORN}").json["alarms"] if a["waveform"])
    data = ask("GET", f"/api/waveform/{number}").body
    assert data[:4] == b"RIFF" and data[20:22] == b"\x03\x00"  # floats

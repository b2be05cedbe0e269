"""Actions: real programs, a real web server, a real connection to a broker."""

import contextlib
import http.server
import json
import socket
import sys
import threading
import time

import pytest
from small_broker import SmallBroker

from drsn_keras.edge.actions.command import CommandAction
from drsn_keras.edge.actions.mqtt import MqttAction
from drsn_keras.edge.actions.post import PostAction
from drsn_keras.edge.actions.worker import Worker
from drsn_keras.edge.cli import main
from drsn_keras.errors import DataError, UsageError


def _result(label="yes", **more):
    return {"type": "detection", "source": "mic", "time_s": 1.5, "label": label, "score": 0.9, **more}


def _wait(condition, seconds=10.0):
    until_s = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until_s, "did not happen"
        time.sleep(0.01)


class _Slow(Worker):
    def __init__(self, **more):
        self.go, self.seen = threading.Event(), []
        super().__init__("slow", None, **more)

    def do(self, result):
        self.go.wait(10.0)
        self.seen.append(result["label"])
        if result["label"] == "bad":
            raise DataError("no good")
        if result["label"] == "worse":
            raise RuntimeError("a fault of ours")


def test_worker_never_waits_counts_failures_and_finishes_at_the_end(capsys):
    worker = _Slow(limit=3)
    worker.detected(_result("first"), None)
    _wait(lambda: worker._waiting.qsize() == 0)
    began_s = time.monotonic()
    for label in ("bad", "worse", "last", "too many", "too many"):
        worker.detected(_result(label), None)
    assert time.monotonic() - began_s < 0.5
    worker.go.set()
    worker.close()
    assert worker.seen == ["first", "bad", "worse", "last"]
    assert (worker.done, worker.failed, worker.left_out) == (2, 2, 2)
    said = capsys.readouterr().err.splitlines()
    assert said == ["slow: 3 words wait already; 1 left out so far", "slow: no good (1 failed so far)"]


def test_command_gets_the_word_in_its_environment_and_no_shell(tmp_path):
    out = tmp_path / "out; rm"
    program = tmp_path / "note.py"
    program.write_text(
        "import os, sys\n"
        "values = [os.environ[f'DRSN_{name}'] for name in ('WORD', 'SCORE', 'TIME', 'SOURCE')]\n"
        "open(sys.argv[1], 'a').write('|'.join([*values, sys.argv[2]]) + chr(10))"
    )
    action = CommandAction(f"{sys.executable} {program} '{out}' $HOME", ["yes"])
    action.detected(_result(), None)
    action.detected(_result("no"), None)
    action.close()
    assert out.read_text() == "yes|0.9|1.5|mic|$HOME\n" and action.done == 1
    action = CommandAction(f"echo $DRSN_TIME > {tmp_path}/shell", None, shell=True)
    action.detected(_result(clock="2026-01-01T00:00:00.000Z"), None)
    action.close()
    assert (tmp_path / "shell").read_text() == "2026-01-01T00:00:00.000Z\n"


def test_commands_are_limited_in_number_and_time_and_killed_with_their_children(tmp_path, capfd):
    script = f"echo x >> {tmp_path}/began; sleep 60 & echo $! >> {tmp_path}/children; wait"
    action = CommandAction(script, None, shell=True, limit_s=1.0)
    for _ in range(5):
        action.detected(_result(), None)
    _wait(lambda: (tmp_path / "children").exists() and len((tmp_path / "children").read_text().split()) == 4)
    assert len((tmp_path / "began").read_text().split()) == 4  # the fifth waits
    _wait(lambda: action.failed == 4)
    action.close()
    assert action.failed == 5 and not action._running
    for child in (tmp_path / "children").read_text().split():
        _wait(lambda child=child: not _runs(child))
    assert capfd.readouterr().err == "--run: /bin/sh: expected an end within 1 s, got none: killed (1 failed so far)\n"


def _runs(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as file:  # noqa: PTH123
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def server():
    """A web server that answers with the codes in ``codes``, then 200; what came is in ``bodies``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            self.server.kinds.add(self.headers["Content-Type"])
            self.send_response(self.server.codes.pop(0) if self.server.codes else 200)
            if self.server.moved:
                self.send_header("Location", self.server.moved)
            self.end_headers()

        do_GET = do_POST

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as found:
        found.bodies, found.codes, found.kinds, found.moved = [], [], set(), ""
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        found.url = f"http://127.0.0.1:{found.server_port}/api/webhook/words"
        yield found
        found.shutdown()


def test_post_sends_json_and_tries_again_where_that_helps(server, capsys):
    server.codes[:] = [503, 429, 200, 404, 500, 500, 500]
    action = PostAction(server.url, ["yes"], pauses_s=(0.01, 0.01))
    for label in ("yes", "no", "yes", "yes", "yes"):
        action.detected(_result(label), None)
    action.close()
    assert [json.loads(body) for body in server.bodies] == [_result()] * 8  # 3 tries, 1, 3, 1
    assert (action.done, action.failed) == (2, 2) and server.kinds == {"application/json"}
    assert "yes not delivered: 404 Not Found (1 failed so far)" in capsys.readouterr().err


def test_post_follows_no_redirect_and_shows_no_control_characters(server, capsys):
    server.codes[:] = [302]
    server.moved = "/elsewhere"
    action = PostAction(server.url, None)
    action.detected(_result(), None)
    action.close()
    assert len(server.bodies) == 1 and (action.done, action.failed) == (0, 1)
    assert "yes not delivered: 302 Found" in capsys.readouterr().err
    action._failed("\x1b[31m" + "x" * 9999)
    said = capsys.readouterr().err
    assert "\x1b" not in said and len(said) < 300


def test_post_gives_up_a_server_that_trickles(monkeypatch, capsys):
    monkeypatch.setattr("drsn_keras.edge.actions.http_once.WHOLE_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def trickle():
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError):
                while True:
                    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    time.sleep(0.05)

        threading.Thread(target=trickle, daemon=True).start()
        action = PostAction(f"http://127.0.0.1:{listening.getsockname()[1]}/", None, pauses_s=())
        action.detected(_result(), None)
        _wait(lambda: action.failed)
        action.close()
    assert "yes not delivered" in capsys.readouterr().err


def test_targets_that_no_look_up_takes_are_refused_at_the_start():
    for target in ("a..b/t", "a" * 70 + ".b/t"):
        with pytest.raises(UsageError, match="--mqtt: expected the name of a host"):
            MqttAction(target, None)
    with pytest.raises(UsageError, match="a topic of at most 65535 bytes"):
        MqttAction("host/" + "t" * 70000, None)
    with pytest.raises(UsageError, match="--post: expected the name of a host"):
        PostAction("http://a..b/", None)


def test_post_to_nobody_fails_and_does_not_hold_up_the_end(monkeypatch, capsys):
    monkeypatch.setattr("drsn_keras.edge.actions.worker._CLOSING_S", 0.6)
    action = PostAction("http://127.0.0.1:9/x", None, pauses_s=(60.0,))
    action.detected(_result(), None)
    began_s = time.monotonic()
    action.close()
    assert time.monotonic() - began_s < 3.0 and action.failed == 1
    assert "yes not delivered: " in capsys.readouterr().err


def test_mqtt_publishes_in_order_with_user_and_password(tmp_path):
    (tmp_path / "secret").write_text("ada\npass word\n")
    with SmallBroker() as broker:
        action = MqttAction(f"127.0.0.1:{broker.port}/home/words", ["yes"], str(tmp_path / "secret"))
        for score in range(5):
            action.detected(_result(score=score), None)
        action.detected(_result("no"), None)
        action.close()
        assert broker.users == [(b"ada", b"pass word")] and action.done == 5
        found = [broker.messages.get_nowait() for _ in range(5)]
        assert [json.loads(message[1])["score"] for message in found] == list(range(5))
        assert {message[::2] for message in found} == {("home/words", 1)} and broker.messages.empty()


def test_mqtt_keeps_words_until_the_broker_is_there_and_has_confirmed(monkeypatch, capsys):
    monkeypatch.setattr("drsn_keras.edge.actions.mqtt._PAUSES_S", (1, 1))
    with SmallBroker() as broker:
        port = broker.port
    action = MqttAction(f"127.0.0.1:{port}/words", None)
    action.detected(_result("before"), None)
    _wait(lambda: "cannot be reached; trying on" in capsys.readouterr().err)
    with SmallBroker(port, swallow=1) as broker:
        _wait(lambda: action.done == 1)
        action.detected(_result("after"), None)
        action.close()
        found = [broker.messages.get_nowait() for _ in range(broker.messages.qsize())]
    assert [(json.loads(message[1])["label"], message[3]) for message in found][-2:] == [
        ("before", True),
        ("after", False),
    ]
    assert action.done == 2


def test_mqtt_that_is_refused_or_away_says_what_is_lost(capsys, monkeypatch):
    monkeypatch.setattr("drsn_keras.edge.actions.mqtt._LIMIT", 2)
    with SmallBroker(accept=False) as broker:
        action = MqttAction(f"127.0.0.1:{broker.port}/words", None)
        for _ in range(4):
            action.detected(_result(), None)
        _wait(lambda: broker.users)
        time.sleep(0.1)
        action.close()
    said = capsys.readouterr().err
    assert "refused: Not authorized" in said and "2 words wait already; 1 left out so far" in said
    assert "2 words not delivered" in said and action.left_out == 2


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: CommandAction("/no/such/program", None), UsageError),
        (lambda path: CommandAction("echo 'open", None), UsageError),
        (lambda path: CommandAction("", None), UsageError),
        (lambda path: PostAction("file:///etc/passwd", None), UsageError),
        (lambda path: PostAction("http://a b/", None), UsageError),
        (lambda path: PostAction("http://[::1/", None), UsageError),
        (lambda path: MqttAction("broker", None), UsageError),
        (lambda path: MqttAction("broker:0/words", None), UsageError),
        (lambda path: MqttAction("broker/words/#", None), UsageError),
        (lambda path: MqttAction("broker/words", None, str(path / "absent")), DataError),
        (lambda path: MqttAction("broker/words", None, None, str(path / "absent")), DataError),
    ],
)
def test_what_cannot_be_done_is_known_at_once(make, error, tmp_path):
    with pytest.raises(error, match=r"expected .*, got"):
        make(tmp_path)


def test_listen_runs_actions_for_the_words_that_are_asked_for(
    bundle_folder, bursts, wav_bytes, s16, tmp_path, server, capsys
):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav_bytes(s16(bursts(4.0, (1.0, 400), (2.6, 4000)))))
    out = tmp_path / "out"
    command = ["listen", str(bundle_folder), "--wav", str(path), "--json", "--words", "high"]
    assert main([*command, "--post", server.url, "--shell", "--run", f'echo "$DRSN_JSON" > {out}']) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["label"] for line in lines] == ["low", "high"]
    assert [json.loads(body) for body in server.bodies] == lines[1:] == [json.loads(out.read_text())]
    assert main([*command[:-1], "high,nonsense", "--run", "true"]) == 2
    assert "words of the bundle (high, low), got nonsense" in capsys.readouterr().err
    assert main([*command]) == 2

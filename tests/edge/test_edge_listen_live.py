"""``drsn-edge listen`` as a service: live streams, signals, reload, systemd."""

import datetime
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest
from keyword_stream_file import write_keyword_stream

from drsn_keras.edge.cli import main
from drsn_keras.edge.meter import level_bar
from drsn_keras.edge.sd_notify import ServiceManager
from drsn_keras.edge.unit_file import UNIT
from drsn_keras.model_card import CARD_NAME

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and pipes of POSIX")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_keyword_stream(tmp_path_factory.mktemp("stream") / "bundle")


def _start(folder, *options, **more):
    command = [sys.executable, "-m", "drsn_keras.edge", "listen", str(folder), "--stdin", *map(str, options)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, bufsize=0, **{**pipes, **more})


def _read(terminal):
    assert select.select([terminal], [], [], 30)[0], "nothing drawn"
    return os.read(terminal, 1 << 16).decode()


def _line(stream):
    assert select.select([stream], [], [], 30)[0], "no line"
    return stream.readline()


def test_json_lines_of_a_stream_have_a_clock_and_sigterm_is_a_clean_end(folder, bursts, s16):
    with _start(folder, "--json", "--all", "--run", "env") as process:
        try:
            before = datetime.datetime.now(datetime.timezone.utc)
            process.stdin.write(s16(bursts(1.5, (0.5, 400))))
            lines = [json.loads(_line(process.stdout)) for _ in range(36)]
            after = datetime.datetime.now(datetime.timezone.utc)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=30) == 0
            err = process.stderr.read().decode()
        finally:
            process.kill()
    clocks = [datetime.datetime.fromisoformat(line["clock"].replace("Z", "+00:00")) for line in lines]
    assert all(before - datetime.timedelta(seconds=2) < clock < after for clock in clocks)
    steps = np.diff([clock.timestamp() for clock in clocks]) - np.diff([line["time_s"] for line in lines])
    assert np.abs(steps).max() < 0.0021  # but for what is rounded to a millisecond
    word = next(line for line in lines if line["type"] == "detection")
    assert word["label"] == "low" and f"DRSN_TIME={word['clock']}\n" in err
    assert err.splitlines()[-1] == "drsn-edge: stopped by SIGTERM"


def test_a_new_bundle_takes_over_while_the_stream_goes_on(folder, bursts, s16, tmp_path):
    running = tmp_path / "bundle"
    shutil.copytree(folder, running)
    y = s16(bursts(4.0, (0.5, 400), (2.8, 400)))
    with _start(running, "--json", "--watch") as process:
        try:
            process.stdin.write(y[: len(y) // 2])
            assert json.loads(_line(process.stdout))["label"] == "low"
            card = json.loads((running / CARD_NAME).read_text())
            card["labels"] = ["deep" if label == "low" else label for label in card["labels"]]
            (running / CARD_NAME).write_text(json.dumps(card))
            process.send_signal(signal.SIGHUP)
            while b"takes over" not in _line(process.stderr):
                pass
            process.stdin.write(y[len(y) // 2 :])
            word = json.loads(_line(process.stdout))
            assert word["label"] == "deep" and 2.8 < word["time_s"] < 3.4
            (running / CARD_NAME).write_text("[]")
            process.send_signal(signal.SIGHUP)
            process.stdin.write(y)
            word = json.loads(_line(process.stdout))
            assert word["label"] == "deep" and 4.5 < word["time_s"] < 5.1
            process.stdin.close()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()


def test_readiness_and_signs_of_life_reach_the_service_manager(folder, tmp_path):
    address = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(30)
        told = {**os.environ, "NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "150000"}
        with _start(folder, env=told) as process:
            try:
                assert manager.recv(100) == b"READY=1"
                for _ in range(3):
                    process.stdin.write(bytes(3200))
                    time.sleep(0.06)
                assert manager.recv(100) == b"WATCHDOG=1"
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) == 0
            finally:
                process.kill()
        messages = [b""]
        while messages[-1] != b"STOPPING=1":
            messages.append(manager.recv(100))
        assert set(messages[1:-1]) <= {b"WATCHDOG=1"}


def test_without_a_service_manager_nothing_is_sent(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    monkeypatch.setenv("WATCHDOG_USEC", "nonsense")
    manager = ServiceManager()
    for _ in range(2):
        manager.ready()
        manager.alive()
        manager.stopping()


def test_meter_is_drawn_on_a_terminal_and_leaves_the_lines_alone(folder, bursts, s16):
    control, terminal = pty.openpty()
    with _start(folder, "--meter", stderr=terminal) as process:
        os.close(terminal)
        shown = ""
        try:
            for part in np.split(np.clip(2.5 * bursts(2.0, (0.5, 400)), -1, 1), 8):
                process.stdin.write(s16(part))
                while "dBFS" not in (new := _read(control)):
                    shown += new
                shown += new
                time.sleep(0.11)
            process.stdin.close()
            assert process.stdout.read().decode().count("\n") == 1 and process.wait(timeout=30) == 0
        finally:
            process.kill()
            os.close(control)
    bars = re.findall(r"\r(\[[#| ]{40}\] rms.*?dBFS(?:  CLIPPED)?)\x1b\[K", shown)
    assert len(bars) >= 3 and any("CLIPPED" in bar for bar in bars) and "CLIPPED" not in bars[0]
    assert "\r\x1b[K" in shown


def test_meter_bar_in_numbers():
    assert level_bar(1.0, 1.0, True) == f"[{'#' * 40}] rms   0.0  peak   0.0 dBFS  CLIPPED"
    assert level_bar(0.0, 0.0, False) == f"[{' ' * 40}] rms -100.0  peak -100.0 dBFS"
    assert level_bar(10 ** (-30 / 20), 10 ** (-15 / 20), False).startswith(f"[{'#' * 20}{' ' * 9}|{' ' * 10}]")


def test_a_microphone_is_heard_like_a_file(folder, bursts, monkeypatch, capsys):
    """The stand-in plays a word from PortAudio's thread, at the device's own rate, and then the listener is stopped."""
    y = bursts(3.0, (1.0, 400), rate_hz=48000)

    class Fake(types.SimpleNamespace):
        PortAudioError = OSError

        def query_devices(self, kind=None):
            device = {"index": 0, "name": "Mic", "max_input_channels": 2, "default_samplerate": 48000.0, "hostapi": 0}
            return device if kind else [device]

        def check_input_settings(self, samplerate, channels, **_):
            if (samplerate, channels) != (48000, 2):
                raise OSError("Invalid")

        def InputStream(self, callback, blocksize, **_):
            def play():
                at, status = types.SimpleNamespace(inputBufferAdcTime=0.0), types.SimpleNamespace(input_overflow=False)
                for start in range(0, len(y), blocksize):
                    callback(np.repeat(y[start : start + blocksize, None], 2, axis=1), blocksize, at, status)

            nothing = lambda: None  # noqa: E731
            return types.SimpleNamespace(active=True, start=play, abort=nothing, close=nothing)

    monkeypatch.setitem(sys.modules, "sounddevice", Fake())
    signal.setitimer(signal.ITIMER_REAL, 1.5)
    before = signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    try:
        assert main(["listen", str(folder), "--mic", "--json"]) == 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    out, err = capsys.readouterr()
    words = [json.loads(line) for line in out.splitlines()]
    assert [(word["source"], word["label"]) for word in words] == [("Mic", "low")] and "clock" in words[0]
    assert "Mic: 2 channels mixed down to 1, 48000 Hz converted to 16000 Hz" in err


def test_print_unit_keeps_the_command_line_and_hides_the_password(drsn_edge, tmp_path):
    secret = tmp_path / "secret"
    options = ["--mic", "USB", "--watch", "--mqtt", "broker/a b", "--mqtt-password-file", secret, "--print-unit"]
    done = drsn_edge("listen", "some/bundle", *options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.decode().splitlines()
    here = re.escape(str(Path.cwd()))
    command = next(line for line in lines if line.startswith("ExecStart="))
    assert re.fullmatch(
        rf"ExecStart=\S+ -m drsn_keras\.edge listen {here}/some/bundle --mic USB --watch --mqtt \"broker/a b\" "
        r"--mqtt-password-file %d/mqtt-password",
        command,
    )
    assert f"LoadCredential=mqtt-password:{secret}" in lines and "ExecReload=/bin/kill -HUP $MAINPID" in lines
    spelled = ["--mic", "--mqtt", "broker/a", f"--mqtt-password-file={secret}", "--mqtt-tls=ca", "--print-unit"]
    text = drsn_edge("listen", "bundle", *spelled).stdout.decode()
    assert re.search(rf"(?m)--mqtt-password-file %d/mqtt-password --mqtt-tls {here}/ca$", text)
    assert f"LoadCredential=mqtt-password:{secret}\n" in text
    plain = drsn_edge("listen", "bundle", "--mic", "--print-unit").stdout.decode()
    assert "ExecReload" not in plain and "LoadCredential" not in plain
    given = [line for line in UNIT.read_text().splitlines() if not line.startswith(("ExecStart=", "ExecReload="))]
    assert given == [line for line in plain.splitlines() if not line.startswith("ExecStart=")]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--wav", "a.wav", "--meter"], "--meter: expected only with --mic or --stdin"),
        (["--wav", "a.wav", "--watch"], "--watch: expected only with --mic or --stdin"),
        (["--mic", "--format", "u8"], "--format: expected only with --stdin"),
        (["--stdin", "--shell"], "--shell: expected only with --run"),
        (["--stdin", "--mqtt-tls"], "--mqtt-tls: expected only with --mqtt"),
        (["--stdin", "--words", "yes"], "--words: expected only with --run, --post or --mqtt"),
    ],
)
def test_options_that_do_not_go_together(options, said, capsys):
    assert main(["listen", "bundle", *options]) == 2
    assert said in capsys.readouterr().err

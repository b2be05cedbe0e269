"""What the soak is made of: broker, disk, gateway, sensors, subscriber, reference."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from drsn_keras.edge.gateway.config import read_config
from drsn_keras.edge.gateway.records import Block
from drsn_keras.edge.gateway.sender import Refused, Sender
from drsn_keras.edge.gateway.station import Station
from drsn_keras.errors import DataError, mismatch

sys.path.append(str(Path(__file__).resolve().parents[1] / "scripts"))
from demo_broker import free_port, mosquitto

START_S = 1_700_000_000.0
SCALE = 0.001
_CHUNK = 4096
_TMPFS_MB = 16
#: Of a message: what publishing adds to a record.
_ADDED = ("seq", "store", "gateway", "duplicate")


def need_mosquitto() -> str:
    """Path of the broker's program."""
    found = mosquitto()
    if found is None:
        raise DataError(mismatch("soak", "the broker Mosquitto (on Debian: apt-get install mosquitto)", "none"))
    return found


def signal_of(machine: int, position: int, n: int, seed: int) -> np.ndarray:
    """Counts of 16 bits; any stretch of them, always the same."""
    first, last = position // _CHUNK, (position + n - 1) // _CHUNK
    chunks = [
        np.random.default_rng([seed, machine, k]).normal(0.0, 200.0 * (1.0 + 0.001 * k), _CHUNK)
        for k in range(first, last + 1)
    ]
    start = position - first * _CHUNK
    t = np.arange(position, position + n)
    tone = 500.0 * np.sin(2.0 * np.pi * 0.037 * (machine + 1) * t)
    return np.clip(np.rint(np.concatenate(chunks)[start : start + n] + tone), -32768, 32767)


def feed(
    port: int, name: str, machine: int, rate_hz: int, total: int, pace: float, seed: int, ended: threading.Event
) -> None:
    """A sensor: sends its signal at its pace, through all that happens."""
    n = max(64, rate_hz // 10)
    with Sender(
        "127.0.0.1", port, name, rate_hz, "s16le", epoch=1, start_s=START_S, keep_s=1e6, frame_samples=n
    ) as sender:
        started = time.monotonic()
        while sender.position < total:
            part = min(n, total - sender.position)
            with contextlib.suppress(Refused):
                sender.send(signal_of(machine, sender.position, part, seed))
            until = started + sender.position / rate_hz / pace
            while (left := until - time.monotonic()) > 0:
                with contextlib.suppress(Refused):
                    sender.pump(min(left, 0.05))
        while sender.pending and not ended.is_set():
            with contextlib.suppress(Refused):
                sender.pump(0.2)


class Broker:
    """Mosquitto on a port of its own; it keeps its sessions, so that nothing of this is lost in it."""

    def __init__(self, folder: Path) -> None:
        self._program, self.port = need_mosquitto(), free_port()
        folder.mkdir()
        self._config = folder / "mosquitto.conf"
        self._log = (folder / "log").open("w")
        user = "user root\n" if os.getuid() == 0 else ""
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n{user}"
            "max_queued_messages 0\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> Broker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._log.close()

    def start(self) -> None:
        """Start it and wait for its port."""
        self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=self._log, stderr=self._log)
        _wait_for_port(self.port, 10.0)

    def kill(self) -> None:
        """With -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Disk:
    """Where the store is: a small file system of its own (root), or a limit on the size of the gateway's files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.mkdir()
        self._mounted = False
        self.how = "limit on file sizes (RLIMIT_FSIZE)"

    def __enter__(self) -> Disk:
        command = ["mount", "-t", "tmpfs", "-o", f"size={_TMPFS_MB}m", "tmpfs", str(self.path)]
        with contextlib.suppress(OSError):
            self._mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
        if self._mounted:
            self.how = f"tmpfs of {_TMPFS_MB} MiB"
        return self

    def __exit__(self, *_: object) -> None:
        if self._mounted:
            subprocess.run(["umount", str(self.path)], check=False)

    def fill(self, pid: int) -> None:
        """No room from now on."""
        if not self._mounted:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            return
        with (self.path / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self, pid: int) -> None:
        """Room again."""
        if self._mounted:
            (self.path / "filler").unlink()
        else:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class GatewayProcess:
    """``drsn-edge gateway`` as a process of its own."""

    def __init__(self, config: Path, log: Path) -> None:
        self._config, self.starts = config, 0
        self.port = read_config(config).machines[0].source["port"]
        self._log = log.open("a")
        self._process: subprocess.Popen | None = None

    def __enter__(self) -> GatewayProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def pid(self) -> int:
        """Of the running one."""
        return self._process.pid

    def start(self) -> None:
        """Start it and wait for its port."""
        command = [sys.executable, "-m", "drsn_keras.edge", "gateway", str(self._config)]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self.starts += 1
        _wait_for_port(self.port, 60.0, self._process)

    def kill_and_start(self, say) -> None:
        """With -9, and again at once."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.start()

    def end(self) -> int:
        """In order; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(30.0)


class Subscriber:
    """Takes down all records as they come."""

    def __init__(self, port: int) -> None:
        from paho.mqtt import client as mqtt

        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="soak", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("soak/+/+/features", qos=1)
        self._client.on_message = self._take
        self._port = port
        self._messages: list[tuple[dict, bool]] = []
        self._seen: set[tuple] = set()

    def __enter__(self) -> Subscriber:
        self._client.connect("127.0.0.1", self._port, keepalive=10)
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, _client, _data, message) -> None:
        values = json.loads(message.payload)
        self._messages.append((values, message.dup))
        self._seen.add(_key(values))

    def wait_for(self, n: int, timeout_s: float) -> bool:
        """Until so many records came."""
        until = time.monotonic() + timeout_s
        while len(self._seen) < n and time.monotonic() < until:
            time.sleep(0.1)
        return len(self._seen) >= n

    def compared(self, expected: list[dict]) -> dict:
        """Figures of what came, held against what was due."""
        first: dict[tuple, dict] = {}
        unmarked = marked = out_of_order = 0
        last_seq, last_index = 0, {}
        for values, is_redelivered in self._messages:
            key = _key(values)
            if key in first:
                is_marked = values.get("duplicate") is True or is_redelivered
                marked, unmarked = marked + is_marked, unmarked + (not is_marked)
                continue
            machine = values["machine"]
            out_of_order += values["seq"] < last_seq or key[1:] <= last_index.get(machine, (-1, -1))
            last_seq, last_index[machine] = values["seq"], key[1:]
            first[key] = {name: value for name, value in values.items() if name not in _ADDED}
        missing = {_key(values) for values in expected} - set(first)
        return {
            "messages": len(self._messages),
            "records_received": len(first),
            "records_missing": len(missing),
            "records_not_due": len(set(first) - {_key(values) for values in expected}),
            "duplicates_marked": marked,
            "duplicates_unmarked": unmarked,
            "out_of_order": out_of_order,
            "sha256_received": _digest(first.values()),
            "sha256_reference": _digest(expected),
        }


def reference(config: Path, names: list[str], rate_hz: int, total: int, seed: int) -> list[dict]:
    """Records of the stations alone, fed without a break."""
    found = []
    for i, machine in enumerate(read_config(config).machines):
        station = Station(machine)
        for at in range(0, total, rate_hz):
            samples = signal_of(i, at, min(rate_hz, total - at), seed) * SCALE
            steps = station.push(Block(names[i], START_S + at / rate_hz, samples, at, 0))
            found += [json.loads(step.record.to_json()) for step in steps]
    return found


def write_config(path: Path, names: list[str], rate_hz: int, record_s: float, broker_port: int, store: Path) -> Path:
    """The gateway's configuration: all machines on one port."""
    port = free_port()
    machines = "".join(f'[machines.{name}]\nsource = {{ kind = "tcp", port = {port} }}\n' for name in names)
    path.write_text(
        f"""name = "g1"
[store]
path = "{store}"
quota_mb = 8
waveform_quota_mb = 1
[mqtt]
host = "127.0.0.1"
port = {broker_port}
topic = "soak"
[defaults]
sample_rate_hz = {rate_hz}
unit = "g"
scale = {SCALE}
rpm = 1480
record_s = {record_s}
waveform_s = {record_s}
iso_group = 2
foundation = "rigid"
alarms = {{ learn_records = 20 }}
{machines}""",
        encoding="utf-8",
    )
    return path


def _key(values: dict) -> tuple:
    return values["machine"], values["epoch"], values["index"]


def _digest(records) -> str:
    lines = sorted(json.dumps([*_key(values), values], sort_keys=True) for values in records)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _wait_for_port(port: int, timeout_s: float, process: subprocess.Popen | None = None) -> None:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        if process is not None and process.poll() is not None:
            raise DataError(f"soak: the gateway ended with {process.returncode}; see its log")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.05)
    raise DataError(mismatch("soak", f"something that listens on port {port}", "nothing"))

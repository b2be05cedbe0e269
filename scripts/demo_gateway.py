"""``make demo-gateway``: broker, virtual machines that wear, the gateway and its page, in one command.

In three minutes a bearing goes from zone A to D. ``--seconds`` ends by itself and says what was stored and received.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from demo_broker import HOST, broker_command, free_port, mosquitto
from demo_subscriber import Heard
from drsn_keras.edge.gateway.web.passwords import make_token
from drsn_keras.edge.simulate.gateway_toml import gateway_toml
from drsn_keras.simulation import VirtualMachine, draw_fleet

#: Two seconds a record and a normal learned in 40 s, for people who watch.
RECORD_S, ALARMS = 2.0, "confirm = 2\nclear = 2\nlearn_records = 20"
GATEWAY = "demo"
_EDGE = (sys.executable, "-m", "drsn_keras.edge")
_PATIENCE_S = 20.0


def main() -> int:
    """Start all, wait, end all in the right order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, metavar="S", help="end by itself (default: on Ctrl-C)")
    parser.add_argument("--machines", type=int, default=6, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("runs/demo-gateway"), metavar="DIR")
    parser.add_argument("--port", type=int, default=8080, help="of the page; another one if it is taken")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="a vibration model that judges the machines, too")
    parser.add_argument("--broker", choices=("mosquitto", "amqtt"), help="(default: mosquitto if it is installed)")
    arguments = parser.parse_args()
    if arguments.seconds is not None and not arguments.seconds >= 1:
        parser.exit(2, f"--seconds: expected at least 1, got {arguments.seconds:g}\n")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    machines = draw_fleet(0, arguments.machines, steady=True)
    with Demo(arguments.out, machines, arguments.port, arguments.broker, arguments.bundle) as demo:
        demo.explain()
        demo.wait(stop, arguments.seconds)
    if demo.ended:
        print(demo.ended, file=sys.stderr)
        return 1
    print("\n" + demo.report(), flush=True)
    return 0


class Demo:
    """The processes, in a folder of their own; a context, at whose end all of them have ended."""

    def __init__(
        self, folder: Path, machines: list[VirtualMachine], web_port: int, broker: str | None, bundle: Path | None
    ) -> None:
        self.folder, self.machines, self.ended, self._bundle = folder, machines, "", bundle
        self._broker_kind = broker or ("mosquitto" if mosquitto() else "amqtt")
        self._ports = {"broker": free_port(), "samples": free_port(), "page": free_port(web_port)}
        self._processes: dict[str, subprocess.Popen] = {}
        self._heard = Heard(HOST, f"drsn/{GATEWAY}")

    def __enter__(self) -> Demo:
        self._prepare()
        try:
            self._start("broker", broker_command(self._broker_kind, self._ports["broker"], self.folder))
            self._await_port("broker")
            self._heard.listen(self._ports["broker"])
            self._start("gateway", [*_EDGE, "gateway", str(self.folder / "gateway.toml")])
            self._await_port("samples", "gateway")
            fleet = ["--machines", str(len(self.machines)), "--steady", "--to", f"{HOST}:{self._ports['samples']}"]
            self._start("simulator", [*_EDGE, "simulate", *fleet])
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def explain(self) -> None:
        """Where to look, and at what."""
        first = self.machines[0]
        seconds = round((first.wear.begins + first.wear.grows) / first.ages_per_s)
        sound = ", ".join(machine.name for machine in self.machines if machine.state == "normal") or "none"
        print(
            f"\n{len(self.machines)} virtual machines, thirty days in three minutes:"
            f"\n  page      http://{HOST}:{self._ports['page']}/"
            f"\n  token     {self.token}"
            f"\n  broker    {HOST}:{self._ports['broker']} ({self._broker_kind}), topic drsn/{GATEWAY}/#"
            f"\n  files     {self.folder}"
            f"\n\nWhat to look at: {first.name}. Its outer race is damaged. The envelope shows lines at BPFO within a"
            f"\nminute, while it still is in zone A; the velocity then takes it to zone D, worn out after {seconds} s."
            f"\nAcknowledge its alarm. These never wear: {sound}. The others come later. Ctrl-C ends all.\n",
            flush=True,
        )

    def wait(self, stop: threading.Event, seconds: float | None) -> None:
        """Until told to stop, the time is over, or a process has ended by itself."""
        until = float("inf") if seconds is None else time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            if stop.wait(min(0.5, max(0.0, until - time.monotonic()))):
                return
            self.ended = self._anyone_ended()

    def close(self) -> None:
        """Simulator, gateway, broker: what was measured is stored and sent before the next one goes."""
        for name in ("simulator", "gateway", "broker"):
            if name == "gateway":
                time.sleep(1.0)  # a record that is being made
            if name == "broker":
                self._heard.close()
            process = self._processes.pop(name, None)
            if process is not None:
                process.terminate()
                try:
                    process.wait(_PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()

    def report(self) -> str:
        """A table of what was stored and what a subscriber heard."""
        stored, waiting = stored_records(self.folder / "gateway.db")
        heads = ("zone", 5), ("mm/s", 7), ("health", 8), ("stored", 8), ("heard", 7), ("alarms", 8)
        lines = [f"{'machine':<16}{'comes to':<26}" + "".join(f"{name:>{width}}" for name, width in heads)]
        for machine in self.machines:
            last = self._heard.last.get(machine.name, {})
            zone = last.get("state", {}).get("iso", {}).get("zone", "-")
            velocity = last.get("features", {}).get("velocity_rms_mm_s", float("nan"))
            health = last.get("health_percent")
            lines.append(
                f"{machine.name:<16}{machine.state:<26}{zone:>5}{velocity:>7.2f}"
                f"{'-' if health is None else f'{health:.0f} %':>8}{stored[machine.name]:>8}"
                f"{self._heard.count[machine.name, 'features']:>7}{self._heard.count[machine.name, 'alarm']:>8}"
            )
        heard = sum(self._heard.count.values())
        lines.append(
            f"{heard} messages in order: {'yes' if self._heard.in_order else 'NO'}; "
            f"{self._heard.duplicates} marked as duplicates; {waiting} records still to be sent"
        )
        return "\n".join(lines)

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("gateway.db*"):
            path.unlink()
        token = self.folder / "token"
        token.unlink(missing_ok=True)
        self.token = make_token(token)
        text = gateway_toml(
            self.machines,
            (HOST, self._ports["samples"]),
            record_s=RECORD_S,
            mqtt=(HOST, self._ports["broker"]),
            web=(HOST, self._ports["page"], "token"),
            bundle=self._bundle and str(self._bundle.resolve()),
            alarms=ALARMS,
        )
        (self.folder / "gateway.toml").write_text(text, encoding="utf-8")

    def _start(self, name: str, command: list[str]) -> None:
        # In sessions of their own: a Ctrl-C is for this process, which ends them in order.
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def _await_port(self, port: str, process: str | None = None) -> None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection((HOST, self._ports[port]), 1.0):
                return
            if self._processes[process or port].poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"{process or port} does not answer:\n{self._log_of(process or port)}")

    def _anyone_ended(self) -> str:
        for name, process in self._processes.items():
            if process.poll() is not None:
                return f"the {name} ended by itself (exit code {process.returncode}):\n{self._log_of(name)}"
        return ""

    def _log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]


def stored_records(path: Path) -> tuple[Counter[str], int]:
    """Records a machine in a store, and records that wait for the broker."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        counts = Counter(dict(store.execute("SELECT machine, COUNT(*) FROM records GROUP BY machine")))
        return counts, store.execute("SELECT COUNT(*) FROM outbox WHERE kind = 'features'").fetchone()[0]


if __name__ == "__main__":
    sys.exit(main())

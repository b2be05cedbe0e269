"""``make bench-fleet``: one gateway with 50 machines at 12 kHz on this computer: CPU, memory, headroom, sizes.

The simulator feeds it over TCP: first at the sensors' own pace for ``--minutes`` (an hour for what is said of memory),
then as fast as it stores, for ``--headroom-seconds``. Everything is on: store, MQTT (where there is Mosquitto), page.
Simulator and broker run on the same cores, so the headroom is that of all three together.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from drsn_keras.edge.gateway.web.passwords import make_token
from drsn_keras.edge.simulate.gateway_toml import gateway_toml
from drsn_keras.simulation import draw_fleet
from keyword_runs import conclude, show, start, table
from process_figures import Watch, cpu_s

_SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
_EDGE = (sys.executable, "-m", "drsn_keras.edge")
#: Buffers fill and normals begin: figures are of what comes after [s].
_WARM_S = 30.0
_PATIENCE_S = 60.0
LIMITS = {"records_missing": 0}
#: Of memory from a quarter of the time on; said of half an hour and more.
MOST_GROWTH_PERCENT, _GROWTH_MINUTES = 5.0, 30.0
LEAST_HEADROOM = 3.0


def main() -> None:
    """Measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machines", type=int, default=50)
    parser.add_argument("--rate", type=int, default=12000, help="Hz")
    parser.add_argument("--record", type=float, default=10.0, help="seconds a record (10)")
    parser.add_argument("--minutes", type=float, default=2.0, help="at a sensor's pace (2)")
    parser.add_argument("--headroom-seconds", type=float, default=40.0, help="as fast as it goes (40)")
    parser.add_argument("--bundle", type=Path, help="a vibration model that judges every machine (none)")
    parser.add_argument("--out", type=Path, default=Path("build/bench/fleet.json"))
    arguments = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        raise SystemExit("bench-fleet reads /proc: it needs Linux")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        fleet = _Fleet(Path(folder), arguments, running)
        figures = {"machines": arguments.machines, "sample_rate_hz": arguments.rate, "record_s": arguments.record}
        figures |= {"cores": os.cpu_count(), "mqtt": fleet.mqtt, "minutes": arguments.minutes}
        figures["verdicts"] = arguments.bundle is not None
        figures |= fleet.at_real_time(60.0 * arguments.minutes)
        figures |= fleet.as_fast_as_it_goes(arguments.headroom_seconds)
        figures |= fleet.sizes()
        figures["load_average"] = round(os.getloadavg()[1], 2)
    rows = [[name, figures[name]] for name in ("gateway_cores", "simulator_cores", "headroom", "memory_end_mb")]
    show(figures, table(["what", "value"], rows), arguments.out)
    missed = [f"{name} {figures[name]} (limit: {limit})" for name, limit in LIMITS.items() if figures[name] > limit]
    if figures["headroom"] < LEAST_HEADROOM:
        missed.append(f"headroom {figures['headroom']} (least: {LEAST_HEADROOM})")
    if arguments.minutes >= _GROWTH_MINUTES and figures["growth_percent"] > MOST_GROWTH_PERCENT:
        missed.append(f"growth_percent {figures['growth_percent']} (limit: {MOST_GROWTH_PERCENT})")
    conclude(missed, [*LIMITS, "headroom"])


class _Fleet:
    """Broker and gateway, running; simulators come and go."""

    def __init__(self, folder: Path, arguments: argparse.Namespace, running: contextlib.ExitStack) -> None:
        sys.path.append(str(_SCRIPTS))
        from demo_broker import HOST, broker_command, free_port, mosquitto
        from demo_subscriber import Heard

        self._folder, self._arguments, self._host = folder, arguments, HOST
        self._rate = arguments.machines * arguments.rate
        self.mqtt, self._port, broker = mosquitto() is not None, free_port(), free_port()
        self._heard = Heard(HOST, "drsn/demo")
        self._log = running.enter_context((folder / "log").open("wb"))
        if self.mqtt:
            running.enter_context(_process(broker_command("mosquitto", broker, folder), self._log))
            running.callback(self._heard.close)
            _until(lambda: self._heard.listen(broker))
        make_token(folder / "token")
        text = gateway_toml(
            draw_fleet(0, arguments.machines, sample_rate_hz=arguments.rate),
            (HOST, self._port),
            record_s=arguments.record,
            mqtt=(HOST, broker) if self.mqtt else None,
            web=(HOST, free_port(), "token"),
            bundle=arguments.bundle and str(arguments.bundle.resolve()),
        )
        (folder / "gateway.toml").write_text(text, encoding="utf-8")
        self._gateway = running.enter_context(_process([*_EDGE, "gateway", str(folder / "gateway.toml")], self._log))
        self._await_gateway()

    def at_real_time(self, seconds: float) -> dict[str, Any]:
        """CPU and memory at the sensors' own pace; what was due is there."""
        watch = Watch(self._gateway.pid)
        with _process(self._simulate("1", None), self._log) as simulator:
            time.sleep(_WARM_S)
            began_s, before = time.monotonic(), self._cpu_s(simulator)
            watch.start()
            time.sleep(seconds)
            wall_s = time.monotonic() - began_s
            after = self._cpu_s(simulator)
            watch.end()
            stored, sent = self._stop(simulator)
        record = round(self._arguments.record * self._arguments.rate)
        # Of every machine each whole record that was sent before the last one: that may still be made.
        missing = sum(max(0, one["samples"] // record - 1 - stored.get(one["machine"], 0)) for one in sent)
        first, last = watch.memory_mb[len(watch.memory_mb) // 4], watch.memory_mb[-1]
        return {
            "gateway_cores": round((after[0] - before[0]) / wall_s, 3),
            "simulator_cores": round((after[1] - before[1]) / wall_s, 3),
            "memory_start_mb": round(first, 1),
            "memory_end_mb": round(last, 1),
            "memory_growth_mb_per_h": round(watch.growth_mb_per_h(), 2),
            "growth_percent": round(100.0 * (last / first - 1.0), 2),
            "records": sum(stored.values()),
            "records_missing": missing,
        }

    def as_fast_as_it_goes(self, seconds: float) -> dict[str, Any]:
        """How many times real time samples are stored where the sensors wait for nothing."""
        with _process(self._simulate("0", None), self._log) as simulator:
            self._await_change(self._samples())
            time.sleep(0.25 * seconds)
            began_s, before, first = time.monotonic(), self._cpu_s(simulator), self._samples()
            time.sleep(seconds)
            wall_s, after = time.monotonic() - began_s, self._cpu_s(simulator)
            used, fed = after[0] - before[0], after[1] - before[1]
            samples = self._samples() - first
            self._stop(simulator)
        speed = samples / wall_s / self._rate
        return {
            "headroom": round(speed, 2),
            "headroom_gateway_cores": round(used / wall_s, 3),
            "headroom_simulator_cores": round(fed / wall_s, 3),
            # Without simulator and broker beside it, on as many cores as its threads have work for.
            "real_time_per_core": round(speed * wall_s / used, 2) if used else 0.0,
        }

    def sizes(self) -> dict[str, Any]:
        """Bytes of a record: as a message, and in the store with all that belongs to it."""
        with self._store() as store:
            count, text = store.execute("SELECT COUNT(*), AVG(LENGTH(CAST(json AS BLOB))) FROM records").fetchone()
            pages = store.execute("PRAGMA page_count").fetchone()[0] * store.execute("PRAGMA page_size").fetchone()[0]
            (waves,) = store.execute("SELECT COALESCE(SUM(LENGTH(samples)), 0) FROM waveforms").fetchone()
            (alarms,) = store.execute("SELECT COUNT(*) FROM alarms").fetchone()
            (waiting,) = store.execute("SELECT COUNT(*) FROM outbox").fetchone()
        messages = {
            f"message_{kind}_bytes": round(n / sum(c for (_, k), c in self._heard.count.items() if k == kind))
            for kind, n in sorted(self._heard.n_bytes.items())
            if kind in ("features", "alarm", "event")
        }
        return {
            **messages,
            "record_json_bytes": round(text),
            "record_store_bytes": round((pages - waves) / count),
            "alarms": alarms,
            "waveform_bytes": round(waves / max(1, alarms)),
            "waiting_for_broker": waiting if self.mqtt else 0,
        }

    def _cpu_s(self, simulator: subprocess.Popen) -> tuple[float, float]:
        return cpu_s(self._gateway.pid), cpu_s(simulator.pid)

    def _simulate(self, pace: str, seconds: float | None) -> list[str]:
        one = self._arguments
        options = ["--machines", one.machines, "--rate", one.rate, "--pace", pace, "--to", f"{self._host}:{self._port}"]
        return [*_EDGE, "simulate", "--json", *map(str, options)]

    def _stop(self, simulator: subprocess.Popen) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """Records a machine, and what the simulator says that it sent."""
        simulator.terminate()
        said = simulator.stdout.read().decode()
        simulator.wait(_PATIENCE_S)
        time.sleep(2.0)  # records that are being made
        with self._store() as store:
            counts = dict(store.execute("SELECT machine, COUNT(*) FROM records GROUP BY machine"))
        return counts, [json.loads(line) for line in said.splitlines()]

    def _samples(self) -> int:
        with self._store() as store:
            return store.execute("SELECT COALESCE(SUM(position), 0) FROM stations").fetchone()[0]

    def _await_change(self, samples: int) -> None:
        """Until the simulator has drawn its machines and the first record is stored."""
        until = time.monotonic() + _PATIENCE_S
        while self._samples() == samples and time.monotonic() < until:
            time.sleep(0.2)

    def _store(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(f"file:{self._folder / 'gateway.db'}?mode=ro", uri=True))

    def _await_gateway(self) -> None:
        try:
            _until(self._samples, self._gateway)
        except (sqlite3.Error, OSError):
            said = (self._folder / "log").read_text(encoding="utf-8", errors="replace")
            raise SystemExit(f"the gateway does not start:\n{said[-2000:]}") from None


def _until(attempt: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Try again until it goes, the time is over or the process has ended; then the last error is raised."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            attempt()
            return
        except (sqlite3.Error, OSError):
            if time.monotonic() > until or (process is not None and process.poll() is not None):
                raise
            time.sleep(0.2)


@contextlib.contextmanager
def _process(command: list[str], log: Any) -> Iterator[subprocess.Popen]:
    """Runs as long as the context; it is asked to end, and then made to."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


if __name__ == "__main__":
    start(main)

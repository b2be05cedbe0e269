"""A gateway ill-treated: broker killed, gateway killed, disk filled; then all that was due is held against a reference.

    make soak
    .venv/bin/python benchmarks/gateway_soak.py --broker-away 5 --kills 3 --seconds 40

A few machines' signals, any sample of which can be given again, go by TCP to ``drsn-edge gateway``, its records through
a real Mosquitto to a subscriber. The same samples go through the stations alone: each record has to arrive, in order,
the same to the last digit, and twice only where the second one says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from gateway_soak_parts import Broker, Disk, GatewayProcess, Subscriber, feed, need_mosquitto, reference, write_config

from drsn_keras.errors import DrsnError


def soak(
    folder: Path,
    machines: int = 3,
    seconds: float = 150.0,
    broker_away_s: float = 60.0,
    kills: int = 10,
    disk_full_s: float = 10.0,
    record_s: float = 1.0,
    rate_hz: int = 2048,
    seed: int = 0,
    pace: float = 1.0,
    say=print,
) -> dict:
    """Run it all once.

    Parameters
    ----------
    folder : Path
        Empty; holds broker, configuration, store.
    machines, seconds, record_s, rate_hz
        What is measured: signal of so many seconds.
    broker_away_s, kills, disk_full_s
        What is done to it; the moments are drawn with ``seed``. 0: not done.
    pace : float
        Times real time.

    Returns
    -------
    dict
        Flat figures; ``passed`` says whether all holds.
    """
    rng = np.random.default_rng(seed)
    names = [f"M{i}" for i in range(machines)]
    n = round(record_s * rate_hz)
    total = int(seconds * rate_hz) // n * n
    broker = Broker(folder / "broker")
    disk = Disk(folder / "disk")
    config = write_config(folder / "gateway.toml", names, rate_hz, record_s, broker.port, disk.path / "gateway.db")
    span_s = total / rate_hz / pace
    plan = _plan(rng, span_s, broker_away_s, kills, disk_full_s)
    figures = {"machines": machines, "signal_s": total / rate_hz, "records_due": machines * total // n, "seed": seed}
    with broker, disk, GatewayProcess(config, folder / "gateway.log") as gateway, Subscriber(broker.port) as subscriber:
        ended = threading.Event()
        feeds = [
            threading.Thread(target=feed, args=(gateway.port, name, i, rate_hz, total, pace, seed, ended), daemon=True)
            for i, name in enumerate(names)
        ]
        started = time.monotonic()
        for thread in feeds:
            thread.start()
        for at_s, what in plan:
            time.sleep(max(0.0, started + at_s - time.monotonic()))
            say(f"{time.monotonic() - started:7.1f} s  {what}")
            {
                "broker killed": broker.kill,
                "broker back": broker.start,
                "gateway killed": lambda: gateway.kill_and_start(say),
                "disk full": lambda: disk.fill(gateway.pid),
                "disk has room": lambda: disk.free(gateway.pid),
            }[what]()
        for thread in feeds:
            thread.join(span_s + 120.0)
        due = figures["records_due"]
        complete = subscriber.wait_for(due, 60.0)
        ended.set()
        say(f"{time.monotonic() - started:7.1f} s  {'all records are there' if complete else 'records are missing'}")
        figures.update(gateway_exit=gateway.end(), gateway_starts=gateway.starts, disk=disk.how)
        figures.update(wall_s=round(time.monotonic() - started, 1))
    figures.update(subscriber.compared(reference(config, names, rate_hz, total, seed)))
    said = (folder / "gateway.log").read_text(encoding="utf-8")
    figures["store_refused"] = said.count("nothing is acknowledged to sensors")
    figures.update(broker_away_s=broker_away_s, kills=kills, disk_full_s=disk_full_s)
    figures["passed"] = bool(
        figures["records_received"] == figures["records_due"]
        and (figures["store_refused"] > 0) == (disk_full_s > 0)  # or the disk was not full enough to tell
        and figures["sha256_received"] == figures["sha256_reference"]
        and figures["out_of_order"] == figures["duplicates_unmarked"] == figures["gateway_exit"] == 0
    )
    return figures


def _plan(
    rng: np.random.Generator, span_s: float, broker_away_s: float, kills: int, disk_full_s: float
) -> list[tuple[float, str]]:
    """Moments and what happens then, in order."""
    plan = [(float(at), "gateway killed") for at in rng.uniform(0.05 * span_s, 0.95 * span_s, kills)]
    if broker_away_s:
        at = 0.1 * span_s
        plan += [(at, "broker killed"), (at + broker_away_s, "broker back")]
    if disk_full_s:
        at = max(0.0, 0.85 * span_s - disk_full_s)
        plan += [(at, "disk full"), (at + disk_full_s, "disk has room")]
        # A limit of a process ends with it: while the disk is full the gateway is left alone.
        spared = [t for t, what in plan if what == "gateway killed" and at - 1.0 < t < at + disk_full_s + 1.0]
        plan = [step for step in plan if step[0] not in spared]
        plan += [(max(0.0, at - 2.0 - i), "gateway killed") for i in range(len(spared))]
    return sorted(plan)


def main() -> int:
    """Parse, run, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--machines", type=int, default=3)
    add("--seconds", type=float, default=150.0, help="of signal (default: 150)")
    add("--broker-away", type=float, default=60.0, help="seconds that the broker is away (default: 60)")
    add("--kills", type=int, default=10, help="of the gateway, with -9 (default: 10)")
    add("--disk-full", type=float, default=10.0, help="seconds without room on the disk (default: 10)")
    add("--seed", type=int, default=0)
    add("--out", type=Path, default=Path("build/bench/soak.json"))
    arguments = parser.parse_args()
    try:
        need_mosquitto()
        with tempfile.TemporaryDirectory(prefix="drsn-soak-") as folder:
            figures = soak(
                Path(folder),
                arguments.machines,
                arguments.seconds,
                arguments.broker_away,
                arguments.kills,
                arguments.disk_full,
                seed=arguments.seed,
            )
    except DrsnError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    for name, value in figures.items():
        print(f"{name:24} {value}")
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())

"""``make bench-gateway``: what a record costs the gateway's core, part by part, and how many machines a core watches.

Records of 10 s at 12 kHz of a simulated machine with a bearing, on one thread, in CPU time. With
the bundle of ``make demo-vibration`` where it is there. What sources, store and network cost is not in it.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

# Before NumPy is imported: one thread.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from drsn_keras.command_line import log
from keyword_runs import conclude, options, show, start, table

RATE_HZ, RECORD_S, RPM = 12000, 10.0, 1480.0
#: Largest figures that pass: CPU of a record [ms].
LIMITS = {"record_ms": 40.0, "record_with_bundle_ms": 60.0}
_BUNDLE = Path("runs/demo-vibration/bundles/int8")


def main() -> None:
    """Render, measure, print and write the figures."""
    parser = options(__doc__, "gateway")
    parser.add_argument("--bundle", type=Path, default=_BUNDLE)
    parser.add_argument("--records", type=int, default=40)
    arguments = parser.parse_args()
    records = _records(arguments.records)
    parts = _parts(records)
    flat = {f"{name}_ms": round(value, 2) for name, value in parts.items()}
    flat |= _station(records, None, "")
    if (arguments.bundle / "card.json").is_file():
        flat |= _station(records, arguments.bundle, "_with_bundle")
    else:
        log(f"{arguments.bundle}: none (make demo-vibration makes it): measured without a bundle alone")
    flat |= {"records": len(records), "record_s": RECORD_S, "sample_rate_hz": RATE_HZ}
    rows = [(name.removesuffix("_ms").replace("_", " "), value) for name, value in flat.items() if name.endswith("_ms")]
    show(flat, table(("part", "CPU of a record [ms]"), rows), arguments.out)
    kept = [name for name in LIMITS if name in flat]
    conclude([f"{name} {flat[name]} (limit: {LIMITS[name]})" for name in kept if flat[name] > LIMITS[name]], kept)


def _records(count: int) -> list[np.ndarray]:
    """Recordings of one machine, the last quarter with a defect."""
    from drsn_keras.simulation import draw_drivetrain, draw_recipe, render

    rng = np.random.default_rng(0)
    drivetrain = draw_drivetrain(rng)
    states = ["normal"] * (count - count // 4) + ["bearing-outer-race"] * (count // 4)
    return [render(draw_recipe(drivetrain, state, RPM, 0.7, RECORD_S, rng, RATE_HZ)) for state in states]


def _machine(bundle: Path | None = None):
    from drsn_keras.edge.gateway.config import AlarmConfig, MachineConfig
    from drsn_keras.machinery import KNOWN_BEARINGS

    return MachineConfig(
        name="bench",
        source={"kind": "tcp"},
        sample_rate_hz=float(RATE_HZ),
        unit="m/s^2",
        rpm=RPM,
        bearing=KNOWN_BEARINGS["6205-2RS"],
        iso_group=2,
        foundation="rigid",
        bundle=bundle,
        record_s=RECORD_S,
        alarms=AlarmConfig(learn_records=20),
    )


def _parts(records: list[np.ndarray]) -> dict[str, float]:
    """Median CPU time [ms] of each part, measured alone."""
    from drsn_keras import machinery
    from drsn_keras.edge.gateway.features import measure
    from drsn_keras.edge.gateway.normal_features import normal_features
    from drsn_keras.edge.gateway.picture import picture
    from drsn_keras.edge.gateway.sensor import sensor_state
    from drsn_keras.edge.vibration_evidence import choose_envelope_band

    machine = _machine()
    found = [measure(y.astype(np.float64), machine, RPM) for y in records[:3]]
    band, spectrum = found[-1].band, found[-1].spectrum
    envelope = found[-1].envelope
    measures: dict[str, Callable[[np.ndarray], object]] = {
        "sensor": sensor_state,
        "time_features": machinery.time_features,
        "velocity": lambda y: machinery.velocity_rms_mm_s(y, RATE_HZ, "m/s^2"),
        "spectrum": lambda y: machinery.amplitude_spectrum(y, RATE_HZ),
        "normal_features": lambda _: normal_features(*spectrum, 3.0, 4.0),
        "kurtogram": lambda y: choose_envelope_band(y, RATE_HZ, machine.bearing, RPM),
        "envelope": lambda y: machinery.envelope_spectrum(y, RATE_HZ, band.edges_hz),
        "lines": lambda _: machinery.bearing_lines(*envelope, machine.bearing, RPM),
        "picture": lambda _: picture(found[-1], machine, RPM),
    }
    wide = [y.astype(np.float64) for y in records]
    return {name: _median_ms([lambda y=y, f=f: f(y) for y in wide]) for name, f in measures.items()}


def _station(records: list[np.ndarray], bundle: Path | None, suffix: str) -> dict[str, float]:
    """A station's records as the gateway has them: blocks of a second, memory and record written as JSON."""
    from drsn_keras.edge.bundle import load_bundle
    from drsn_keras.edge.gateway.records import Block
    from drsn_keras.edge.gateway.station import Station

    station = Station(_machine(bundle), None if bundle is None else load_bundle(bundle))
    n, sizes = round(RATE_HZ * RECORD_S), []

    def one(index: int) -> None:
        for second in range(round(RECORD_S)):
            first = second * RATE_HZ
            samples = records[index][first : first + RATE_HZ]
            block = Block("bench", 1e9 + index * RECORD_S + second, samples, index * n + first, 0)
            steps = station.push(block)
            sizes.extend(len(step.record.to_json()) + len(json.dumps([step.memory, step.picture])) for step in steps)

    one(0)
    begin = time.process_time()
    for index in range(1, len(records)):
        one(index)
    # The mean: every tenth record looks for its band anew.
    cost_ms = 1000.0 * (time.process_time() - begin) / (len(records) - 1)
    return {
        f"record{suffix}_ms": round(cost_ms, 2),
        f"machines_per_core{suffix}": int(1000.0 * RECORD_S / cost_ms),
        f"written_bytes{suffix}": round(statistics.median(sizes)),
    }


def _median_ms(actions: list[Callable[[], object]]) -> float:
    taken = []
    for action in actions:
        begin = time.process_time()
        action()
        taken.append(1000.0 * (time.process_time() - begin))
    return statistics.median(taken)


if __name__ == "__main__":
    start(main)

"""Steps, blocks and configurations for the tests of the gateway's store, sources and service."""

from __future__ import annotations

import numpy as np

from drsn_keras.edge.gateway.machine_config import MachineConfig
from drsn_keras.edge.gateway.records import AlarmChange, Event, Record, Step

RATE_HZ = 2048.0


def machine(name: str = "pump", record_s: float = 1.0, scale: float | None = None, **source) -> MachineConfig:
    """A machine of 2048 Hz with a record a second."""
    return MachineConfig(
        name=name,
        source=source if "kind" in source else {"kind": "tcp", "port": 0, **source},
        sample_rate_hz=RATE_HZ,
        unit="g",
        scale=scale,
        record_s=record_s,
        waveform_s=0.0,
        where=f"machines.{name}",
    )


def step(
    index: int = 0,
    name: str = "pump",
    epoch: int = 0,
    time_s: float | None = None,
    features: dict | None = None,
    events: tuple[Event, ...] = (),
    changes: tuple[AlarmChange, ...] = (),
    waveform: np.ndarray | None = None,
    health: float | None = 90.0,
    padding: int = 0,
) -> Step:
    """A step as a station gives it."""
    n = 2048
    record = Record(
        machine=name,
        epoch=epoch,
        index=index,
        time_s=1000.0 + index if time_s is None else time_s,
        duration_s=1.0,
        sample_rate_hz=RATE_HZ,
        features={"velocity_rms_mm_s": 2.0 + index} if features is None else features,
        state={"normal": {"distance": 0.5, "limit": 3.0, "learning": 1.0}},
        health_percent=health,
        advisory="x" * padding,
    )
    position = (index + 1) * n
    return Step(
        record, events, changes, waveform, {"spectrum": {"hz": [1.0]}}, {"k": index}, position, epoch, f"c{index}"
    )


def raised(name: str = "iso", level: str = "warning", is_raised: bool = True, time_s: float = 1.0) -> AlarmChange:
    """An alarm that comes, goes up or goes."""
    return AlarmChange("pump", name, level, is_raised, time_s, 5.0, 4.5, "zone C")

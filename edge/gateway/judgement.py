"""From what was measured to states side by side, what of them is not known and why, and the health index."""

from __future__ import annotations

from typing import Any

from drsn_keras.errors import mismatch
from drsn_keras.machinery import iso_zone, zone_limits_mm_s

from .advisory import STANDS_STILL
from .features import Measured
from .health import health_percent, normal_health, zone_health
from .machine_config import MachineConfig
from .verdict import Verdict


def fault_of(measured: Measured, machine: MachineConfig) -> str:
    """Why the machine cannot be judged at all by a record, or nothing."""
    if measured.sensor.fault is not None:
        return measured.sensor.text
    is_still = machine.running_rms is not None and measured.rms is not None and measured.rms < machine.running_rms
    return STANDS_STILL if is_still else ""


def state_of(measured: Measured, machine: MachineConfig, verdict: Verdict | None, fault: str) -> dict[str, Any]:
    """``sensor``, ``running``, ``iso``, ``bearing`` and ``verdict``, each where it is known."""
    state: dict[str, Any] = {"sensor": measured.sensor.to_dict()}
    if machine.running_rms is not None and measured.rms is not None:
        state["running"] = fault != STANDS_STILL
    velocity = measured.features.get("velocity_rms_mm_s")
    if machine.iso_group is not None and velocity is not None and not fault:
        state["iso"] = {
            "zone": iso_zone(velocity, machine.iso_group, machine.foundation),
            "limits_mm_s": list(zone_limits_mm_s(machine.iso_group, machine.foundation)),
            "group": machine.iso_group,
            "foundation": machine.foundation,
        }
    if measured.evidence is not None and not fault:
        state["bearing"] = measured.evidence
    if verdict is not None:
        state["verdict"] = verdict.to_dict()
    return state


def refusals(measured: Measured, machine: MachineConfig, network_refusal: str | None, fault: str) -> dict[str, str]:
    """States that are not known, and why; ``network_refusal`` is None where there is no network."""
    refused = {"normal": fault} if fault else {}
    if machine.iso_group is None:
        refused["iso"] = mismatch("iso_group and foundation", "both", "none")
    elif fault or "velocity_rms_mm_s" not in measured.features:
        refused["iso"] = fault or measured.refused["velocity_rms_mm_s"]
    if network_refusal is not None and (network_refusal or fault):
        refused["verdict"] = network_refusal or fault
    return refused


def may_learn(state: dict[str, Any]) -> bool:
    """Whether a record is healthy as far as zone and network can tell: only then is normal learned from it."""
    return state.get("iso", {}).get("zone") not in {"C", "D"} and state.get("verdict", {}).get("healthy") is not False


def health_of(state: dict[str, Any], features: dict[str, float]) -> float | None:
    """The health index [%]; see :mod:`.health`."""
    normal, verdict = state["normal"], state.get("verdict", {})
    return health_percent(
        zone_health(features["velocity_rms_mm_s"], state["iso"]["limits_mm_s"]) if "iso" in state else None,
        None if normal["distance"] is None else normal_health(normal["distance"], normal["limit"]),
        verdict.get("healthy_probability"),
    )

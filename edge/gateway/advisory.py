"""What to do, in a sentence or two, from what was measured. Nothing is advised that no evidence stands behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drsn_keras.machinery import ZONE_MEANING

STANDS_STILL = "the machine stands still"
_BEARING_PARTS = {"BPFO": "outer race", "BPFI": "inner race", "BSF": "rolling element", "FTF": "cage"}


def advisory(
    state: dict[str, Any],
    features: dict[str, float],
    trend: dict[str, Any],
    alarms: Sequence[str],
    most: Sequence[str] = (),
) -> str:
    """Advice from a record's own fields.

    Parameters
    ----------
    state, features, trend : dict
        Of the record.
    alarms : sequence of str
        That stand.
    most : sequence of str
        What departs most from normal, in words.
    """
    sensor = state.get("sensor", {})
    if sensor.get("fault"):
        return f"Check sensor and cable: {sensor['text']}; the machine is not judged."
    if state.get("running") is False:
        return "The machine stands still: it is not judged."
    said = [*_zone(state, features), *_network(state), *_normal(state, most), *_bearing(state)]
    days = trend.get("days_to_limit")
    if days is not None and state.get("iso", {}).get("zone") != "D":
        said.append(f"At this trend zone D is reached in {_days(days)}.")
    if said:
        return " ".join(said)
    if alarms:
        return f"Back within limits; {', '.join(alarms)} {'stands' if len(alarms) == 1 else 'stand'} until it stays so."
    return _nothing(state)


def _zone(state: dict[str, Any], features: dict[str, float]) -> list[str]:
    iso = state.get("iso", {})
    if iso.get("zone") not in {"C", "D"}:
        return []
    limit = iso["limits_mm_s"][1 if iso["zone"] == "C" else 2]
    measured = f"{features['velocity_rms_mm_s']:.3g} mm/s RMS is in zone {iso['zone']} (from {limit:g} mm/s)"
    action = "Stop the machine as soon as it is safe and inspect it" if iso["zone"] == "D" else "Plan an inspection"
    return [f"{action}: {measured}, {ZONE_MEANING[iso['zone']].split(':', maxsplit=1)[0]}."]


def _network(state: dict[str, Any]) -> list[str]:
    verdict = state.get("verdict", {})
    if verdict.get("label") is None or verdict.get("healthy") is not False:
        return []
    return [f"The network sees {verdict['label']} (probability {verdict['probability']:.2f}): inspect for it."]


def _normal(state: dict[str, Any], most: Sequence[str]) -> list[str]:
    normal = state.get("normal", {})
    distance, limit = normal.get("distance"), normal.get("limit")
    if distance is None or distance < limit:
        return []
    where = f", most in {' and '.join(most[:2])}" if most else ""
    return [f"Find out what changed: {distance / limit:.1f} times the limit of its normal{where}."]


def _bearing(state: dict[str, Any]) -> list[str]:
    bearing = state.get("bearing", {})
    strongest = bearing.get("strongest")
    if strongest is None:
        return []
    found, of = bearing["found"][strongest]
    name = "2xBSF" if strongest == "BSF" else strongest
    evidence = f"{name} stands out of the envelope by {bearing['contrast_db']:.0f} dB, {found} of {of} lines"
    return [f"Inspect the bearing's {_BEARING_PARTS[strongest]}: {evidence}."]


def _nothing(state: dict[str, Any]) -> str:
    known = []
    if zone := state.get("iso", {}).get("zone"):
        known.append(f"zone {zone}, {ZONE_MEANING[zone]}")
    normal = state.get("normal", {})
    if normal.get("distance") is not None:
        known.append("within its normal")
    elif normal.get("learning") is not None:
        known.append(f"its normal is being learned ({normal['learning']:.0%})")
    if label := state.get("verdict", {}).get("label"):
        known.append(f"the network sees {label}")
    return f"Nothing to do: {'; '.join(known)}." if known else "Nothing is judged: see what is refused, and why."


def _days(days: float) -> str:
    if days < 1.0:
        return "less than a day"
    return f"about {days:.0f} day{'s' if round(days) != 1 else ''}"

"""What the page shows of a machine: configuration and last record put together. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.errors import DrsnError
from drsn_keras.machinery import KNOWN_BEARINGS, ZONE_LIMITS_MM_S
from drsn_keras.model_card import CARD_NAME, ModelCard

if TYPE_CHECKING:
    from ..config import MachineConfig
    from ..records import Record

NO_DATA, LATE, LEARNING, RUNNING = "no data", "late", "learning", "running"
#: A machine is late that has given no record for this many of its records, and at least so long [s].
_LATE_RECORDS, _LATE_S = 5.0, 60.0


def short_alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    """An open alarm, as the store gives it, for the list of machines."""
    return {key: alarm[key] for key in ("id", "name", "level", "text", "cleared_s", "acknowledged_s")}


class MachineViews:
    """Machines as plain values for JSON.

    Parameters
    ----------
    machines : sequence of MachineConfig
    """

    def __init__(self, machines: Sequence[MachineConfig]) -> None:
        self._machines = {machine.name: machine for machine in machines}
        self._cards: dict[Path, tuple[object, dict[str, Any]]] = {}

    def names(self) -> list[str]:
        """Of all machines, in the order of the configuration."""
        return list(self._machines)

    def config(self, name: str) -> MachineConfig | None:
        """What is configured for a machine, None where there is none of that name."""
        return self._machines.get(name)

    def short(self, name: str, record: Record | None, alarms: Sequence[dict[str, Any]], now: float) -> dict[str, Any]:
        """For the list of machines.

        Parameters
        ----------
        record : Record or None
            The last one.
        alarms : sequence of dict
            Its open ones, as the store gives them.
        now : float
            Unix time [s].
        """
        machine = self._machines[name]
        values = {
            "name": name,
            "condition": _condition(machine, record, now),
            "record_s": machine.record_s,
            "unit": machine.unit,
            "zone_limits_mm_s": _limits(machine),
            "alarms": [short_alarm(alarm) for alarm in alarms],
        }
        if record is None:
            return values
        normal, verdict = record.state.get("normal") or {}, record.state.get("verdict") or {}
        return values | {
            "time_s": record.time_s,
            "zone": (record.state.get("iso") or {}).get("zone"),
            "velocity_rms_mm_s": record.features.get("velocity_rms_mm_s"),
            "health_percent": record.health_percent,
            "learning": normal.get("learning"),
            "running": record.state.get("running"),
            "verdict": {key: verdict.get(key) for key in ("label", "probability", "reason")},
            "trend": record.trend,
            "advisory": record.advisory,
        }

    def long(self, name: str, record: Record | None, alarms: Sequence[dict[str, Any]], now: float) -> dict[str, Any]:
        """For the machine's own page."""
        machine = self._machines[name]
        card = self._card(machine.bundle)
        normal = (record.state.get("normal") or {}) if record else {}
        return self.short(name, record, alarms, now) | {
            "source": machine.source.get("kind"),
            "sample_rate_hz": machine.sample_rate_hz,
            "rpm": record.rpm if record and record.rpm is not None else machine.rpm,
            "iso_group": machine.iso_group,
            "foundation": machine.foundation,
            "bearing": _bearing(machine),
            "bundle": machine.bundle.name if machine.bundle else None,
            "labels": card.get("labels", []),
            "healthy": card.get("healthy", []),
            "min_probability": card.get("min_probability"),
            "normal_limit": normal.get("limit"),
            "alarm_rules": {
                key: getattr(machine.alarms, key) for key in ("on", "confirm", "within", "clear", "hysteresis")
            },
            "record": record.to_dict() if record else None,
        }

    def labels(self, name: str) -> list[str]:
        """What the machine's bundle tells apart."""
        machine = self._machines.get(name)
        return [] if machine is None else self._card(machine.bundle).get("labels", [])

    def _card(self, bundle: Path | None) -> dict[str, Any]:
        """What the page needs of a bundle's card; a bundle may be replaced while this runs."""
        if bundle is None:
            return {}
        try:
            path = bundle / CARD_NAME
            stamp = path.stat().st_mtime_ns
            if bundle not in self._cards or self._cards[bundle][0] != stamp:
                card = ModelCard.from_dict(json.loads(path.read_text(encoding="utf-8")))
                found = {"labels": list(card.labels)}
                found |= {key: card.monitor[key] for key in ("healthy", "min_probability") if key in card.monitor}
                self._cards[bundle] = (stamp, found)
        except (OSError, ValueError, RecursionError, DrsnError):
            return {}  # the station says what is wrong with it
        return self._cards[bundle][1]


def _condition(machine: MachineConfig, record: Record | None, now: float) -> str:
    if record is None:
        return NO_DATA
    if now - record.time_s > max(_LATE_S, _LATE_RECORDS * machine.record_s):
        return LATE
    learning = (record.state.get("normal") or {}).get("learning")
    return LEARNING if isinstance(learning, int | float) and learning < 1 else RUNNING


def _limits(machine: MachineConfig) -> list[float] | None:
    limits = ZONE_LIMITS_MM_S.get((machine.iso_group, machine.foundation))
    return None if limits is None else list(limits)


def _bearing(machine: MachineConfig) -> str | None:
    bearing = machine.bearing
    if bearing is None:
        return None
    known = next((name for name, one in KNOWN_BEARINGS.items() if one == bearing), None)
    size, pitch = bearing.element_diameter_mm, bearing.pitch_diameter_mm
    return f"bearing {known}" if known else f"{bearing.n_elements} elements of {size:g} mm, pitch {pitch:g} mm"

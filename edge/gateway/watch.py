"""State detection side by side: what each of four states shows in a record, and the alarm of each."""

from __future__ import annotations

from typing import Any

from .alarm_state import AlarmState, Observation, observe
from .machine_config import STATES, AlarmConfig
from .records import AlarmChange, Event

#: A distance of so many times its limit is an alarm, not a warning.
_NORMAL_ALARM = 2.0


class Watch:
    """The alarms of one machine: none hides another.

    Parameters
    ----------
    machine : str
    config : AlarmConfig
    memory : dict, optional
        From :meth:`memory`.
    """

    def __init__(self, machine: str, config: AlarmConfig, memory: dict[str, Any] | None = None) -> None:
        self._machine, self._config = machine, config
        memory = memory or {}
        numbers = config.confirm, config.within, config.clear
        self._states = {name: AlarmState(*numbers, memory.get(name)) for name in STATES if name in config.on}

    @property
    def standing(self) -> list[str]:
        """Names of the alarms that stand."""
        return [name for name, state in self._states.items() if state.standing]

    def update(self, seen: dict[str, Observation | None], time_s: float) -> tuple[list[AlarmChange], list[Event]]:
        """Take what a record shows; give what was raised, went up or is over, and the same for the event log."""
        changes, events = [], []
        for name, state in self._states.items():
            before, observation = state.level, seen.get(name)
            changed = state.update(observation)
            if changed is None:
                continue
            is_over = changed == AlarmState.CLEARED
            level = before if is_over else changed
            text = f"{name}: back within limits" if is_over else f"{name}: {observation.text}"
            change = AlarmChange(
                self._machine, name, level, not is_over, time_s, observation.value, observation.limit, text
            )
            changes.append(change)
            detail = {"name": name, "level": level, "value": observation.value, "limit": observation.limit}
            events.append(Event(time_s, self._machine, "cleared" if is_over else "alarm", text, detail))
        return changes, events

    def end(self, name: str, time_s: float, why: str) -> tuple[list[AlarmChange], list[Event]]:
        """Forget what records have shown of a state; its alarm is over, if it stands."""
        state = self._states.get(name)
        if state is None:
            return [], []
        level = state.level
        self._states[name] = AlarmState(state.confirm, state.within, state.clear)
        if level is None:
            return [], []
        text = f"{name}: {why}"
        change = AlarmChange(self._machine, name, level, False, time_s, None, None, text)
        return [change], [Event(time_s, self._machine, "cleared", text, {"name": name, "level": level})]

    def memory(self) -> dict[str, Any]:
        """Plain values, from which another one goes on."""
        return {name: state.memory() for name, state in self._states.items()}


def observations(
    state: dict[str, Any], features: dict[str, float], hysteresis: float, most: list[str]
) -> dict[str, Observation | None]:
    """What a record shows of each state; None where it could not be judged."""
    return {
        "iso": _iso(state.get("iso"), features, hysteresis),
        "normal": _normal(state.get("normal", {}), hysteresis, most),
        "verdict": _verdict(state.get("verdict", {})),
        "sensor": _sensor(state["sensor"]),
    }


def _iso(iso: dict[str, Any] | None, features: dict[str, float], hysteresis: float) -> Observation | None:
    if iso is None:
        return None
    velocity, (_, warning, alarm) = features["velocity_rms_mm_s"], iso["limits_mm_s"]
    return observe(velocity, warning, alarm, hysteresis, f"zone {iso['zone']}, {velocity:.3g} mm/s RMS")


def _normal(normal: dict[str, Any], hysteresis: float, most: list[str]) -> Observation | None:
    distance, limit = normal.get("distance"), normal.get("limit")
    if distance is None:
        return None
    text = f"{distance / limit:.1f} times the limit of the learned normal, most in {' and '.join(most[:2])}"
    return observe(distance, limit, _NORMAL_ALARM * limit, hysteresis, text)


def _verdict(verdict: dict[str, Any]) -> Observation | None:
    """A network that abstains, or knows no healthy label, neither raises nor clears."""
    healthy = verdict.get("healthy")
    if healthy is None:
        return None
    text = f"{verdict['label']}, probability {verdict['probability']:.2f}"
    return Observation(int(not healthy), healthy, verdict["probability"], None, text)


def _sensor(sensor: dict[str, Any]) -> Observation:
    return Observation(int(sensor["fault"] is not None), sensor["fault"] is None, None, None, sensor["text"])

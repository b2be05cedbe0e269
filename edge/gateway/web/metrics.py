"""/metrics: the live board in the text format of Prometheus. The only file that knows prometheus_client.

References
----------
Prometheus, "Metric and label naming" and "Exposition formats".
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from drsn_keras.errors import UsageError

_PREFIX = "drsn_gateway_"
#: Names of the live board by machine -> what they are.
_COUNTERS = {
    "frames": "frames taken from sources",
    "bad_frames": "bytes that are no frame, lines without a number, files that cannot be read",
    "refused": "frames that this gateway does not take",
    "blocks": "blocks of samples",
    "samples": "samples taken",
    "records": "records made",
    "gaps": "gaps in the samples",
    "late": "blocks seen before",
    "published": "messages that the broker has acknowledged",
    "duplicates": "messages handed to the network more than once",
    "dropped": "rows given up unsent on a full disk",
}
_GAUGES = {
    "queue_samples": "samples that wait to be worked on",
    "queue_steps": "records that wait to be stored",
    "lag_s": "seconds from the last sample's time to its record being stored",
    "last_data_s": "Unix time of the last data",
    "connections": "connections of sensors",
    "mqtt_connected": "1 while the broker is connected",
    "waiting": "messages that wait for the broker",
    "store_bytes": "size of the store on the disk",
}
_RECORD_GAUGES = {"velocity_rms_mm_s": "RMS velocity", "kurtosis": "kurtosis", "noise_level_db": "noise over signal"}
_ZONES = {"A": 1, "B": 2, "C": 3, "D": 4}


def metrics_text(store: Any, live: Any, machines: Iterable[str], logins_refused: int) -> tuple[str, bytes]:
    """Content type and text.

    Parameters
    ----------
    store : Store
    live : Live
    machines : iterable of str
        Configured ones: whatever else the board has becomes no label.
    logins_refused : int

    Raises
    ------
    UsageError
        prometheus_client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, exposition
    except ImportError:
        raise UsageError("/metrics needs prometheus-client: pip install drsn-keras[gateway]") from None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(store, live, list(machines), logins_refused))
    return exposition.CONTENT_TYPE_LATEST, exposition.generate_latest(registry)


class _Collector:
    """Reads board and store when it is asked, so that nothing is counted twice."""

    def __init__(self, store: Any, live: Any, machines: list[str], logins_refused: int) -> None:
        self._store, self._live, self._machines, self._refused = store, live, machines, logins_refused

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        board = self._live.snapshot()
        values = {"": board["gateway"], **{name: board["machines"].get(name, {}) for name in self._machines}}
        for name, text in _COUNTERS.items():
            yield _family(CounterMetricFamily, name, text, values, board=name)
        for name, text in _GAUGES.items():
            unit = {"lag_s": "lag_seconds", "last_data_s": "last_data_time_seconds"}.get(name, name)
            yield _family(GaugeMetricFamily, unit, text, values, board=name)
        yield _one(GaugeMetricFamily, "uptime_seconds", "since the gateway's start", board["uptime_s"])
        faults = GaugeMetricFamily(f"{_PREFIX}fault", "1 for what does not work now", labels=["name"])
        for name in board["faults"]:
            faults.add_metric([name], 1)
        yield faults
        yield _one(CounterMetricFamily, "web_refused", "requests with a wrong token or password", self._refused)
        yield from self._of_records(GaugeMetricFamily)

    def _of_records(self, gauge: type) -> Iterator[Any]:
        """State of each machine, from its last record, and its open alarms."""
        zone = gauge(f"{_PREFIX}zone", "ISO 20816-3 zone, 1 (A) to 4 (D)", labels=["machine"])
        health = gauge(f"{_PREFIX}health_percent", "health index", labels=["machine"])
        seen = gauge(f"{_PREFIX}record_age_seconds", "age of the last record", labels=["machine"])
        features = {name: gauge(f"{_PREFIX}{name}", text, labels=["machine"]) for name, text in _RECORD_GAUGES.items()}
        for machine in self._machines:
            record = self._store.latest(machine)
            if record is None:
                continue
            seen.add_metric([machine], max(0.0, time.time() - record.time_s))
            if (letter := (record.state.get("iso") or {}).get("zone")) in _ZONES:
                zone.add_metric([machine], _ZONES[letter])
            if record.health_percent is not None:
                health.add_metric([machine], record.health_percent)
            for name, family in features.items():
                if name in record.features:
                    family.add_metric([machine], record.features[name])
        alarms = gauge(f"{_PREFIX}alarm", "1 for an alarm that stands", labels=["machine", "name", "level"])
        for alarm in self._store.alarms(open_only=True, limit=1000):
            if alarm["cleared_s"] is None:
                alarms.add_metric([alarm["machine"], alarm["name"], alarm["level"]], 1)
        yield from (zone, health, seen, *features.values(), alarms)


def _family(kind: type, name: str, text: str, values: dict[str, dict[str, float]], board: str) -> Any:
    """A value of the board: the gateway's own has an empty machine."""
    family = kind(f"{_PREFIX}{name}", text, labels=["machine"])
    for machine, found in values.items():
        if board in found:
            family.add_metric([machine], found[board])
    return family


def _one(kind: type, name: str, text: str, value: float) -> Any:
    family = kind(f"{_PREFIX}{name}", text)
    family.add_metric([], value)
    return family

"""The board of what goes on now: counters, gauges, faults for metrics, health and page. Standard library only."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from typing import Any

#: What /health answers 503 for; any other fault is told, but the gateway does its work (it stores and goes on).
FAILING = ("store", "worker")


class Live:
    """Counters and gauges, for the gateway (machine "") and by machine. All methods may be called from any thread.

    Attributes
    ----------
    started_s : float
        Unix time of the start.

    Examples
    --------
    >>> live = Live(["pump"])
    >>> live.add("records", "pump")
    >>> live.fault("mqtt", "no broker")
    True
    >>> live.snapshot()["machines"]["pump"]["records"], live.health()[0]
    (1, True)
    """

    #: Counters that only grow: frames, bad_frames, refused, blocks, samples, records, gaps, late (blocks seen before),
    #: published, duplicates, dropped. Gauges: queue_samples, lag_s, last_data_s (Unix), connections, mqtt_connected (0
    #: or 1), waiting (rows to send), store_bytes, queue_steps.
    COUNTERS = (
        "frames",
        "bad_frames",
        "refused",
        "blocks",
        "samples",
        "records",
        "gaps",
        "late",
        "published",
        "duplicates",
        "dropped",
    )

    def __init__(self, machines: list[str] | None = None) -> None:
        self.started_s = time.time()
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._values: dict[str, dict[str, float]] = defaultdict(dict)
        self._faults: dict[str, tuple[str, float]] = {}
        self._version = 0
        for machine in ("", *(machines or [])):
            self._values[machine] = dict.fromkeys(self.COUNTERS, 0)

    def add(self, name: str, machine: str = "", n: float = 1) -> None:
        """Count."""
        with self._lock:
            values = self._values[machine]
            values[name] = values.get(name, 0) + n
            if name == "records":
                self._version += 1

    def set(self, name: str, value: float, machine: str = "") -> None:
        """Set a gauge."""
        with self._lock:
            self._values[machine][name] = value

    def get(self, name: str, machine: str = "") -> float:
        """A counter or gauge; 0 where nobody has set it."""
        with self._lock:
            return self._values[machine].get(name, 0) if machine in self._values else 0

    def fault(self, name: str, text: str) -> bool:
        """Something does not work now; whether that is new (to be said once)."""
        with self._lock:
            is_new = name not in self._faults
            since_s = time.time() if is_new else self._faults[name][1]
            self._faults[name] = (text, since_s)
        return is_new

    def clear(self, name: str) -> bool:
        """It works again; whether it did not before."""
        with self._lock:
            return self._faults.pop(name, None) is not None

    def faults(self) -> dict[str, dict[str, Any]]:
        """What does not work: ``{"store": {"text": ..., "since_s": Unix time}}``."""
        with self._lock:
            return {name: {"text": text, "since_s": since_s} for name, (text, since_s) in self._faults.items()}

    def snapshot(self) -> dict[str, Any]:
        """All of it: ``uptime_s``, ``gateway`` and ``machines`` (name to value), ``faults``, ``version``."""
        with self._lock:
            values = {machine: dict(found) for machine, found in self._values.items()}
        gateway = values.pop("")
        return {
            "uptime_s": round(time.monotonic() - self._started, 3),
            "started_s": self.started_s,
            "version": self._version,
            "gateway": gateway,
            "machines": values,
            "faults": self.faults(),
        }

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether the gateway does its work (answer 200, else 503), and what to say.

        A broker or a sensor that is away is a fault to be told, no failure: what the store takes is not lost.
        """
        faults = self.faults()
        works = not any(name.split(":")[0] in FAILING for name in faults)
        status = "failing" if not works else "degraded" if faults else "ok"
        return works, {"status": status, "faults": faults, "uptime_s": round(time.monotonic() - self._started, 3)}

"""Records as Sparkplug B: birth certificates, then data by machine.

References
----------
Eclipse Sparkplug Specification 3.0: topics, payload (protocol buffers), birth and death certificates.

Where this departs from it: data go with QoS 1, not 0, as nothing may be lost.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterable
from typing import Any

from .queries import Waveform
from .store import Outgoing
from .wire import Message

_INT64, _DOUBLE, _BOOLEAN, _STRING, _BYTES = 4, 10, 11, 12, 17
_VARINT, _FIXED64, _LENGTH = 0, 1, 2
_REBIRTH = "Node Control/Rebirth"


class SparkplugWire:
    """``spBv1.0/{topic}/{type}/{gateway}/{machine}``: a gateway is an edge node, a machine a device.

    Parameters
    ----------
    topic : str
        The group; its levels are joined by dashes.
    gateway : str
    store_id : str
    """

    def __init__(self, topic: str, gateway: str, store_id: str) -> None:
        self._group, self._node, self._store_id = topic.replace("/", "-"), gateway, store_id
        self._births, self._seq = -1, 0
        self._known: dict[str, set[str]] = {}
        self._since_s = 0.0

    def will(self) -> Message:
        """Death certificate of the connection that is about to begin."""
        self._births = (self._births + 1) % 256
        return self._death()

    def greeting(self) -> list[Message]:
        """Birth certificate of the node; machines are born with their first record after it."""
        self._seq, self._known, self._since_s = 0, {}, time.time()
        values = {"bdSeq": self._births, _REBIRTH: False, "store": self._store_id}
        return [self._message("NBIRTH", "", values, time.time())]

    def farewell(self) -> list[Message]:
        """As the will."""
        return [self._death()]

    def commands(self) -> list[str]:
        """Where a host may ask to be told all anew."""
        return [f"spBv1.0/{self._group}/NCMD/{self._node}"]

    def is_rebirth(self, payload: bytes) -> bool:
        """Whether that is what it asks."""
        return _REBIRTH.encode() in payload

    def messages(self, row: Outgoing, waveform: Waveform | None) -> list[Message]:
        """Data of a machine; before it its birth certificate, where it has metrics that none has named."""
        if row.kind == "waveform":
            if waveform is None:
                return []
            values: dict[str, Any] = {"waveform": waveform.samples.tobytes(), "waveform_hz": waveform.sample_rate_hz}
            time_s = waveform.time_s
        else:
            found = json.loads(row.json)
            values, time_s = dict(_metrics(row.kind, found)), found["time_s"]
        values |= {"seq": row.seq, "duplicate": row.tried}
        if not row.machine:
            return [self._message("NDATA", "", values, time_s)]
        said = []
        if not set(values) <= self._known.get(row.machine, set()):
            self._known.setdefault(row.machine, set()).update(values)
            said.append(self._message("DBIRTH", row.machine, values, time_s))
        return [*said, self._message("DDATA", row.machine, values, time_s)]

    def _death(self) -> Message:
        return Message(f"spBv1.0/{self._group}/NDEATH/{self._node}", _payload({"bdSeq": self._births}, time.time()), 1)

    def _message(self, kind: str, machine: str, values: dict[str, Any], time_s: float) -> Message:
        topic = f"spBv1.0/{self._group}/{kind}/{self._node}" + (f"/{machine}" if machine else "")
        payload = _payload(values, time_s, self._seq, time_s < self._since_s)
        self._seq = (self._seq + 1) % 256
        return Message(topic, payload, 1 if kind.endswith("DATA") else 0)


def _metrics(kind: str, found: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """Names and values of a record, an alarm or an event."""
    if kind == "features":
        yield from ((f"features/{name}", float(value)) for name, value in found["features"].items())
        yield from ((name, found[name]) for name in ("epoch", "index", "advisory"))
        yield "alarms", ",".join(found["alarms"])
        if found["health_percent"] is not None:
            yield "health_percent", float(found["health_percent"])
        for name, state in found["state"].items():  # zone, label, distance: what is plain
            yield from (
                (f"state/{name}/{key}", value) for key, value in state.items() if isinstance(value, str | float)
            )
    elif kind == "alarm":
        yield f"alarm/{found['name']}", found["level"] if found["raised"] else ""
    else:
        yield f"event/{found['kind']}", found["text"]


def _payload(values: dict[str, Any], time_s: float, seq: int | None = None, is_old: bool = False) -> bytes:
    stamp = _field(3, _VARINT, _milliseconds(time_s)) + (_field(5, _VARINT, 1) if is_old else b"")
    metrics = b"".join(
        _field(2, _LENGTH, _field(1, _LENGTH, name.encode()) + stamp + _value(value)) for name, value in values.items()
    )
    end = b"" if seq is None else _field(3, _VARINT, seq)
    return _field(1, _VARINT, _milliseconds(time.time())) + metrics + end


def _value(value: Any) -> bytes:
    """Data type and value of a metric."""
    if isinstance(value, bool):
        return _field(4, _VARINT, _BOOLEAN) + _field(14, _VARINT, int(value))
    if isinstance(value, int):
        return _field(4, _VARINT, _INT64) + _field(11, _VARINT, value % (1 << 64))
    if isinstance(value, float):
        return _field(4, _VARINT, _DOUBLE) + _field(13, _FIXED64, struct.pack("<d", value))
    if isinstance(value, bytes):
        return _field(4, _VARINT, _BYTES) + _field(16, _LENGTH, value)
    return _field(4, _VARINT, _STRING) + _field(15, _LENGTH, str(value).encode())


def _field(number: int, wire_type: int, value: int | bytes) -> bytes:
    key = _varint(number << 3 | wire_type)
    if wire_type == _VARINT:
        return key + _varint(value)
    return key + (_varint(len(value)) if wire_type == _LENGTH else b"") + value


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _milliseconds(time_s: float) -> int:
    return max(0, round(time_s * 1000.0))

"""What a subscriber hears of the gateway in ``make demo-gateway``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


class Heard:
    """Counts a gateway's messages.

    Parameters
    ----------
    host : str
    topic : str
        Of all messages, without the last ``#``.

    Attributes
    ----------
    count : Counter of (str, str)
        Messages by machine and kind.
    n_bytes : Counter of str
        Topics and payloads by kind.
    last : dict of str to dict
        The last record of each machine.
    duplicates : int
        Messages that say that they may have been sent before.
    in_order : bool
        Whether the numbers of all others went up.
    """

    def __init__(self, host: str, topic: str) -> None:
        self._host, self._topic = host, topic
        self.count: Counter[tuple[str, str]] = Counter()
        self.n_bytes: Counter[str] = Counter()
        self.last: dict[str, dict[str, Any]] = {}
        self.duplicates, self.in_order = 0, True
        self._seq = 0
        self._client: Any = None

    def listen(self, port: int) -> None:
        """Subscribe to all of the gateway's messages."""
        from paho.mqtt import client as mqtt

        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="demo-subscriber")
        self._client.on_message = self._take
        self._client.connect(self._host, port)
        self._client.subscribe(f"{self._topic}/#", 1)
        self._client.loop_start()

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()

    def _take(self, _client: Any, _data: Any, message: Any) -> None:
        levels = message.topic.split("/")
        machine, kind = (levels[2], levels[3]) if len(levels) > 3 else ("", levels[-1])
        self.count[machine, kind] += 1
        self.n_bytes[kind] += len(message.topic) + len(message.payload)
        if kind not in ("features", "alarm", "event"):
            return
        values = json.loads(message.payload)
        if values.get("duplicate"):
            self.duplicates += 1
        else:
            self.in_order &= values["seq"] > self._seq
            self._seq = values["seq"]
        if kind == "features":
            self.last[machine] = values

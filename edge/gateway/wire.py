"""What rows look like on MQTT: topics and JSON."""

from __future__ import annotations

import json
from typing import NamedTuple, Protocol

from .frame import DUPLICATE, MOST_SAMPLES, Frame, Kind
from .queries import Waveform
from .store import Outgoing


class Message(NamedTuple):
    """To be published."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


class Wire(Protocol):
    """A format of what is published."""

    def will(self) -> Message:
        """What the broker says for us when we are gone."""
        ...

    def greeting(self) -> list[Message]:
        """What is said first on a connection."""
        ...

    def farewell(self) -> list[Message]:
        """What is said last."""
        ...

    def commands(self) -> list[str]:
        """Topics by which somebody may ask for the greeting again."""
        ...

    def is_rebirth(self, payload: bytes) -> bool:
        """Whether a message on them asks for it."""
        ...

    def messages(self, row: Outgoing, waveform: Waveform | None) -> list[Message]:
        """A row's; the last one's acknowledgement is the row's."""
        ...


class JsonWire:
    """``{topic}/{gateway}/{machine}/features``, ``/alarm``, ``/event`` as JSON; ``/waveform/{alarm}`` as a frame.

    Parameters
    ----------
    topic : str
        The first level or levels.
    gateway : str
        Its name.
    store_id : str
        Of the store that the numbers are of.
    """

    def __init__(self, topic: str, gateway: str, store_id: str) -> None:
        self._root, self._gateway, self._store_id = f"{topic}/{gateway}", gateway, store_id

    def will(self) -> Message:
        """Retained: who comes later hears it, too."""
        return Message(f"{self._root}/status", b"offline", 1, True)

    def greeting(self) -> list[Message]:
        """Retained."""
        return [Message(f"{self._root}/status", b"online", 1, True)]

    def farewell(self) -> list[Message]:
        """As the will."""
        return [self.will()]

    def commands(self) -> list[str]:
        """None."""
        return []

    def is_rebirth(self, payload: bytes) -> bool:
        """Never."""
        return False

    def messages(self, row: Outgoing, waveform: Waveform | None) -> list[Message]:
        """One; ``duplicate`` says that it was handed to the network before and may have arrived."""
        if row.kind == "waveform":
            return [] if waveform is None else [self._waveform(row, waveform)]
        where = f"{self._root}/{row.machine}" if row.machine else self._root
        values = {**json.loads(row.json), "seq": row.seq, "store": self._store_id, "gateway": self._gateway}
        if row.tried:
            values["duplicate"] = True
        text = json.dumps(values, sort_keys=True, allow_nan=False, ensure_ascii=False)
        return [Message(f"{where}/{row.kind}", text.encode())]

    def _waveform(self, row: Outgoing, waveform: Waveform) -> Message:
        samples = waveform.samples[-MOST_SAMPLES:]
        start_s = waveform.time_s - len(samples) / waveform.sample_rate_hz
        frame = Frame(
            Kind.SAMPLES,
            waveform.machine,
            position=row.seq,
            time_ns=round(start_s * 1e9),
            sample_rate_hz=waveform.sample_rate_hz,
            payload=samples.astype("<f4").tobytes(),
            flags=DUPLICATE if row.tried else 0,
        )
        return Message(f"{self._root}/{row.machine}/waveform/{waveform.alarm_id or 0}", frame.encode())

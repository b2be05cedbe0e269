"""Sends what the store keeps to the broker: in order, QoS 1, few at a time, and nothing twice without a mark.

The client library has a queue of its own and sends it again on the next connection without a mark. So it is given no
more than a few messages, and a connection is a client of its own: what is not acknowledged when it ends is forgotten
there, and read from the store again.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from drsn_keras.errors import DataError

from ..seldom import Seldom
from .live import Live
from .mqtt_client import Broker, connect, make_client
from .records import Event
from .store import Outgoing, Store, StoreUnavailable
from .wire import Message, Wire

#: Rows at the broker that it has not acknowledged.
WINDOW = 20
_RETRY_S = (0.5, 30.0)
_GREETING_S = 10.0
#: A broker that acknowledges nothing for so long is as good as gone.
_ACK_S = 30.0
_POLL_S = 0.5
#: Some brokers end the connection over a message that is too large for them: a waveform is given up after so many.
_MOST_LOSSES = 5


class Publisher:
    """One thread's work.

    Parameters
    ----------
    broker : Broker
    wire : Wire
    store : Store
    live : Live
    say : Seldom
    """

    def __init__(self, broker: Broker, wire: Wire, store: Store, live: Live, say: Seldom) -> None:
        self._broker, self._wire, self._store, self._live, self._say = broker, wire, store, live, say
        self._woken = threading.Event()
        self._losses: tuple[int, int] = (0, 0)  # the oldest row that was not acknowledged, how often in a row

    def wake(self) -> None:
        """There is something new to send."""
        self._woken.set()

    def run(self, stop: threading.Event) -> None:
        """Connect, send, connect again, until told to stop."""
        patience_s = _RETRY_S[0]
        self._live.set("mqtt_connected", 0)
        while not stop.is_set():
            try:
                connection = _Connection(self._broker, self._wire, self._woken)
                try:
                    connection.open(stop)
                    patience_s = _RETRY_S[0]
                    self._connected()
                    self._send(connection, stop)
                finally:
                    self._live.set("mqtt_connected", 0)
                    connection.close(self._wire.farewell() if stop.is_set() else [])
                    self._settle(connection)
                reason = connection.reason
            except (DataError, OSError) as error:
                reason = str(error)
            except StoreUnavailable:
                reason = ""  # the store says so itself
            if stop.is_set():
                return
            if reason and self._live.fault("mqtt", reason):
                self._say("mqtt", f"{reason}; records wait in the store")
            stop.wait(patience_s)
            patience_s = min(2.0 * patience_s, _RETRY_S[1])

    def _connected(self) -> None:
        self._live.set("mqtt_connected", 1)
        if self._live.clear("mqtt"):
            self._say("mqtt back", f"{self._broker.where}: the broker is back, {self._store.waiting()} rows wait")

    def _send(self, connection: _Connection, stop: threading.Event) -> None:
        """As long as the connection holds."""
        last = 0
        acknowledged_s = time.monotonic()
        while connection.is_up and not stop.is_set():
            self._woken.clear()
            connection.answer()
            if sent := connection.take_acknowledged():
                acknowledged_s = time.monotonic()
                self._losses = (0, 0)
            rows = self._store.to_send(WINDOW - connection.in_flight, after=last)
            # One wait for the disk: rows are tried before the network has them, and sent ones are done with.
            try:
                self._store.mark(tried=[row.seq for row in rows], sent=sent)
            except StoreUnavailable:
                connection.put_back(sent)
                stop.wait(_POLL_S)
                continue
            self._live.add("published", n=len(sent))
            for row in rows:
                last = row.seq
                self._publish(connection, row)
            if connection.in_flight and time.monotonic() - acknowledged_s > _ACK_S:
                connection.reason = f"{self._broker.where}: no acknowledgement for {_ACK_S:g} s"
                return
            if not connection.in_flight:
                acknowledged_s = time.monotonic()
            if not rows:
                self._woken.wait(_POLL_S)

    def _publish(self, connection: _Connection, row: Outgoing) -> None:
        if row.tried:
            self._live.add("duplicates", row.machine)
        waveform = self._store.waveform_row(row.ref) if row.ref is not None else None
        messages = self._wire.messages(row, waveform)
        if row.kind == "waveform" and self._losses[0] == row.seq and self._losses[1] >= _MOST_LOSSES:
            messages = []
            text = f"a waveform is given up: the broker ended {_MOST_LOSSES} connections over it (too large for it?)"
            self._say("waveform", f"{row.machine}: {text}")
            self._store.log(Event(time.time(), row.machine, "mqtt", text, {"seq": row.seq}))
        connection.publish(row.seq, messages)

    def _settle(self, connection: _Connection) -> None:
        """After the end: what was acknowledged is sent; of the rest the oldest is remembered."""
        sent = connection.take_acknowledged()
        try:
            self._store.mark(sent=sent)
            self._live.add("published", n=len(sent))
        except StoreUnavailable:
            pass  # sent again, marked
        oldest = connection.oldest
        if oldest is not None:
            self._losses = (oldest, self._losses[1] + 1 if self._losses[0] == oldest else 1)


class _Connection:
    """One connection to the broker, one client."""

    def __init__(self, broker: Broker, wire: Wire, woken: threading.Event) -> None:
        self._broker, self._wire, self._woken = broker, wire, woken
        self._lock = threading.Lock()
        self._greeted, self._lost = threading.Event(), threading.Event()
        # Rows by the number of their message, and numbers acknowledged before they could be noted. The client calls
        # back under a lock of its own that its publish() takes, too: ours is never held around that.
        self._rows: dict[int, int | None] = {}
        self._early: set[int] = set()
        self._acknowledged: list[int] = []
        self._client: Any = None
        self._asked = threading.Event()
        self.reason = ""

    @property
    def is_up(self) -> bool:
        """Whether it holds, as far as is known."""
        return not self._lost.is_set()

    @property
    def in_flight(self) -> int:
        """Rows without acknowledgement."""
        with self._lock:
            return sum(seq is not None for seq in self._rows.values())

    @property
    def oldest(self) -> int | None:
        """The first row without acknowledgement."""
        with self._lock:
            return min((seq for seq in self._rows.values() if seq is not None), default=None)

    def open(self, stop: threading.Event) -> None:
        """Connect, and say who is there.

        Raises
        ------
        DataError
        """
        self._client = client = make_client(self._broker, keep_session=False)
        client.max_inflight_messages_set(2 * WINDOW)  # the window is ours: the client has to hold none back
        client.on_connect, client.on_disconnect, client.on_publish = self._on_connect, self._on_lost, self._on_ack
        client.on_message = self._on_message
        will = self._wire.will()
        client.will_set(will.topic, will.payload, will.qos, will.retain)
        connect(client, self._broker)
        client.loop_start()
        until = time.monotonic() + _GREETING_S
        while not self._greeted.wait(0.1) and time.monotonic() < until and self.is_up and not stop.is_set():
            pass
        if not self._greeted.is_set() or not self.is_up:
            raise DataError(self.reason or f"{self._broker.where}: the broker does not answer")
        self._say(self._wire.greeting())
        for topic in self._wire.commands():
            client.subscribe(topic, qos=1)

    def answer(self) -> None:
        """Say the greeting again, if somebody asked."""
        if self._asked.is_set():
            self._asked.clear()
            self._say(self._wire.greeting())

    def publish(self, seq: int, messages: list[Message]) -> None:
        """Hand a row over; its last message's acknowledgement is the row's. No message: it is done with."""
        if not messages:
            with self._lock:
                self._acknowledged.append(seq)
            self._woken.set()
            return
        self._say(messages[:-1])
        last = messages[-1]
        self._hand_over(Message(last.topic, last.payload, max(1, last.qos), last.retain), seq)

    def take_acknowledged(self) -> list[int]:
        """Rows acknowledged since the last call."""
        with self._lock:
            taken, self._acknowledged = self._acknowledged, []
        return taken

    def put_back(self, seqs: list[int]) -> None:
        """They could not be noted."""
        with self._lock:
            self._acknowledged = [*seqs, *self._acknowledged]

    def close(self, farewell: list[Message]) -> None:
        """End it; nothing is acknowledged afterwards."""
        if self._client is None:
            return
        if farewell and self.is_up:
            last = [self._client.publish(*message) for message in farewell]
            until = time.monotonic() + 1.0
            while time.monotonic() < until and self.is_up and not all(info.is_published() for info in last):
                time.sleep(0.02)
        self._client.disconnect()
        self._client.loop_stop()

    def _say(self, messages: list[Message]) -> None:
        for message in messages:
            self._hand_over(message, None)

    def _hand_over(self, message: Message, seq: int | None) -> None:
        number = self._client.publish(*message).mid
        with self._lock:
            if number in self._early:
                self._early.discard(number)
                if seq is not None:
                    self._acknowledged.append(seq)
            else:
                self._rows[number] = seq

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self.reason = f"{self._broker.where}: the broker says: {reason}"
            self._lost.set()
        self._greeted.set()

    def _on_lost(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.reason = self.reason or f"{self._broker.where}: {reason}"
        self._lost.set()
        self._woken.set()

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        if self._wire.is_rebirth(message.payload):
            self._asked.set()
            self._woken.set()

    def _on_ack(self, _client: Any, _data: Any, number: int, _reason: Any, _properties: Any) -> None:
        with self._lock:
            if number not in self._rows:
                self._early.add(number)
            elif (seq := self._rows.pop(number)) is not None:
                self._acknowledged.append(seq)
        self._woken.set()

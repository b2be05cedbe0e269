"""MQTT: a frame a message, QoS 1, acknowledged to the broker when it is committed.

The session outlives a connection: what comes while the gateway is away waits in the broker, within its own limits.
"""

from __future__ import annotations

import threading
from typing import Any

from drsn_keras.errors import DataError

from ..frame import FrameError, Kind, decode
from ..machine_config import MachineConfig
from ..mqtt_client import Broker, connect, make_client, read_broker
from ..records import Position
from .framed import FramedSource, RefusedFrame, need_source
from .hub import Hub

_RETRY_S = (1.0, 30.0)


class MqttSource(FramedSource):
    """One machine on a topic; keys ``host``, ``port``, ``topic``, ``username``, ``password_file``, ``tls``,
    ``ca_file``, ``client_id``, ``format``."""

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        topic = self.keys.text("topic")
        broker = read_broker(self.keys, config.folder, f"drsn-source-{config.name}")
        # Machines on one topic share a connection: its messages are told apart by the name in the frame.
        self.key = ("mqtt", broker.host, broker.port, broker.username, topic)
        self._subscriber: MqttSubscriber = hub.listener(self.key, lambda: MqttSubscriber(broker, topic, hub))
        self._subscriber.sources[config.name] = self

    def check(self) -> str:
        """The broker answers."""
        broker = self._subscriber.broker
        client = make_client(broker, keep_session=True)
        connect(client, broker)
        client.disconnect()
        return f"mqtt {self._subscriber.topic} at {broker.where}"


class MqttSubscriber:
    """One connection to a broker."""

    def __init__(self, broker: Broker, topic: str, hub: Hub) -> None:
        self.broker, self.topic, self._hub = broker, topic, hub
        self.sources: dict[str, FramedSource] = {}
        self._fault = f"mqtt-source:{broker.where}/{topic}"
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._is_greeted = False

    def open(self) -> None:
        """The library and the password have to be there; the broker may come later."""
        make_client(self.broker, keep_session=True)
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{self.topic}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Leave; the broker keeps the session."""
        if self._client is not None:
            self._client.disconnect()

    def _run(self) -> None:
        patience_s = _RETRY_S[0]
        while not self._hub.stopping.is_set():
            self._is_greeted = False
            try:
                # A client a connection: an acknowledgement can never be sent on a later one, where its number may be
                # that of another message.
                self._client = client = make_client(self.broker, keep_session=True, manual_ack=True)
                client.on_connect, client.on_message, client.on_disconnect = self._greeted, self._take, self._lost
                connect(client, self.broker)
                client.loop_forever()
            except (DataError, OSError) as error:
                self._trouble(str(error))
            patience_s = _RETRY_S[0] if self._is_greeted else min(2.0 * patience_s, _RETRY_S[1])
            self._hub.stopping.wait(patience_s)

    def _greeted(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._trouble(f"{self.broker.where}: the broker says: {reason}")
            client.disconnect()
            return
        self._is_greeted = True
        client.subscribe(self.topic, qos=1)
        if self._hub.live.clear(self._fault):
            self._hub.say(f"{self._fault} back", f"{self.broker.where}: the broker is back")

    def _lost(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure and not self._hub.stopping.is_set():
            self._trouble(f"{self.broker.where}: {reason}")

    def _trouble(self, text: str) -> None:
        self._hub.live.fault(self._fault, text)
        self._hub.say(self._fault, text)

    def _take(self, client: Any, _data: Any, message: Any) -> None:
        def ack() -> None:
            if message.qos:
                client.ack(message.mid, message.qos)

        name = ""
        try:
            frame = decode(message.payload)
            if message.retain:  # kept by the broker, and given again with each subscription: of a time that is over
                raise RefusedFrame("retained: left out (publish samples without the flag)")
            if frame.kind == Kind.SAMPLES:
                source = need_source(self.sources.get, frame.machine)
                name = frame.machine
                if not source.take(frame, ack):
                    client.disconnect()
                return
        except FrameError as error:
            self._hub.live.add("bad_frames")
            self._hub.trouble("", f"bad {self.topic}", f"topic {message.topic[:100]}: {error}")
        except RefusedFrame as error:
            self._hub.live.add("refused", name)
            self._hub.trouble(name, f"refused {self.topic}", f"topic {message.topic[:100]}: {error}")
        ack()  # of no use, and not wanted again

"""``--mqtt``: a message for each word. The only file of the listener that knows the package paho-mqtt."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, DrsnError, UsageError, mismatch

from ..seldom import Seldom
from ..sinks import Moment, Sink
from .host import need_host

MISSING = 'paho-mqtt is not installed: pip install "drsn-keras[home]"'
_PORT, _TLS_PORT = 1883, 8883
#: Words that may wait for the broker; those that come then are left out, counted and said.
_LIMIT = 1000
#: Between tries to connect, and for the last words at the end [s].
_PAUSES_S, _CLOSING_S = (1, 60), 3.0
#: Of a topic, after MQTT [bytes].
_LONGEST_TOPIC = 65535
#: HOST, [IPv6] or HOST:PORT, and the topic behind the first slash.
_TARGET = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^/:\[\]\s]+)(?::(?P<port>\d{1,5}))?/(?P<topic>.+)")


class MqttAction(Sink):
    """Publishes the JSON line with QoS 1: kept until the broker has it, in paho-mqtt's own thread.

    Parameters
    ----------
    target : str
        ``HOST[:PORT]/TOPIC``.
    words : collection of str or None
    password_file : str, optional
        User name in its first line, password in its second.
    tls : str, optional
        Connect by TLS (port 8883); a file of certificates to trust, or empty for the system's.

    Raises
    ------
    UsageError
        If the target is none.
    DrsnError
        If paho-mqtt is missing, or a file cannot be used.
    """

    def __init__(
        self, target: str, words: Collection[str] | None, password_file: str | None = None, tls: str | None = None
    ) -> None:
        host, port, self._topic = _parsed(target, _PORT if tls is None else _TLS_PORT)
        self.name, self.done, self.left_out = f"--mqtt {host}:{port}", 0, 0
        self._words = words
        self._seldom = Seldom()
        self._waiting, self._changed = 0, threading.Condition()
        self._away = False  # the broker, by what is known
        client = self._client = _client()
        client.max_queued_messages_set(_LIMIT)
        client.reconnect_delay_set(*_PAUSES_S)
        if password_file is not None:
            client.username_pw_set(*_credentials(Path(password_file)))
        if tls is not None:
            try:
                client.tls_set(ca_certs=tls or None)
            except OSError as error:
                raise DataError(mismatch(tls or "--mqtt-tls", "certificates to trust", error)) from None
        client.on_connect, client.on_connect_fail = self._connected, self._unreachable
        client.on_disconnect, client.on_publish = self._disconnected, self._delivered
        client.connect_async(host, port)
        client.loop_start()

    def detected(self, result: dict[str, Any], moment: Moment) -> None:
        if self._words is not None and result["label"] not in self._words:
            return
        with self._changed:
            full = self._waiting >= _LIMIT
            self._waiting += not full
        if full:
            self.left_out += 1
            self._seldom("full", f"{self.name}: {_LIMIT} words wait already; {self.left_out} left out so far")
        else:
            self._client.publish(self._topic, json.dumps(result), qos=1)

    def close(self) -> None:
        """Wait a moment for what the broker has not confirmed, unless it is known to be away."""
        with self._changed:
            self._changed.wait_for(lambda: self._away or not self._waiting, _CLOSING_S)
            if self._waiting:
                log(f"{self.name}: {self._waiting} words not delivered")
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self._note_away(reason.is_failure)
        if reason.is_failure:
            self._seldom("refused", f"{self.name}: refused: {reason}")

    def _unreachable(self, client: Any, userdata: Any) -> None:
        self._note_away(True)
        self._seldom("unreachable", f"{self.name}: cannot be reached; trying on")

    def _disconnected(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._note_away(True)
            self._seldom("lost", f"{self.name}: connection lost ({reason}); trying on")

    def _note_away(self, away: bool) -> None:
        with self._changed:
            self._away = away
            self._changed.notify_all()

    def _delivered(self, client: Any, userdata: Any, number: int, reason: Any, properties: Any) -> None:
        with self._changed:
            self.done += 1
            self._waiting -= 1
            self._changed.notify_all()


def _client() -> Any:
    try:
        from paho.mqtt import client as paho
    except ImportError as error:
        found = isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("paho")
        raise DrsnError(MISSING if found else f"{MISSING} ({error})") from None
    return paho.Client(paho.CallbackAPIVersion.VERSION2)


def _parsed(target: str, default_port: int) -> tuple[str, int, str]:
    """Host, port and topic."""
    found = _TARGET.fullmatch(target)
    port = int(found["port"] or default_port) if found else 0
    if found is None or not 0 < port < 65536 or not found["topic"].isprintable() or set("+#") & set(found["topic"]):
        raise UsageError(mismatch("--mqtt", "HOST[:PORT]/TOPIC, the topic without + and #", target))
    if len(found["topic"].encode(errors="replace")) > _LONGEST_TOPIC:
        raise UsageError(mismatch("--mqtt", f"a topic of at most {_LONGEST_TOPIC} bytes", len(found["topic"])))
    need_host("--mqtt", found["host"].strip("[]"))
    return found["host"].strip("[]"), port, found["topic"]


def _credentials(path: Path) -> tuple[str, str | None]:
    """User name and password."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise DataError(mismatch(path, "a file with user name and password", error)) from None
    if not lines or not lines[0] or len(lines) > 2:
        raise DataError(mismatch(path, "a line with the user name and one with the password", f"{len(lines)} lines"))
    return lines[0], lines[1] if len(lines) > 1 else None

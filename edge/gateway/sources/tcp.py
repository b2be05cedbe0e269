"""TCP: a sensor's program connects, says who it is, is told where to go on, sends frames, hears what is committed."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from drsn_keras.errors import DataError, mismatch

from ..frame import Frame, Kind
from ..machine_config import MachineConfig
from ..records import Position
from .conversation import Conversation, Goodbye, Refused
from .framed import FramedSource
from .hub import Hub

_POLL_S = 0.5
_GREETING_S = 5.0
_READ_BYTES = 1 << 16


class TcpSource(FramedSource):
    """One machine on a listening port; keys ``port``, ``host``, ``timeout_s``, ``max_connections``, ``format``."""

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        port = self.keys.whole("port", low=0, high=65535)
        host = self.keys.text("host", "127.0.0.1")
        timeout_s = self.keys.number("timeout_s", 30.0, 1.0, 86400.0)
        most = self.keys.whole("max_connections", 64, 1, 1000)
        self.keys.finish()
        self.key = ("tcp", host, port)
        hub.listener(self.key, lambda: TcpListener(host, port, hub)).add(self, timeout_s, most)

    def check(self) -> str:
        """The port can be had."""
        self.open()
        return f"tcp on {self.key[1]}:{self.listener.port}"


class TcpListener:
    """One port, several machines. A connection's fault ends that connection.

    Attributes
    ----------
    port : int
        The one that was bound, where 0 was asked for.
    """

    def __init__(self, host: str, port: int, hub: Hub) -> None:
        self.host, self.port, self._hub = host, port, hub
        self._sources: dict[str, FramedSource] = {}
        self._timeout_s, self._most = 1.0, 1
        self._lock = threading.Lock()
        self._connections: dict[_Connection, None] = {}
        self._socket: socket.socket | None = None

    def add(self, source: FramedSource, timeout_s: float, most: int) -> None:
        """One more machine may come by here."""
        self._sources[source.config.name] = source
        self._timeout_s, self._most = max(self._timeout_s, timeout_s), max(self._most, most)

    def open(self) -> None:
        """Bind and listen."""
        self._socket = listening_socket(self.host, self.port)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, name=f"tcp-{self.port}", daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        if self._socket is not None:
            self._socket.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.end()

    def _accept(self) -> None:
        while not self._hub.stopping.is_set():
            try:
                client, address = self._socket.accept()
            except TimeoutError:
                continue
            except OSError as error:
                if self._hub.stopping.is_set():
                    return
                self._hub.say(f"accept {self.port}", f"tcp {self.port}: {error.strerror or error}")
                time.sleep(_POLL_S)  # no file handles left, perhaps
                continue
            connection = _Connection(client, f"{address[0]}:{address[1]}", self._sources.get, self._hub, self)
            with self._lock:
                has_room = len(self._connections) < self._most
                if has_room:
                    self._connections[connection] = None
                self._hub.live.set("connections", len(self._connections))
            if has_room:
                threading.Thread(target=connection.run, args=(self._timeout_s,), daemon=True).start()
            else:
                self._hub.live.add("refused")
                self._hub.say(f"full {self.port}", f"tcp {self.port}: more than {self._most} connections")
                connection.turn_away(f"no more than {self._most} connections")

    def gone(self, connection: _Connection) -> None:
        """A connection has ended."""
        with self._lock:
            self._connections.pop(connection, None)
            self._hub.live.set("connections", len(self._connections))

    def others_of(self, connection: _Connection, source: FramedSource) -> list[_Connection]:
        """Earlier connections of the same machine: half open, from before its power went."""
        with self._lock:
            return [other for other in self._connections if other is not connection and other.source is source]


class _Connection:
    """One client."""

    def __init__(self, client: socket.socket, who: str, find, hub: Hub, listener: TcpListener) -> None:
        self._socket, self._hub, self._listener = client, hub, listener
        self._socket.settimeout(_POLL_S)
        self._line = f"tcp {listener.port}"
        self._talk = Conversation(
            find, self._write, who, hub, is_over=lambda: self._ended, met=self._take_over, line=self._line
        )
        self._write_lock = threading.Lock()
        self._ended = False

    @property
    def source(self) -> FramedSource | None:
        return self._talk.source

    def run(self, timeout_s: float) -> None:
        """Until the client goes, is silent for too long, or has to go."""
        try:
            self._listen(timeout_s)
        except Refused:
            self._linger()
        except Goodbye as error:
            name = self._line if self.source is None else self.source.config.name
            self._hub.say(f"bye {name}", str(error))
        except (OSError, ValueError):
            pass  # the line broke; the client comes again
        finally:
            if self.source is not None and self.source.on_commit == self._told:
                self.source.on_commit = None
            self.end()
            self._listener.gone(self)

    def _listen(self, timeout_s: float) -> None:
        heard_s, allowed_s = time.monotonic(), _GREETING_S
        while not self._hub.stopping.is_set() and not self._ended:
            try:
                data = self._socket.recv(_READ_BYTES)
            except TimeoutError:
                data = None
            if data == b"":
                return
            before = self._talk.n_frames
            if data and not self._talk.feed(data):
                return
            if self._talk.n_frames > before:  # bytes that make no frame are no sign of life
                heard_s = time.monotonic()
            if self.source is not None:
                allowed_s = timeout_s
            if time.monotonic() - heard_s > allowed_s:
                what = "an unfinished frame" if self._talk.is_amid_frame else "silence"
                raise Goodbye(f"{self._talk.who}: {what} for {allowed_s:g} s")

    def _take_over(self, source: FramedSource) -> None:
        source.on_commit = self._told
        for other in self._listener.others_of(self, source):
            other.end()

    def _told(self, epoch: int, position: int) -> None:
        """From the thread that commits: it must not wait for a client."""
        self._talk.tell(epoch, position)

    def _write(self, data: bytes) -> None:
        with self._write_lock:
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except OSError:
                sent = 0
            if sent != len(data):  # it does not read what it is told
                self.end()

    def _linger(self) -> None:
        """Closed with bytes unread, a connection is reset, and the client may never read why."""
        until = time.monotonic() + 2.0 * _POLL_S
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while time.monotonic() < until and self._socket.recv(_READ_BYTES):
                pass

    def turn_away(self, text: str) -> None:
        """Say why, and end."""
        with contextlib.suppress(OSError):
            self._socket.send(Frame(Kind.REFUSED, "?", payload=text.encode()).encode(), socket.MSG_DONTWAIT)
        self.end()

    def end(self) -> None:
        """End it, from any thread."""
        self._ended = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def listening_socket(host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A bound socket that wakes up now and then.

    Raises
    ------
    DataError
        With the address and why it cannot be had.
    """
    try:
        family, _, protocol, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(family, kind, protocol)
        try:
            if kind == socket.SOCK_STREAM:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            if kind == socket.SOCK_STREAM:
                made.listen(64)
        except OSError:
            made.close()
            raise
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that cannot be one of a host
        said = getattr(error, "strerror", None) or error
        raise DataError(mismatch(f"{host}:{port}"[:100], "an address to listen on", said)) from None
    made.settimeout(_POLL_S)
    return made

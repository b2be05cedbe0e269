"""UDP: a frame a datagram. Nothing is acknowledged: what is lost on the way is a gap."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from ..frame import Frame, FrameError, Kind, decode
from ..machine_config import MachineConfig
from ..records import Position
from .framed import FramedSource, RefusedFrame, need_source
from .hub import Hub
from .tcp import listening_socket

_DATAGRAM_BYTES = 65535
#: Asked of the system, so that a pause of ours is no gap.
_BUFFER_BYTES = 4 << 20
#: Nobody can use us to flood somebody else.
_REPLY_EVERY_S = 1.0


class UdpSource(FramedSource):
    """One machine on a port; keys ``port``, ``host``, ``format``."""

    resends = False

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        port = self.keys.whole("port", low=0, high=65535)
        host = self.keys.text("host", "127.0.0.1")
        self.keys.finish()
        self.key = ("udp", host, port)
        hub.listener(self.key, lambda: UdpListener(host, port, hub)).sources[config.name] = self

    def check(self) -> str:
        """The port can be had."""
        self.open()
        return f"udp on {self.key[1]}:{self.listener.port}"


class UdpListener:
    """One port, several machines."""

    def __init__(self, host: str, port: int, hub: Hub) -> None:
        self.host, self.port, self._hub = host, port, hub
        self.sources: dict[str, FramedSource] = {}
        self._socket: socket.socket | None = None
        self._replied_s = 0.0

    def open(self) -> None:
        """Bind."""
        self._socket = listening_socket(self.host, self.port, socket.SOCK_DGRAM)
        self.port = self._socket.getsockname()[1]
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        threading.Thread(target=self._receive, name=f"udp-{self.port}", daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            self._socket.close()

    def _receive(self) -> None:
        while not self._hub.stopping.is_set():
            try:
                data, address = self._socket.recvfrom(_DATAGRAM_BYTES)
            except TimeoutError:
                continue
            except OSError:
                if not self._hub.stopping.is_set():
                    time.sleep(_REPLY_EVERY_S)
                continue
            self._take(data, address)

    def _take(self, data: bytes, address: tuple) -> None:
        try:
            frame = decode(data)
        except FrameError as error:
            self._hub.live.add("bad_frames")
            self._hub.trouble("", f"bad udp {self.port}", f"udp from {address[0]}: {error}")
            return
        if frame.kind not in (Kind.SAMPLES, Kind.HELLO):
            return
        try:
            source = need_source(self.sources.get, frame.machine)
            source.greet(frame) if frame.kind == Kind.HELLO else source.take(frame)
        except RefusedFrame as error:
            known = frame.machine if frame.machine in self.sources else ""
            self._hub.live.add("refused", known)
            self._hub.trouble(known, f"refused udp {self.port}", f"udp from {address[0]}: {error}")
            if time.monotonic() - self._replied_s > _REPLY_EVERY_S:
                self._replied_s = time.monotonic()
                refused = Frame(Kind.REFUSED, frame.machine, payload=str(error).encode()[:1000])
                with contextlib.suppress(OSError):
                    self._socket.sendto(refused.encode(), address)

"""An MQTT 3.1.1 broker for a single publisher, of its own few lines: CONNECT, PUBLISH, PINGREQ, DISCONNECT."""

import contextlib
import queue
import socket
import struct
import threading

_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _PINGREQ, _PINGRESP, _DISCONNECT = 1, 2, 3, 4, 12, 13, 14


class SmallBroker:
    """Listens on 127.0.0.1 while it is entered.

    Parameters
    ----------
    port : int
        0: any free one, found in ``port``.
    accept : bool
        Refuse the user name otherwise.
    swallow : int
        So many messages are not confirmed, and the connection is cut behind each.

    Attributes
    ----------
    messages : queue of (topic, payload, qos, duplicate)
    users : list of (user name, password)
    """

    def __init__(self, port=0, accept=True, swallow=0):
        self._accept, self._swallow = accept, swallow
        self.messages, self.users = queue.Queue(), []
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = self._listening.getsockname()[1]
        self._open = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
            while head := stream.read(1):
                kind, flags = head[0] >> 4, head[0] & 15
                body = stream.read(_length(stream))
                if kind == _CONNECT:
                    self.users.append(_credentials(body))
                    connection.sendall(bytes([_CONNACK << 4, 2, 0, 0 if self._accept else 5]))
                elif kind == _PUBLISH:
                    topic, rest = _text(body)
                    number, payload = rest[:2], rest[2:]
                    self.messages.put((topic.decode(), payload.decode(), flags >> 1 & 3, bool(flags & 8)))
                    if self._swallow:
                        self._swallow -= 1
                        return
                    connection.sendall(bytes([_PUBACK << 4, 2]) + number)
                elif kind == _PINGREQ:
                    connection.sendall(bytes([_PINGRESP << 4, 0]))
                elif kind == _DISCONNECT:
                    return


def _length(stream):
    value, shift = 0, 0
    while True:
        byte = stream.read(1)[0]
        value |= (byte & 127) << shift
        if byte < 128:
            return value
        shift += 7


def _text(data):
    size = struct.unpack(">H", data[:2])[0]
    return data[2 : 2 + size], data[2 + size :]


def _credentials(body):
    _, rest = _text(body)
    flags, rest = rest[1], rest[4:]
    _, rest = _text(rest)
    user = password = None
    if flags & 128:
        user, rest = _text(rest)
    if flags & 64:
        password, rest = _text(rest)
    return user, password

"""Addresses on the command line."""

from __future__ import annotations

import errno
import socket
import time

from drsn_keras.errors import UsageError, mismatch

#: How a client of gRPC begins (HTTP/2: its preface, no settings), and how the server's answer is told: its settings.
_HELLO, _FRAME, _SETTINGS = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)), 9, b"\x04"


def parse_address(text: str, option: str, expected: str = "HOST:PORT") -> tuple[str, int]:
    """Host and port of HOST:PORT; an IPv6 address stands in brackets, and is returned without them.

    Raises
    ------
    UsageError
        Of the option, with what it expects, for anything else.

    >>> parse_address("node1:5050", "--data-service")
    ('node1', 5050)
    >>> parse_address("[::1]:5050", "--data-service")
    ('::1', 5050)
    """
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    name = host[1:-1] if bracketed else host
    refused = set(name) & (set("/[]") if bracketed else set("/[]:"))
    if not name or refused or not (port.isascii() and port.isdecimal()) or not 0 < int(port) < 2**16:
        raise UsageError(mismatch(option, expected, repr(text)))
    return name, int(port)


def require_http2(connection: socket.socket) -> None:
    """See that it is a server of gRPC that answers: clients of gRPC wait long, or without end, for any other.

    Raises
    ------
    OSError
        If something else answers, or nothing does within the connection's timeout.
    """
    connection.sendall(_HELLO)
    if connection.recv(_FRAME, socket.MSG_WAITALL)[3:4] != _SETTINGS:
        raise OSError("another server")


def require_free_port(port: int, option: str, wait_s: float = 0.0) -> None:
    """Refuse a port that another process listens on, and still does after ``wait_s``: TensorFlow would share it.

    Raises
    ------
    UsageError
        Of the option.
    """
    deadline = time.monotonic() + wait_s
    while True:
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("", port))
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise UsageError(mismatch(option, f"a port that may be used, {port}", error)) from None
        if time.monotonic() > deadline:
            raise UsageError(mismatch(option, f"a free port {port}", "one in use"))
        time.sleep(0.5)

"""Addresses on the command line."""

from __future__ import annotations

from drsn_keras.errors import UsageError, mismatch


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

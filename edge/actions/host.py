"""Names of other computers, as they may be written. Standard library only."""

from __future__ import annotations

from drsn_keras.errors import UsageError, mismatch


def need_host(option: str, host: str) -> None:
    """Refuse at the start what no look-up will ever take: it would be an error in some thread later.

    >>> need_host("--mqtt", "a..b")
    Traceback (most recent call last):
    drsn_keras.errors.UsageError: --mqtt: expected the name of a host, got a..b
    """
    try:
        host.encode("idna")
    except UnicodeError:
        raise UsageError(mismatch(option, "the name of a host", host[:100])) from None

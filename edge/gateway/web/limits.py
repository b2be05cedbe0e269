"""How often somebody may try to log in. Standard library only."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

#: Failures that are free; then one more every so many seconds.
BURST, PER_S = 10, 1 / 30.0
_MOST_PEERS = 4096


class Attempts:
    """Failed attempts by address: a bucket that empties by the clock. Memory is bounded.

    Parameters
    ----------
    clock : callable
        Seconds that only go up.

    Examples
    --------
    >>> now = [0.0]
    >>> attempts = Attempts(lambda: now[0])
    >>> for _ in range(10):
    ...     attempts.failed("10.0.0.7")
    >>> round(attempts.wait_s("10.0.0.7")), attempts.wait_s("10.0.0.8")
    (30, 0.0)
    >>> now[0] = 31.0
    >>> attempts.wait_s("10.0.0.7")
    0.0
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._peers: OrderedDict[str, tuple[float, float]] = OrderedDict()  # failures, when they were counted

    def wait_s(self, peer: str) -> float:
        """How long until this address may try again; 0 is now."""
        with self._lock:
            return max(0.0, (self._level(_network(peer)) - (BURST - 1)) / PER_S)

    def failed(self, peer: str) -> None:
        """Count a failure."""
        with self._lock:
            key = _network(peer)
            self._peers[key] = (self._level(key) + 1.0, self._clock())
            self._peers.move_to_end(key)
            if len(self._peers) > _MOST_PEERS:
                self._peers.popitem(last=False)

    def _level(self, key: str) -> float:
        level, counted = self._peers.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - counted) * PER_S)


def _network(peer: str) -> str:
    """The address, or of IPv6 its /64: one subscriber has all of that."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)

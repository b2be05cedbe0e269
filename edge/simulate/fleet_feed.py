"""Sends a fleet's samples to a gateway, all machines in one thread."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from threading import Event

from drsn_keras.command_line import log
from drsn_keras.errors import DataError
from drsn_keras.simulation import VirtualMachine

from .feed import Feed, Sent

#: Between two looks at the clock and the sockets; the second where machines wait for the gateway [s].
_TICK_S, _WAIT_S = 0.1, 0.005
#: After the last sample, as long as commits still come [s].
_QUIET_S = 3.0
#: Before it is said that nobody answers [s].
_PATIENCE_S = 0.5


def feed_fleet(
    machines: Sequence[VirtualMachine],
    address: tuple[str, int],
    pace: float,
    seconds: float | None,
    stop: Event,
    identity: str,
    quiet_s: float = _QUIET_S,
) -> list[Sent]:
    """Send until told to stop, or ``seconds`` of signal a machine.

    Parameters
    ----------
    machines : sequence of VirtualMachine
    address, pace, seconds, identity
        See :class:`~drsn_keras.edge.simulate.feed.Feed`; without ``seconds`` there is no end.
    stop : Event
    quiet_s : float
        After the last sample, how long to wait for the next commit.

    Returns
    -------
    list of Sent
        One a machine.

    Raises
    ------
    DataError
        If the gateway takes none of the machines.
    """
    length_s = math.inf if seconds is None else seconds
    feeds = [Feed(machine, address, identity, pace, length_s) for machine in machines]
    try:
        _send(feeds, address, stop)
        _wait_for_commits(feeds, stop, quiet_s)
    finally:
        sent = [one.close() for one in feeds]
    return sent


def _send(feeds: list[Feed], address: tuple[str, int], stop: Event) -> None:
    said, since_s = False, time.monotonic()
    while not stop.is_set():
        began_s = time.monotonic()
        given = [one.advance() for one in feeds]
        if all(one.refused for one in feeds):
            raise DataError(feeds[0].refused)
        if all(one.finished for one in feeds):
            return
        if not said and began_s - since_s > _PATIENCE_S and not any(one.begun or one.refused for one in feeds):
            said = True
            log(f"no gateway at {address[0]}:{address[1]} yet; machines begin when there is")
        if not any(given):
            paced = _TICK_S - (time.monotonic() - began_s)
            stop.wait(max(_WAIT_S, paced) if feeds[0].paced else _WAIT_S)


def _wait_for_commits(feeds: list[Feed], stop: Event, quiet_s: float) -> None:
    """A record's remainder is never stored: wait only as long as something still is."""
    stored, since_s = -1, time.monotonic()
    while not stop.is_set() and time.monotonic() - since_s < quiet_s:
        for one in feeds:
            one.advance()
        now = sum(one.stored for one in feeds)
        if now != stored:
            stored, since_s = now, time.monotonic()
        stop.wait(_TICK_S)

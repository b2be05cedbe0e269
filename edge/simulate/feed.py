"""One machine on its way to a gateway: what is due is made and given, as long as the gateway stores it."""

from __future__ import annotations

import dataclasses
import math
import time
import zlib

from drsn_keras.command_line import log
from drsn_keras.simulation.virtual_machine import CHUNK, VirtualMachine

from ..gateway.sender import Refused, Sender
from .counts import FORMAT, to_counts

#: Samples of a block: half a second at 12 kHz.
BLOCK = CHUNK // 2
#: What may wait for a gateway that is away. Any sample can be made again: more need not be kept than fills the longest
#: records, and a machine stands still meanwhile instead of losing samples.
_KEEP_S = 60.0
_RETRY_S = 5.0


@dataclasses.dataclass(frozen=True)
class Sent:
    """What was sent of one machine.

    Parameters
    ----------
    machine, state : str
    first, samples, stored : int
        Position of the first sample, samples sent, and how many of them the gateway had stored at the end.
    wear : float
        At the end, 0 to 1.
    """

    machine: str
    state: str
    first: int
    samples: int
    stored: int
    wear: float


class Feed:
    """A machine and its connection.

    Parameters
    ----------
    machine : VirtualMachine
    address : (str, int)
        The gateway's.
    identity : str
        Of the simulation: a gateway that has heard this one before says where to go on.
    pace : float
        Times real time; 0 as fast as the gateway stores.
    seconds : float
        Of signal; may be infinite.

    Attributes
    ----------
    refused : str
        Why the gateway does not take the machine; empty if it does.
    """

    def __init__(
        self, machine: VirtualMachine, address: tuple[str, int], identity: str, pace: float, seconds: float
    ) -> None:
        self.machine, self.refused = machine, ""
        epoch = zlib.crc32(f"{identity} {machine.name}".encode())
        rate = machine.sample_rate_hz
        self._sender = Sender(*address, machine.name, rate, FORMAT, epoch=epoch, keep_s=_KEEP_S)
        self._pace, self._n_samples = pace, seconds * rate
        self._first: int | None = None
        self._began_s = self._retry_s = 0.0

    @property
    def paced(self) -> bool:
        """Whether samples become due by the clock."""
        return self._pace > 0.0

    @property
    def begun(self) -> bool:
        """Whether the gateway has answered once."""
        return self._first is not None

    @property
    def finished(self) -> bool:
        """Whether all samples were given."""
        return self._first is not None and self._sender.position >= self._last

    @property
    def stored(self) -> int:
        """Position up to which the gateway has stored."""
        return self._sender.committed

    @property
    def _last(self) -> float:
        return math.inf if math.isinf(self._n_samples) else self._first + round(self._n_samples)

    def advance(self) -> bool:
        """Give what is due and fits, hear what the gateway says; whether anything was given."""
        if self.refused and time.monotonic() < self._retry_s:
            return False
        try:
            self._sender.pump()
            if not self.begun and not self._begin():
                return False
            return self._give()
        except Refused as error:
            if not self.refused:
                log(f"drsn-edge: {error}")
            self.refused, self._retry_s = str(error), time.monotonic() + _RETRY_S
            return False

    def close(self) -> Sent:
        """End the connection."""
        self._sender.close()
        first, position = self._first or 0, self._sender.position
        stored = max(0, min(self._sender.committed, position) - first)
        wear = self.machine.wear_at(position)
        return Sent(self.machine.name, self.machine.state, first, position - first, stored, round(wear, 4))

    def _begin(self) -> bool:
        if not self._sender.connected:
            return False
        self.refused = ""
        self._first, self._began_s = self._sender.position, time.monotonic()
        return True

    def _give(self) -> bool:
        sender, rate, given = self._sender, self.machine.sample_rate_hz, False
        elapsed_s = time.monotonic() - self._began_s
        due = min(self._last, self._first + self._pace * elapsed_s * rate if self._pace else math.inf)
        while sender.position < due and sender.pending + BLOCK <= sender.keep_samples:
            count = int(min(BLOCK, self._last - sender.position))
            if sender.position + count > due:
                break
            position = sender.position
            samples = to_counts(self.machine.samples(position, count))
            sender.send(samples, self.machine.rpm_at(position + count // 2))
            given = True
            if not self._pace:  # the others want their turn
                break
        return given

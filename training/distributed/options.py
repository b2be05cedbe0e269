"""Options of a training on several devices or hosts; standard library only."""

from __future__ import annotations

import argparse
import dataclasses

from drsn_keras.errors import UsageError, mismatch

from ..address import parse_address

#: What goes with ``--resume``: where a training computes is no part of what it is.
DEVICE_OPTIONS = ("devices",)
#: How long a worker waits for the others [s].
PEER_TIMEOUT_S = 600.0
_MOST_DEVICES = 1024


@dataclasses.dataclass(frozen=True)
class Workers:
    """The workers of a training, and which of them this process is.

    Parameters
    ----------
    addresses : tuple of str
        HOST:PORT of each, alike for all workers.
    index : int
        Of this one; the first is the chief, who keeps the run folder.
    timeout_s : float
        How long to wait for the others.
    """

    addresses: tuple[str, ...]
    index: int
    timeout_s: float = PEER_TIMEOUT_S

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        """Whether this one keeps the run folder."""
        return self.index == 0

    @property
    def port(self) -> int:
        """Where this one listens."""
        return parse_address(self.addresses[self.index], "--workers")[1]


def add_device_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--devices``, ``--mixed-precision``, ``--workers``, ``--worker`` and ``--peer-timeout``."""
    group = parser.add_argument_group("devices and hosts")
    group.add_argument(
        "--devices", type=int, metavar="N", help="of this host: GPUs, or shares of the CPU where there is no GPU (1)"
    )
    group.add_argument(
        "--mixed-precision", action="store_true", default=None, help="compute in 16 bits; the saved model has 32"
    )
    group.add_argument(
        "--workers",
        metavar="HOST:PORT,...",
        help="addresses of all workers of a training on several hosts; the same command on each but for --worker. A "
        "worker that died goes on when it is started again with its command",
    )
    group.add_argument("--worker", type=int, metavar="N", help="which of --workers this is; 0 keeps the run folder")
    group.add_argument(
        "--peer-timeout", type=float, metavar="S", help=f"how long to wait for the others [s] ({PEER_TIMEOUT_S:g})"
    )


def device_count(arguments: argparse.Namespace) -> int:
    """How many devices the command line asks for.

    Raises
    ------
    UsageError
    """
    devices = getattr(arguments, "devices", None)
    if devices is None:
        return 1
    if not 1 <= devices <= _MOST_DEVICES:
        raise UsageError(mismatch("--devices", f"1 to {_MOST_DEVICES}", devices))
    return devices


def workers_of(arguments: argparse.Namespace) -> Workers | None:
    """The workers that the command line names; None for a training in one process.

    Raises
    ------
    UsageError
        For options that do not go together, or an address that is none.
    """
    text, index = getattr(arguments, "workers", None), getattr(arguments, "worker", None)
    timeout_s = getattr(arguments, "peer_timeout", None)
    if text is None:
        for name, value in (("--worker", index), ("--peer-timeout", timeout_s)):
            if value is not None:
                raise UsageError(mismatch(name, "--workers HOST:PORT,HOST:PORT with it", "none"))
        return None
    if index is None:
        raise UsageError(mismatch("--workers", "--worker N with it", "none"))
    for name in ("resume", "overwrite"):
        if getattr(arguments, name):
            expected = "neither --resume nor --overwrite (the same command again goes on with its run)"
            raise UsageError(mismatch("--workers", expected, f"--{name}"))
    addresses = tuple(part.strip() for part in text.split(","))
    for address in addresses:
        parse_address(address, "--workers", "HOST:PORT,HOST:PORT")
    if len(addresses) < 2 or len(set(addresses)) < len(addresses):
        raise UsageError(mismatch("--workers", "two addresses or more, none twice", repr(text)))
    if not 0 <= index < len(addresses):
        raise UsageError(mismatch("--worker", f"0 to {len(addresses) - 1}", index))
    if timeout_s is not None and not timeout_s > 0:
        raise UsageError(mismatch("--peer-timeout", "a number above 0", timeout_s))
    return Workers(addresses, index, PEER_TIMEOUT_S if timeout_s is None else timeout_s)

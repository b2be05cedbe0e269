"""Options of ``drsn-edge simulate``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse

from drsn_keras.errors import UsageError, mismatch

from .actions.host import need_host
from .monitor_options import positive
from .option_values import number

#: Where machines send to, and where a written configuration listens.
ADDRESS = ("127.0.0.1", 7070)

EXAMPLE = """examples:
  drsn-edge simulate --write-config fleet.toml && drsn-edge gateway fleet.toml &
  drsn-edge simulate
  drsn-edge simulate --machines 50 --days 365 --speed 8760 --pace 3 --seconds 3600
  drsn-edge simulate --wav recordings --seconds 60

Give the same --machines, --seed, --rate, --days, --speed, --healthy and --steady to both, or neither: machines follow
from them. Sample n of a machine is always the same, so that a gateway that was away gets again what it had not stored,
and a simulation that was ended goes on where the gateway stands. --speed is how many times faster than their signal
machines age: 14400 makes thirty days three minutes. --pace is how fast signal is sent: 1 is a sensor's own rate."""
#: What machines follow from.
FLEET = ("machines", "seed", "rate", "days", "speed", "healthy", "steady")


def add_simulate_options(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    add = parser.add_argument
    fleet = parser.add_argument_group("the machines").add_argument
    fleet("--machines", type=_machines, default=6, metavar="N", help="how many (default: 6)")
    fleet("--seed", type=_seed, default=0, metavar="N", help="they are drawn from (default: 0)")
    fleet("--rate", type=_rate, default=12000, metavar="HZ", help="sample rate, 8000 to 200000 (default: 12000)")
    fleet("--days", type=positive, default=30.0, metavar="D", help="until the first is worn out (default: 30)")
    fleet("--speed", type=positive, default=14400.0, metavar="X", help="seconds of wear a second of signal (14400)")
    fleet("--healthy", type=_share, default=0.34, metavar="SHARE", help="machines that never wear (default: 0.34)")
    fleet("--steady", action="store_true", help="each at one speed and load, not two")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--wav", metavar="DIR", help="write a WAV file a machine into this folder; nothing is sent")
    way.add_argument("--write-config", metavar="PATH", help="write the gateway's TOML for these machines, and end")
    add("--to", type=_address, default=ADDRESS, metavar="HOST:PORT", help="the gateway (default: 127.0.0.1:7070)")
    add("--pace", type=_pace, default=1.0, metavar="X", help="times real time; 0: as fast as it is taken (default: 1)")
    add("--seconds", type=positive, metavar="S", help="of signal, then end (--wav: 60; sending: no end)")
    add("--record", type=positive, default=10.0, metavar="S", help="of --write-config: record length (default: 10)")
    add("--overwrite", action="store_true", help="replace files that are there")


def check_simulate_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with each other."""
    if arguments.overwrite and arguments.wav is None and arguments.write_config is None:
        raise UsageError(mismatch("--overwrite", "only with --wav or --write-config", "neither"))
    need_host("--to", arguments.to[0])


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, got {text!r}")
    return host.strip("[]"), int(port)


def _machines(text: str) -> int:
    return number(text, int, lambda x: 1 <= x <= 1000, "a whole number from 1 to 1000")


def _seed(text: str) -> int:
    return number(text, int, lambda x: 0 <= x < 2**31, "a whole number from 0 to 2147483647")


def _rate(text: str) -> int:
    return number(text, int, lambda x: 8000 <= x <= 200_000, "a whole number from 8000 to 200000")


def _share(text: str) -> float:
    return number(text, float, lambda x: 0.0 <= x <= 1.0, "a number from 0 to 1")


def _pace(text: str) -> float:
    return number(text, float, lambda x: 0.0 <= x <= 1000.0, "a number from 0 to 1000")

"""``drsn-edge``: the command line of the device. Its parser needs neither numpy nor the interpreter."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from drsn_keras import __version__
from drsn_keras.command_line import run

from .capture_options import EXAMPLE as _CAPTURES_EXAMPLE
from .capture_options import add_captures_options, check_captures_options
from .denoise_options import EXAMPLE as _DENOISE_EXAMPLE
from .denoise_options import add_denoise_options, check_denoise_options
from .gateway_options import EXAMPLE as _GATEWAY_EXAMPLE
from .gateway_options import add_gateway_options, check_gateway_options
from .listen_options import EXAMPLE as _LISTEN_EXAMPLE
from .listen_options import add_listen_options, check_listen_options
from .monitor_options import EXAMPLE as _MONITOR_EXAMPLE
from .monitor_options import add_monitor_options, check_monitor_options
from .option_values import count, seconds
from .simulate_options import EXAMPLE as _SIMULATE_EXAMPLE
from .simulate_options import add_simulate_options, check_simulate_options
from .wyoming_options import EXAMPLE as _WYOMING_EXAMPLE
from .wyoming_options import add_wyoming_options

_BENCH_EXAMPLE = """example:
  drsn-edge bench bundle --seconds 5 --threads 2"""
_INFO_EXAMPLE = """example:
  drsn-edge info bundle --json"""
_PASSWORD_EXAMPLE = """examples:
  drsn-edge gateway-password passwords maria
  drsn-edge gateway-password passwords maria --remove"""
_EXAMPLE = """examples:
  drsn-edge listen bundle --wav kitchen.wav
  drsn-edge monitor bundle --file fan.wav --full-scale 16 --unit g
  drsn-edge denoise bundle --file noisy.wav --out clean.wav"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 success, 1 bad data, 2 usage, 130 interrupted)."""
    return run(build_parser(), argv)


def build_parser() -> argparse.ArgumentParser:
    """The parser with all sub-commands."""
    parser = argparse.ArgumentParser(
        prog="drsn-edge",
        description="Run a model bundle on this device: numpy and ai-edge-litert are all it needs.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    listen = _command(commands, "listen", "hear words in WAV files or a stream", _LISTEN_EXAMPLE, _listen)
    add_listen_options(listen)

    wyoming = _command(commands, "wyoming", "hear words for Home Assistant and Rhasspy", _WYOMING_EXAMPLE, _wyoming)
    add_wyoming_options(wyoming)

    captures = _command(
        commands, "captures", "review what listen --capture kept", _CAPTURES_EXAMPLE, _captures, has_bundle=False
    )
    add_captures_options(captures)

    monitor = _command(commands, "monitor", "judge the state of a machine in recordings", _MONITOR_EXAMPLE, _monitor)
    add_monitor_options(monitor)

    denoise = _command(commands, "denoise", "clean recordings or a stream", _DENOISE_EXAMPLE, _denoise)
    add_denoise_options(denoise)

    bench = _command(commands, "bench", "measure what the model costs on this device", _BENCH_EXAMPLE, _bench)
    bench.add_argument("--seconds", type=seconds, default=2.0, metavar="S", help="time to measure for (default: 2)")
    bench.add_argument("--threads", type=count, default=1, metavar="N", help="(default: 1)")

    _command(commands, "info", "say what the bundle's card says", _INFO_EXAMPLE, _info)
    gateway = _command(
        commands, "gateway", "watch machines, keep and send what is found", _GATEWAY_EXAMPLE, _gateway, has_bundle=False
    )
    add_gateway_options(gateway)
    _add_gateway_password(commands)

    simulate = _command(
        commands,
        "simulate",
        "machines that wear, for a gateway to watch",
        _SIMULATE_EXAMPLE,
        _simulate,
        has_bundle=False,
    )
    add_simulate_options(simulate)
    return parser


def _command(
    commands, name: str, summary: str, example: str, handler, *, has_bundle: bool = True
) -> argparse.ArgumentParser:
    """A sub-command with what all have: an example, a bundle (nearly all), ``--json``."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if has_bundle:
        parser.add_argument("bundle", metavar="BUNDLE", help="folder with card.json and model.tflite")
    parser.add_argument("--json", action="store_true", help="results as JSON, an object a line")
    parser.set_defaults(handler=handler)
    return parser


def _add_gateway_password(commands) -> None:
    summary = "set or remove a person's password for the gateway's page"
    parser = commands.add_parser(
        "gateway-password",
        help=summary,
        description=summary[0].upper() + summary[1:] + "; the file holds hashes (scrypt), no passwords.",
        epilog=_PASSWORD_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="password_file of the gateway's configuration; made if missing")
    parser.add_argument("name", metavar="NAME", help="of the person, as it will stand in the event log")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--stdin", action="store_true", help="the password is the first line of standard input")
    how.add_argument("--remove", action="store_true", help="end this person's access, at once")
    parser.set_defaults(handler=_gateway_password)


def _gateway(arguments: argparse.Namespace) -> int:
    check_gateway_options(arguments)
    from .gateway.command import gateway

    return gateway(arguments)


def _gateway_password(arguments: argparse.Namespace) -> None:
    from .gateway.web.password_command import gateway_password

    gateway_password(arguments)


def _listen(arguments: argparse.Namespace) -> int:
    check_listen_options(arguments)
    from .listen_command import listen

    return listen(arguments)


def _wyoming(arguments: argparse.Namespace) -> None:
    from .wyoming_command import wyoming

    wyoming(arguments)


def _captures(arguments: argparse.Namespace) -> None:
    check_captures_options(arguments)
    from .captures_command import captures

    captures(arguments)


def _monitor(arguments: argparse.Namespace) -> int:
    check_monitor_options(arguments)
    from .monitor_command import monitor

    return monitor(arguments)


def _denoise(arguments: argparse.Namespace) -> int:
    check_denoise_options(arguments)
    from .denoise_command import denoise

    return denoise(arguments)


def _simulate(arguments: argparse.Namespace) -> int:
    check_simulate_options(arguments)
    from .simulate.command import simulate

    return simulate(arguments)


def _bench(arguments: argparse.Namespace) -> None:
    from .bench_command import bench

    bench(arguments)


def _info(arguments: argparse.Namespace) -> None:
    from .info_command import info

    info(arguments)


if __name__ == "__main__":
    sys.exit(main())

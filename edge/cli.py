"""``drsn-edge``: the command line of the device. Its parser needs neither numpy nor the interpreter."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence

from drsn_keras import __version__
from drsn_keras.command_line import run
from drsn_keras.errors import UsageError

from .denoise_options import EXAMPLE as _DENOISE_EXAMPLE
from .denoise_options import add_denoise_options, check_denoise_options
from .monitor_options import EXAMPLE as _MONITOR_EXAMPLE
from .monitor_options import add_monitor_options, check_monitor_options
from .sample_format import FORMATS, RATES_HZ

_LISTEN_EXAMPLE = """examples:
  drsn-edge listen bundle --wav kitchen.wav hall.wav
  arecord -q -f S16_LE -r 16000 -t raw | drsn-edge listen bundle --stdin --json

A line is: file, time at the end of the window that fired, word, smoothed probability.
After the end of a source half a window of silence is heard, so a time may lie past the end."""
_BENCH_EXAMPLE = """example:
  drsn-edge bench bundle --seconds 5 --threads 2"""
_INFO_EXAMPLE = """example:
  drsn-edge info bundle --json"""
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
    source = listen.add_mutually_exclusive_group(required=True)
    source.add_argument("--wav", nargs="+", metavar="FILE", help="WAV files, PCM or float, any rate")
    source.add_argument("--stdin", action="store_true", help="raw PCM on standard input")
    listen.add_argument("--rate", type=_rate, metavar="HZ", help="of --stdin (default: 16000)")
    listen.add_argument("--channels", type=_count, metavar="N", help="of --stdin (default: 1)")
    listen.add_argument("--format", choices=FORMATS, help="of --stdin (default: s16le)")
    listen.add_argument("--all", action="store_true", help="a line for every evaluation, not only detections")
    listen.add_argument(
        "--threshold", type=_probability, metavar="X", help="instead of the card's, above 0 and at most 1"
    )
    listen.add_argument("--threads", type=_count, default=1, metavar="N", help="(default: 1)")

    monitor = _command(commands, "monitor", "judge the state of a machine in recordings", _MONITOR_EXAMPLE, _monitor)
    add_monitor_options(monitor, _count)

    denoise = _command(commands, "denoise", "clean recordings or a stream", _DENOISE_EXAMPLE, _denoise)
    add_denoise_options(denoise, _count)

    bench = _command(commands, "bench", "measure what the model costs on this device", _BENCH_EXAMPLE, _bench)
    bench.add_argument("--seconds", type=_seconds, default=2.0, metavar="S", help="time to measure for (default: 2)")
    bench.add_argument("--threads", type=_count, default=1, metavar="N", help="(default: 1)")

    _command(commands, "info", "say what the bundle's card says", _INFO_EXAMPLE, _info)
    return parser


def _command(commands, name: str, summary: str, example: str, handler) -> argparse.ArgumentParser:
    """A sub-command with what all have: an example, a bundle, ``--json``."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="folder with card.json and model.tflite")
    parser.add_argument("--json", action="store_true", help="results as JSON, an object a line")
    parser.set_defaults(handler=handler)
    return parser


def _listen(arguments: argparse.Namespace) -> int:
    if not arguments.stdin:
        for name in ("rate", "channels", "format"):
            if getattr(arguments, name) is not None:
                raise UsageError(f"--{name}: expected only with --stdin (a WAV file says its own)")
    from .listen_command import listen

    return listen(arguments)


def _monitor(arguments: argparse.Namespace) -> int:
    check_monitor_options(arguments)
    from .monitor_command import monitor

    return monitor(arguments)


def _denoise(arguments: argparse.Namespace) -> int:
    check_denoise_options(arguments)
    from .denoise_command import denoise

    return denoise(arguments)


def _bench(arguments: argparse.Namespace) -> None:
    from .bench_command import bench

    bench(arguments)


def _info(arguments: argparse.Namespace) -> None:
    from .info_command import info

    info(arguments)


def _probability(text: str) -> float:
    return _number(text, float, lambda x: 0 < x <= 1, "a number above 0 and at most 1")


def _seconds(text: str) -> float:
    return _number(text, float, lambda x: x > 0 and math.isfinite(x), "a number of seconds above 0")


def _count(text: str) -> int:
    return _number(text, int, lambda x: 0 < x <= 256, "a whole number from 1 to 256")


def _rate(text: str) -> int:
    low, high = RATES_HZ
    return _number(text, int, lambda x: low <= x <= high, f"a whole number from {low} to {high}")


def _number(text: str, kind, accept, expected: str):
    """Convert and check an option's value; argparse turns the error into exit code 2."""
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not accept(value):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


if __name__ == "__main__":
    sys.exit(main())

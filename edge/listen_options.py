"""Options of ``drsn-edge listen``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse

from drsn_keras.errors import DrsnError, UsageError

from .capture_options import add_listen_capture_options, check_listen_capture_options
from .option_values import count, probability, rate
from .sample_format import FORMATS

EXAMPLE = """examples:
  drsn-edge listen bundle --wav kitchen.wav hall.wav
  drsn-edge listen bundle --mic --meter
  drsn-edge listen bundle --mic USB --json --watch --mqtt 192.168.1.2/home/words --run ./lamp.sh --words on,off
  arecord -q -f S16_LE -r 16000 -t raw | drsn-edge listen bundle --stdin --json

A line is: file, time at the end of the window that fired, word, smoothed probability. JSON lines of --mic and --stdin
also have a "clock": that time in UTC. After the end of a source half a window of silence is heard, so a time may lie
past the end."""


def add_listen_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the bundle and ``--json``."""
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--wav", nargs="+", metavar="FILE", help="WAV files, PCM or float, any rate")
    source.add_argument("--stdin", action="store_true", help="raw PCM on standard input")
    microphone = "a microphone: its number or a part of its name (default: the system's)"
    source.add_argument("--mic", nargs="?", const="", metavar="DEVICE", help=microphone)
    add("--list-devices", action=_ListDevices, help="say which microphones there are, and exit")
    add("--rate", type=rate, metavar="HZ", help="of --stdin (default: 16000), of --mic (default: the model's)")
    add("--channels", type=count, metavar="N", help="of --stdin and --mic (default: 1)")
    add("--format", choices=FORMATS, help="of --stdin (default: s16le)")
    add("--all", action="store_true", help="a line for every evaluation, not only detections")
    add("--threshold", type=probability, metavar="X", help="instead of the card's, above 0 and at most 1")
    add("--threads", type=count, default=1, metavar="N", help="(default: 1)")
    live = parser.add_argument_group("while it listens to --mic or --stdin").add_argument
    live("--meter", action="store_true", help="show the level, on stderr where that is a terminal")
    live("--watch", action="store_true", help="a new bundle in the folder takes over without a pause (SIGHUP: at once)")
    live("--print-unit", action="store_true", help="print a systemd unit with this command line, and exit")
    action = parser.add_argument_group("what is done when a word is heard").add_argument
    action("--words", type=words, metavar="WORDS", help="only for these, separated by commas")
    action("--run", metavar="COMMAND", help="run a program; DRSN_WORD, DRSN_SCORE, DRSN_TIME are in its environment")
    action("--shell", action="store_true", help="hand COMMAND to /bin/sh")
    action("--post", metavar="URL", help="send the JSON line to a web address")
    action("--mqtt", metavar="TARGET", help="publish the JSON line; HOST[:PORT]/TOPIC")
    action("--mqtt-password-file", metavar="FILE", help="user name in its first line, password in its second")
    trust = "by TLS, trusting the certificates in FILE (default: the system's)"
    action("--mqtt-tls", nargs="?", const="", metavar="FILE", help=trust)
    add_listen_capture_options(parser)


def check_listen_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with each other."""
    live = arguments.stdin or arguments.mic is not None
    for name in ("rate", "channels"):
        if not live and getattr(arguments, name) is not None:
            raise UsageError(f"--{name}: expected only with --stdin or --mic (a WAV file says its own)")
    if arguments.format is not None and not arguments.stdin:
        raise UsageError("--format: expected only with --stdin (a WAV file says its own)")
    for name in ("meter", "watch", "print_unit"):
        if not live and getattr(arguments, name):
            raise UsageError(f"--{name.replace('_', '-')}: expected only with --mic or --stdin")
    if arguments.shell and arguments.run is None:
        raise UsageError("--shell: expected only with --run")
    for name in ("mqtt_password_file", "mqtt_tls"):
        if getattr(arguments, name) is not None and arguments.mqtt is None:
            raise UsageError(f"--{name.replace('_', '-')}: expected only with --mqtt")
    if arguments.words and not (arguments.run or arguments.post or arguments.mqtt):
        raise UsageError("--words: expected only with --run, --post or --mqtt")
    check_listen_capture_options(arguments)


def words(text: str) -> tuple[str, ...]:
    """Convert a list of words."""
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"expected words separated by commas, got {text!r}")
    return found


class _ListDevices(argparse.Action):
    """Like ``--version``: needs no bundle."""

    def __init__(self, option_strings, dest, **more) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, default=argparse.SUPPRESS, **more)

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        from .sound_devices import device_table

        try:
            table = device_table()
        except DrsnError as error:
            parser.exit(1, f"drsn-edge: {error}\n")
        print(table or "no microphone")
        parser.exit()

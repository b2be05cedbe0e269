"""Options of ``drsn-edge wyoming``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse
from urllib.parse import urlsplit

from .option_values import count, probability

EXAMPLE = """examples:
  drsn-edge wyoming bundle
  drsn-edge wyoming bundle --uri tcp://127.0.0.1:10400 --threshold 0.9 --json

A wake word provider for Home Assistant and Rhasspy (pip install "drsn-keras[home]"). There is no password in the
protocol: whoever reaches the port may use it. A line is: client, time on the client's clock, word, smoothed
probability."""


def add_wyoming_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the bundle and ``--json``."""
    add = parser.add_argument
    add("--uri", type=uri, default="tcp://0.0.0.0:10400", help="tcp://HOST:PORT or unix:///PATH (default: %(default)s)")
    add("--clients", type=count, default=4, metavar="N", help="streams at a time, a loaded bundle each (default: 4)")
    add("--language", action="append", default=[], metavar="CODE", help="of the words, as in en; may be repeated")
    add("--threshold", type=probability, metavar="X", help="instead of the card's, above 0 and at most 1")
    add("--threads", type=count, default=1, metavar="N", help="of each interpreter (default: 1)")


def uri(text: str) -> str:
    """Check an address; port 0 is any free one."""
    try:
        parts = urlsplit(text)
        good = parts.path if parts.scheme == "unix" else parts.scheme == "tcp" and parts.hostname
        (parts.hostname or "").encode("idna")  # a name that no look-up takes would be an error later
        if good and (parts.scheme == "unix" or parts.port is not None):
            return text
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"expected tcp://HOST:PORT or unix:///PATH, got {text!r}")

"""Options of captures: of ``drsn-edge listen``, and of ``drsn-edge captures``. Standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path

from drsn_keras.errors import UsageError

from .option_values import number, probability

_QUOTA_MB, _NEAR_MISS = 200, 0.5

EXAMPLE = """examples:
  drsn-edge captures heard --unreviewed
  drsn-edge captures heard --label yes --into words --file heard/triggers/yes/20260501T071502.417Z.wav
  drsn-edge captures heard --label _unknown_ --into words --file heard/near-misses/go/*.wav
  drsn-edge captures heard --discard --file heard/triggers/no/20260501T071502.417Z.wav

A line is: file, kind, word, smoothed probability, what a person found ("-": nobody has listened). --label copies the
clips to WORDS/LABEL, where drsn-train takes them; all of one --speaker are in one part, as training demands."""


def add_listen_capture_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``listen`` needs to keep captures."""
    add = parser.add_argument_group("what is kept of what was heard, to learn from").add_argument
    add("--capture", type=Path, metavar="DIR", help="keep the window of each word and near miss as a WAV file")
    quota = f"of all files in DIR; the oldest go (default: {_QUOTA_MB})"
    add("--capture-quota-mb", type=megabytes, metavar="MB", help=quota)
    share = f"share of the threshold that a near miss reaches, 1 for none (default: {_NEAR_MISS})"
    add("--near-miss", type=probability, metavar="X", help=share)


def check_listen_capture_options(arguments: argparse.Namespace) -> None:
    """Refuse options without ``--capture``; fill in the others."""
    for name, default in (("capture_quota_mb", _QUOTA_MB), ("near_miss", _NEAR_MISS)):
        if getattr(arguments, name) is None:
            setattr(arguments, name, default)
        elif arguments.capture is None:
            raise UsageError(f"--{name.replace('_', '-')}: expected only with --capture")


def add_captures_options(parser: argparse.ArgumentParser) -> None:
    """Add all of ``drsn-edge captures`` but ``--json``."""
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="what --capture filled")
    add("--unreviewed", action="store_true", help="only what nobody has listened to")
    said = parser.add_mutually_exclusive_group()
    what = "what is said in the files; _unknown_ where it is none of the words"
    said.add_argument("--label", type=label, metavar="WORD", help=what)
    said.add_argument("--discard", action="store_true", help="the files are of no use")
    add("--into", type=Path, metavar="WORDS", help="folder with a folder a word, of --label")
    speaker = "who speaks; letters and digits (default: household)"
    add("--speaker", type=speaker_name, metavar="NAME", help=speaker)
    add("--file", nargs="+", action="extend", type=Path, default=[], metavar="FILE", help="of DIR, that it is said of")


def check_captures_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with each other."""
    if (arguments.label is None) != (arguments.into is None):
        given, missing = ("--label", "--into") if arguments.into is None else ("--into", "--label")
        raise UsageError(f"{given}: expected {missing} with it, got none")
    if arguments.speaker is not None and arguments.label is None:
        raise UsageError("--speaker: expected only with --label")
    changes = arguments.label is not None or arguments.discard
    if changes != bool(arguments.file):
        given, missing = ("--label or --discard", "--file") if changes else ("--file", "--label or --discard")
        raise UsageError(f"{given}: expected {missing} with it, got none")
    if changes and arguments.unreviewed:
        raise UsageError("--unreviewed: expected without --label and --discard")


def megabytes(text: str) -> int:
    """Convert a quota [10^6 bytes]."""
    return number(text, int, lambda x: 1 <= x <= 10**6, "a whole number from 1 to 1000000")


def label(text: str) -> str:
    """Convert the name of a class, which becomes that of a folder."""
    good = text.strip() == text and text and not set(text) & set("/\\\0\n\r") and not text.startswith(".")
    if not good or text == "_background_noise_":
        raise argparse.ArgumentTypeError(f"expected a word, _unknown_ or _silence_, got {text!r}")
    return text


def speaker_name(text: str) -> str:
    """Convert a name that becomes a part of file names."""
    if not text.isalnum() or len(text) > 40:
        raise argparse.ArgumentTypeError(f"expected at most 40 letters and digits, got {text!r}")
    return text

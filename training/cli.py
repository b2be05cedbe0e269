"""``drsn-train``: the command line of training. Heavy imports stay inside the handlers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from drsn_keras import __version__
from drsn_keras.command_line import run

from . import (
    compare_command,
    data_worker_command,
    denoise_command,
    evaluate_command,
    keywords_command,
    machine_command,
    prepare_command,
    search_command,
    speak_command,
    stream_command,
    vibration_command,
)


def build_parser() -> argparse.ArgumentParser:
    """The parser with all sub-commands."""
    parser = argparse.ArgumentParser(
        prog="drsn-train",
        description="Train and evaluate Deep Residual Shrinkage Networks in noise.",
        epilog="example: drsn-train keywords --data recordings/ --noise noises/ --out runs/mine",
    )
    parser.add_argument("--version", action="version", version=f"drsn-keras {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    keywords_command.add(commands)
    vibration_command.add(commands)
    denoise_command.add(commands)
    evaluate_command.add(commands)
    stream_command.add(commands)
    compare_command.add(commands)
    search_command.add(commands)
    speak_command.add(commands)
    machine_command.add(commands)
    prepare_command.add(commands)
    data_worker_command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console command; returns the exit code."""
    return run(build_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())

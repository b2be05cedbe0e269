"""``drsn-export``: the command line of the export. Heavy imports stay inside the handlers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from drsn_keras import __version__
from drsn_keras.command_line import run

from . import bench_command, c_command, convert_command, inspect_command, tflm_command, verify_command


def build_parser() -> argparse.ArgumentParser:
    """The parser with all sub-commands."""
    parser = argparse.ArgumentParser(
        prog="drsn-export",
        description="Turn a trained run into what a device runs, and check it.",
        epilog="example: drsn-export convert runs/mine --scheme int8 && drsn-export verify runs/mine/bundles/int8",
    )
    parser.add_argument("--version", action="version", version=f"drsn-keras {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    convert_command.add(commands)
    verify_command.add(commands)
    inspect_command.add(commands)
    bench_command.add(commands)
    c_command.add(commands)
    tflm_command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console command; returns the exit code."""
    return run(build_parser(), argv)


if __name__ == "__main__":
    sys.exit(main())

"""Options of ``drsn-edge gateway``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse

from drsn_keras.errors import UsageError, mismatch

EXAMPLE = """examples:
  drsn-edge gateway --example > gateway.toml
  drsn-edge gateway gateway.toml --check
  drsn-edge gateway gateway.toml

It runs until SIGTERM (exit code 0) or Ctrl-C (130). Killed at any moment it goes on where its store stands: what was
not stored is asked for again, what was not acknowledged by the broker is sent again and marked as a duplicate."""


def add_gateway_options(parser: argparse.ArgumentParser) -> None:
    """Add all options."""
    add = parser.add_argument
    add("config", metavar="CONFIG.toml", nargs="?", help="machines, sources, store, broker, page")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="try configuration, bundles, store, sources, broker; end")
    how.add_argument("--example", action="store_true", help="print a configuration with all keys explained; end")


def check_gateway_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with each other."""
    if (arguments.config is None) != arguments.example:
        got = "none" if arguments.config is None else "both"
        raise UsageError(mismatch("CONFIG.toml", "a configuration or --example", got))

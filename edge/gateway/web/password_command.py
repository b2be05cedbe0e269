"""``drsn-edge gateway-password``: a name and its password into a password file, as a hash."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, UsageError, mismatch

from .passwords import MOST_PASSWORD, check_name, check_password, remove_password, set_password


def gateway_password(arguments: argparse.Namespace) -> None:
    """Handle the sub-command; the password is never an argument, which other users of a computer can see."""
    path, name = Path(arguments.file), check_name(arguments.name)
    if arguments.remove:
        if not remove_password(path, name):
            raise DataError(mismatch(path, f"a line of {name}", "none"))
        log(f"{path}: {name} removed")
        return
    known = set_password(path, name, _from_stdin() if arguments.stdin else _asked(name))
    log(f"{path}: {name} {'has a new password' if known else 'added'}")


def _from_stdin() -> str:
    return check_password(sys.stdin.readline(MOST_PASSWORD + 2).rstrip("\r\n"))


def _asked(name: str) -> str:
    if not sys.stdin.isatty():
        raise UsageError(mismatch("password", "a terminal, or --stdin", "neither"))
    password = check_password(getpass.getpass(f"Password of {name}: "))
    if getpass.getpass("Once more: ") != password:
        raise UsageError(mismatch("password", "the same twice", "two different ones"))
    return password

"""The access that a configuration asks for, or why there can be none. Standard library only."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

from ..loopback import is_loopback
from .auth import Access
from .passwords import make_token

if TYPE_CHECKING:
    from ..config import WebConfig


def default_token(beside: Path) -> Path:
    """The token's file where none is configured."""
    return beside / "gateway-token"


def open_access(web: WebConfig, beside: Path) -> Access:
    """The access of a configuration.

    A token file that is not there is made, with a random token. Without any file there is access on this computer
    alone (a loopback address), with a token that is made beside the store.

    Raises
    ------
    UsageError
        Neither file, and other computers could ask.
    """
    token_file = web.token_file
    if token_file is None and web.password_file is None:
        if not is_loopback(web.host):
            expected = f"token_file or password_file to listen on {web.host}"
            raise UsageError(mismatch("web", expected, "neither (there is no default password)"))
        token_file = default_token(beside)
    if token_file is not None and not token_file.exists():
        token = make_token(token_file)
        # To a person who looks, not into a journal.
        shown = f" {token}" if is_loopback(web.host) and sys.stderr.isatty() else ""
        log(f"drsn-edge: web: new token{shown}, kept in {token_file}")
    for path in (token_file, web.password_file):
        if path is not None and path.exists() and path.stat().st_mode & 0o007:
            log(f"drsn-edge: {path}: every user of this computer can open it; chmod o-rwx it")
    return Access(token_file, web.password_file)

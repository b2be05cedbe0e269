"""The gateway's page and its API: what a person sees and a program asks."""

from __future__ import annotations

__all__ = ["WebServer", "serve"]


def __getattr__(name: str) -> object:
    """Loaded when first used: a password is set without a server."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import server

    return getattr(server, name)

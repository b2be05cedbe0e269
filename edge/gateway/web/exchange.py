"""A request and a reply as plain values: all of the page's logic knows no web framework. Standard library only."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import parse_qsl, unquote

from drsn_keras.errors import mismatch

from ..transaction import one_line

JSON = "application/json; charset=utf-8"
#: Sent with every reply. Scripts, styles and data come from the gateway alone, and no other page may frame it.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_MOST_FIELDS = 16


class Refused(Exception):
    """A request that is answered with a status and one line.

    Parameters
    ----------
    status : int
        400 to 599.
    text : str
    headers : dict of str to str, optional
    """

    def __init__(self, status: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status, self.headers = status, dict(headers or {})

    def reply(self) -> Reply:
        """What to send."""
        text = str(self).replace("\r", "\\r").replace("\n", "\\n")
        return Reply(self.status, json_bytes({"error": text}), JSON, self.headers)


@dataclasses.dataclass(frozen=True)
class Request:
    """What came.

    Parameters
    ----------
    method : str
    target : str
        Path and query as they were sent, percent-encoded.
    headers : dict of str to str
        Names in small letters.
    body : bytes
    peer : str
        Address of the other end.
    secure : bool
        Whether it came over TLS.
    """

    method: str
    target: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""
    peer: str = ""
    secure: bool = False

    def segments(self) -> tuple[str, ...]:
        """The path's parts, decoded each by itself, so that a name may hold a slash.

        Raises
        ------
        Refused
            What is no path or no UTF-8.
        """
        path = self.target.partition("?")[0]
        if not path.startswith("/"):
            raise Refused(400, mismatch("path", "one that begins with /", repr(path[:80])))
        try:
            return tuple(unquote(part, errors="strict") for part in path[1:].split("/"))
        except UnicodeDecodeError:
            raise Refused(400, mismatch("path", "UTF-8", "other bytes")) from None

    def query(self) -> dict[str, str]:
        """Fields of the query, each once.

        Raises
        ------
        Refused
        """
        text = self.target.partition("?")[2]
        try:
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:  # UnicodeDecodeError is one
            raise Refused(400, mismatch("query", f"UTF-8, at most {_MOST_FIELDS} fields", "another")) from None
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise Refused(400, mismatch("query", "each field once", "one twice"))
        return fields

    def json(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises
        ------
        Refused
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":  # no form of another page can send this unasked
            raise Refused(415, mismatch("Content-Type", "application/json", repr(kind) if kind else "none"))
        try:
            values = json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Refused(400, mismatch("body", "JSON", "something else")) from None
        if not isinstance(values, dict):
            raise Refused(400, mismatch("body", "a JSON object", type(values).__name__))
        return values


@dataclasses.dataclass(frozen=True)
class Reply:
    """What goes back.

    Parameters
    ----------
    status : int
    body : bytes or binary file
        A file is sent from its place on, and closed.
    content_type : str
    headers : dict of str to str
    """

    status: int
    body: bytes | IO[bytes] = b""
    content_type: str = JSON
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def json_bytes(values: Any) -> bytes:
    """JSON in UTF-8; null for what is not finite."""
    return one_line(values).encode("utf-8", "replace")


def tagged(request: Request, values: Any) -> Reply:
    """JSON with an ETag; only the word that nothing changed where the asker has it already."""
    return tagged_bytes(request, json_bytes(values), JSON, "no-store")


def tagged_bytes(request: Request, body: bytes, content_type: str, cache: str) -> Reply:
    """The same of any content."""
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": cache}
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
        return Reply(304, b"", content_type, headers)
    return Reply(200, body, content_type, headers)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

"""Bounds on connections, and one line of JSON for what is no HTTP. Is handed aiohttp, imports nothing of it."""

from __future__ import annotations

import asyncio
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import mismatch

from .exchange import SECURITY_HEADERS, Refused

#: Of every reply; a reply's own come on top.
HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store", "Server": "drsn-edge"}
_MOST_CONNECTIONS = 256


def bounded_server(web: Any) -> type:
    """aiohttp's server with a bound on connections, and one line of JSON for what is no HTTP."""

    class Handler(web.RequestHandler):
        __slots__ = ()

        def handle_error(self, request: Any, status: int = 500, exc: Any = None, message: Any = None) -> Any:
            if request.writer.output_size > 0:
                raise ConnectionError("half an answer was sent")
            if status < 500:
                refused = Refused(status, mismatch("request", "HTTP/1.1", "something else"))
            else:
                log(f"drsn-edge: web: {type(exc).__name__}: {exc}")
                refused = Refused(status, mismatch("gateway", "an answer", "a fault of its own"))
            reply = refused.reply()
            answer = web.Response(
                status=status, body=reply.body, headers={**HEADERS, "Content-Type": reply.content_type}
            )
            answer.force_close()
            return answer

    class Server(web.Server):
        def connection_made(self, handler: Any, transport: Any) -> None:
            super().connection_made(handler, transport)
            if len(self.connections) > _MOST_CONNECTIONS:
                asyncio.get_running_loop().call_soon(transport.abort)  # when the handler has begun, not before

        def __call__(self) -> Any:
            return Handler(self, loop=asyncio.get_running_loop(), **self._kwargs)

    return Server

"""The HTTP(S) server around the page and its API, on a thread of its own. The only file that knows aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

from .connections import HEADERS, bounded_server
from .exchange import Refused, Reply, Request
from .tls import tls_context

if TYPE_CHECKING:
    from ..config import MachineConfig, WebConfig

LARGEST_BODY = 64 * 1024
_BODY_S, _ANSWER_S, _IDLE_S = 10.0, 60.0, 30.0
_MOST_AT_ONCE, _THREADS = 32, 4
_PART_BYTES = 1 << 16
_START_S = 30.0
_BODILESS = frozenset({"GET", "HEAD"})


class WebServer:
    """Serves an application until it is closed.

    Parameters
    ----------
    application : callable
        A :class:`Request` to a :class:`Reply`; called on a few threads at once.
    host : str
    port : int
        0 takes a free one.
    certificate, key : Path or None
        PEM files: TLS.

    Raises
    ------
    UsageError
        aiohttp is not installed, or the address cannot be had.
    DataError
        Certificate and key cannot be used.
    """

    def __init__(self, application: Any, host: str, port: int, certificate: Path | None, key: Path | None) -> None:
        self._application, self._host = application, host
        self._context = tls_context(certificate, key)
        self._web = _aiohttp()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="web")
        self._started, self._stop = threading.Event(), None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._error: BaseException | None = None
        self.port = port
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()
        self._started.wait(_START_S)
        if self._error is not None or self._stop is None:
            self._pool.shutdown(wait=False)
            error = self._error or TimeoutError("it did not start")
            if isinstance(error, OSError):
                raise UsageError(mismatch(f"web, {host} port {port}", "an address to listen on", error)) from None
            raise error

    @property
    def url(self) -> str:
        """Address of the page."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._context else 'http'}://{host}:{self.port}/"

    def close(self) -> None:
        """Stop; what is being answered may finish for a few seconds."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it ended in between
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10.0)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            if self._started.is_set():
                log(f"drsn-edge: web: {error or type(error).__name__}: the page has ended")
            self._error = error
        finally:
            self._started.set()

    async def _serve(self) -> None:
        self._loop, self._at_once = asyncio.get_running_loop(), asyncio.Semaphore(_MOST_AT_ONCE)
        server = bounded_server(self._web)(
            self._handle, keepalive_timeout=_IDLE_S, access_log=None, auto_decompress=False, lingering_time=1.0
        )
        listening = await self._loop.create_server(
            server, self._host, self.port, ssl=self._context, ssl_handshake_timeout=10.0 if self._context else None
        )
        self.port = listening.sockets[0].getsockname()[1]
        self._stop = asyncio.Event()
        self._started.set()
        await self._stop.wait()
        listening.close()
        server.pre_shutdown()
        await server.shutdown(3.0)

    async def _handle(self, incoming: Any) -> Any:
        """One request to the application and its reply back, within bounds of size, number and time."""
        try:
            body = await self._body(incoming)
            if self._at_once.locked():
                raise Refused(503, mismatch("gateway", "fewer requests at once", "too many"), {"Retry-After": "2"})
            request = Request(
                incoming.method,
                incoming.raw_path,
                {name.lower(): value for name, value in incoming.headers.items()},
                body,
                incoming.remote or "",
                self._context is not None,
            )
            async with self._at_once:
                work = asyncio.get_running_loop().run_in_executor(self._pool, self._application, request)
                reply = await asyncio.wait_for(work, _ANSWER_S)
        except Refused as refused:
            reply = refused.reply()
        except asyncio.TimeoutError:
            reply = Refused(504, mismatch("gateway", f"an answer within {_ANSWER_S:g} s", "none")).reply()
        return await self._send(incoming, reply)

    async def _body(self, incoming: Any) -> bytes:
        """The body, read to its bound and no further."""
        if incoming.method in _BODILESS and not incoming.body_exists:
            return b""
        too_large = Refused(413, mismatch("body", f"at most {LARGEST_BODY} bytes", "more"), {"Connection": "close"})
        if (incoming.content_length or 0) > LARGEST_BODY:
            raise too_large
        parts, size, loop = [], 0, asyncio.get_running_loop()
        end = loop.time() + _BODY_S
        try:
            while part := await asyncio.wait_for(incoming.content.readany(), max(0.01, end - loop.time())):
                size += len(part)
                if size > LARGEST_BODY:
                    raise too_large
                parts.append(part)
        except asyncio.TimeoutError:
            text = mismatch("body", f"all of it within {_BODY_S:g} s", "a part")
            raise Refused(408, text, {"Connection": "close"}) from None
        except (self._web.RequestPayloadError, ValueError):
            raise Refused(400, mismatch("body", "as long as its header says", "another")) from None
        return b"".join(parts)

    async def _send(self, incoming: Any, reply: Reply) -> Any:
        headers = {**HEADERS, "Content-Type": reply.content_type, **reply.headers}
        if isinstance(reply.body, bytes):
            answer = self._web.Response(status=reply.status, body=reply.body, headers=headers)
            if headers.get("Connection") == "close":
                answer.force_close()
            return answer
        answer = self._web.StreamResponse(status=reply.status, headers=headers)
        loop, file = asyncio.get_running_loop(), reply.body
        try:
            await answer.prepare(incoming)
            while part := await loop.run_in_executor(self._pool, file.read, _PART_BYTES):
                await asyncio.wait_for(answer.write(part), _ANSWER_S)
            await answer.write_eof()
        except asyncio.TimeoutError:
            raise ConnectionError("the reader is too slow") from None
        finally:
            file.close()
        return answer


def serve(
    web: WebConfig,
    store: Any,
    live: Any,
    machines: Iterable[MachineConfig] = (),
    name: str = "gateway",
    relearn: Callable[[str, str | None], None] | None = None,
) -> WebServer:
    """Start the page of a gateway.

    Parameters
    ----------
    web : WebConfig
    store : drsn_keras.edge.gateway.store.Store
    live : drsn_keras.edge.gateway.live.Live
    machines : iterable of MachineConfig
    name : str
        Of the gateway.
    relearn : callable, optional
        Called with a machine and a regime (None: all) whose normal is to be learned anew.

    Raises
    ------
    DrsnError, OSError
        In one line: no access configured, a file or an address that cannot be used, aiohttp not installed.
    """
    from ..loopback import is_loopback
    from .api import Application
    from .open_access import open_access

    _aiohttp()
    access = open_access(web, Path(store.path).parent)
    if web.certificate is None and not is_loopback(web.host):
        log(f"drsn-edge: web: no certificate: passwords and data cross the network to {web.host} unencrypted")
    application = Application(access, store, live, tuple(machines), name, relearn)
    return WebServer(application, web.host, web.port, web.certificate, web.key)


def _aiohttp() -> Any:
    """aiohttp.web, with what of the package is needed beside it."""
    try:
        from aiohttp import web
    except ImportError:
        raise UsageError("the page needs aiohttp: pip install drsn-keras[gateway]") from None
    return web

"""A wake word provider that speaks the Wyoming protocol, for several clients at once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drsn_keras.errors import DataError, DrsnError, mismatch

from .chunk_stream import Heard
from .listener_pool import ListenerPool
from .seldom import Seldom
from .wyoming_client import WyomingClient
from .wyoming_protocol import Error, EventReader

#: Clients at a time that are connected, streaming or not.
_CONNECTIONS = 64
#: A peer that vanished is found out after about two minutes [s, s, times].
_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}


class WyomingServer:
    """Serves the words of a bundle to several clients, each with a listener of its own while it streams.

    Parameters
    ----------
    pool : ListenerPool
    detected : callable
        Called with the client's name and every detection, in the thread of the event loop.
    languages : sequence of str
        Of the words, for those who ask.
    """

    def __init__(
        self, pool: ListenerPool, detected: Callable[[str, Heard], None], languages: Sequence[str] = ()
    ) -> None:
        self.pool, self.detected, self.words = pool, detected, pool.words
        self.seldom = Seldom()
        self.languages = list(languages)
        self._clients: set[asyncio.Task] = set()
        # Inference holds a thread, never the loop; more threads than cores would only make all of them late.
        self._executor = ThreadPoolExecutor(max(1, min(pool.limit, os.cpu_count() or 1)), "wyoming")

    async def start(self, uri: str) -> str:
        """Listen at ``tcp://HOST:PORT`` or ``unix:///PATH``; returns the address, the number of port 0 in it."""
        parts = urlsplit(uri)
        self._path = Path(parts.path) if parts.scheme == "unix" else None
        if self._path is not None:
            if self._path.is_socket():
                self._path.unlink()
            self._server = await asyncio.start_unix_server(self._connected, self._path)
            return uri
        self._server = await asyncio.start_server(self._connected, parts.hostname, parts.port)
        port = self._server.sockets[0].getsockname()[1]
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"tcp://{host}:{port}"

    async def stop(self) -> None:
        """Close every connection; nobody is told, as when the power goes."""
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._executor.shutdown(wait=True, cancel_futures=True)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def in_thread(self, function: Callable[..., Any], *arguments: object) -> Any:
        """The result of a function that computes."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *arguments)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._clients.add(task)
        name = _name(writer)
        client = WyomingClient(self, name, EventReader(reader), writer)
        try:
            if len(self._clients) > _CONNECTIONS:
                raise DataError(mismatch("clients", f"at most {_CONNECTIONS} at a time", "one more"))
            _keep_alive(writer)
            await client.serve()
        except DrsnError as error:
            self.seldom(f"{name.rpartition(':')[0]} {type(error)}", f"drsn-edge: {name}: {error}")
            with contextlib.suppress(OSError):
                await client.send(Error(str(error), type(error).__name__))
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # Gone in the middle of something, or told to stop.
        finally:
            client.close()
            writer.close()
            self._clients.discard(task)


def _name(writer: asyncio.StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) else "unix"


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    if end is None or end.family == getattr(socket, "AF_UNIX", None):
        return
    end.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if hasattr(socket, name):
            end.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

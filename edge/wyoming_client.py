"""One client of the wake word provider: its events in order, its stream, its listener."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from drsn_keras.errors import DataError, mismatch

from .chunk_stream import ChunkStream, Heard
from .listener import KeywordListener
from .wyoming_protocol import TYPES, Detection, Event, Eventable, EventReader, NotDetected, Pong, info, write

if TYPE_CHECKING:
    from .wyoming_server import WyomingServer


class WyomingClient:
    """The conversation with one client.

    A listener is taken for the first of its streams and given back at the end of each: who is only connected costs
    nothing.

    Parameters
    ----------
    server : WyomingServer
    name : str
        For messages and results.
    reader : EventReader
    writer : asyncio.StreamWriter
    """

    def __init__(self, server: WyomingServer, name: str, reader: EventReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._name, self._reader, self._writer = server, name, reader, writer
        self._words: list[str] | None = None
        self._listener: KeywordListener | None = None
        self._stream: ChunkStream | None = None
        #: By type of event.
        self._handlers: dict[str, Callable[[Event], Awaitable[None]]] = {
            TYPES["describe"]: self._describe,
            TYPES["detect"]: self._detect,
            TYPES["start"]: self._start,
            TYPES["chunk"]: self._chunk,
            TYPES["stop"]: self._stop,
            TYPES["ping"]: self._ping,
        }

    async def serve(self) -> None:
        """Answer events until the client goes; events of other services are passed over.

        Raises
        ------
        DataError
            On what is no event.
        """
        while (event := await self._reader.read()) is not None:
            handler = self._handlers.get(event.type)
            if handler is not None:
                await handler(event)

    async def send(self, event: Eventable) -> None:
        """Write an event."""
        await write(event, self._writer)

    def close(self) -> None:
        """Give the listener back."""
        if self._listener is not None:
            self._server.pool.give(self._listener)
        self._listener = self._stream = None

    async def _describe(self, _: Event) -> None:
        await self.send(info(self._server.pool.card, self._server.words, self._server.languages))

    async def _ping(self, event: Event) -> None:
        await self.send(Pong(event.data.get("text")))

    async def _detect(self, event: Event) -> None:
        names = event.data.get("names") or None
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            raise DataError(mismatch("detect, names", "a list of words", repr(names)[:80]))
        words = self._server.words
        if names is not None and not set(names) & set(words):
            raise DataError(mismatch("detect, names", f"some of {', '.join(words)}", ", ".join(names)[:80]))
        self._words = names
        if self._listener is not None:
            self._listener.detector.listen_for(names)

    async def _start(self, event: Event) -> None:
        if self._listener is None:
            self._listener = await self._server.in_thread(self._server.pool.take)
            self._listener.detector.listen_for(self._words)
        self._stream = ChunkStream(self._listener, event.data.get("timestamp"))

    async def _chunk(self, event: Event) -> None:
        if self._stream is None:
            await self._start(event)
        chunk = [event.data.get(key) for key in ("rate", "width", "channels", "timestamp")]
        await self._tell(await self._server.in_thread(self._stream.push, event.payload or b"", *chunk))

    async def _stop(self, _: Event) -> None:
        if self._stream is None:
            return
        await self._tell(await self._server.in_thread(self._stream.stop))
        if not self._stream.n_detections:
            await self.send(NotDetected())
        self.close()

    async def _tell(self, detections: list[Heard]) -> None:
        for heard in detections:
            self._server.detected(self._name, heard)
            await self.send(Detection(heard.label, heard.timestamp_ms))

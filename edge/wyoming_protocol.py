"""Events of the Wyoming protocol, bounded. The only file that knows the package ``wyoming``.

References
----------
The Wyoming protocol, https://github.com/rhasspy/wyoming: JSON lines with data and payload behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from drsn_keras import __version__
from drsn_keras.errors import DataError, DrsnError, mismatch
from drsn_keras.model_card import ModelCard

try:
    from wyoming.audio import AudioChunk, AudioStart, AudioStop
    from wyoming.error import Error
    from wyoming.event import Event, Eventable, async_read_event, async_write_event
    from wyoming.info import Attribution, Describe, Info, WakeModel, WakeProgram
    from wyoming.ping import Ping, Pong
    from wyoming.wake import Detect, Detection, NotDetected
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "wyoming":
        raise
    raise DrsnError('the Wyoming protocol is not installed: pip install "drsn-keras[home]"') from None

__all__ = ["TYPES", "Detection", "Error", "Event", "EventReader", "Eventable", "NotDetected", "Pong", "info", "write"]

#: Largest part of an event: 8 s of 16-bit sound at 16 kHz [bytes]; its first line has asyncio's limit of 64 KiB.
_LARGEST = 1 << 18
_AUTHORS = Attribution("The drsn-keras authors", "")
#: Names of the events that a wake word provider answers.
TYPES = {
    "describe": Describe().event().type,
    "detect": Detect().event().type,
    "start": AudioStart(0, 0, 0).event().type,
    "chunk": AudioChunk(0, 0, 0, b"").event().type,
    "stop": AudioStop().event().type,
    "ping": Ping().event().type,
}


class EventReader:
    """Reads a client's events; no part of one may be beyond a size.

    Parameters
    ----------
    reader : asyncio.StreamReader
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader, self._ended = reader, False

    async def read(self) -> Event | None:
        """The next event, its data a dict; None where the client has gone.

        Raises
        ------
        DataError
            On what is no event.
        """
        try:
            event = await async_read_event(self)
        except (AttributeError, KeyError, TypeError, RecursionError):  # JSON, but not that of an event.
            event = None
        if event is not None and isinstance(event.type, str) and isinstance(event.data or {}, dict):
            event.data = event.data or {}
            return event
        if self._ended:
            return None
        raise DataError(mismatch("event", f"a line of JSON, parts of at most {_LARGEST} bytes", "something else"))

    async def readline(self) -> bytes:
        """For the package."""
        line = await self._reader.readline()
        self._ended = not line
        return line

    async def readexactly(self, n: int) -> bytes:
        """For the package."""
        if n > _LARGEST:
            raise ValueError(n)
        return await self._reader.readexactly(n)


async def write(event: Eventable, writer: asyncio.StreamWriter) -> None:
    """Send an event."""
    await async_write_event(event.event(), writer)


def info(card: ModelCard, words: Sequence[str], languages: Sequence[str]) -> Info:
    """What a bundle hears, for those who ask."""
    models = [
        WakeModel(
            name=word,
            attribution=_AUTHORS,
            installed=True,
            description=f"{word} ({card.name})",
            version=card.sha256[:12],
            languages=list(languages),
            phrase=word,
        )
        for word in words
    ]
    program = WakeProgram(
        name="drsn-keras",
        attribution=_AUTHORS,
        installed=True,
        description="Words in noise, by a deep residual shrinkage network",
        version=__version__,
        models=models,
    )
    return Info(wake=[program])

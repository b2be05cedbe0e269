"""``drsn-edge wyoming``: the words of a bundle for Home Assistant and Rhasspy."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from pathlib import Path

from drsn_keras.command_line import log

from .chunk_stream import Heard
from .listener_pool import ListenerPool
from .wyoming_server import WyomingServer


def wyoming(arguments: argparse.Namespace) -> None:
    """Handle the sub-command: serve until SIGTERM or SIGINT."""
    pool = ListenerPool(Path(arguments.bundle), arguments.clients, arguments.threshold, arguments.threads)
    if pool.card.synthetic_speech:
        log(f"{arguments.bundle}: trained on synthetic speech")
    lines = _Lines(arguments.json)
    asyncio.run(_serve(WyomingServer(pool, lines, arguments.language), arguments.uri))


async def _serve(server: WyomingServer, uri: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    log(f"listening at {await server.start(uri)} for {', '.join(server.words)}")
    try:
        await stop.wait()
    finally:
        await server.stop()


class _Lines:
    """A line a detection on standard output; where its reader has gone, the service goes on without."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json

    def __call__(self, client: str, heard: Heard) -> None:
        result = {
            "type": "detection",
            "client": client,
            "timestamp_ms": heard.timestamp_ms,
            "label": heard.label,
            "score": round(heard.score, 4),
        }
        line = json.dumps(result)
        if not self._as_json:
            line = f"{client}  {heard.timestamp_ms / 1000:.2f} s  {heard.label}  {heard.score:.2f}"
        with contextlib.suppress(BrokenPipeError):
            print(line, flush=True)

"""A wake word provider on a free port, and what a satellite says to it."""

from __future__ import annotations

import asyncio

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.ping import Ping
from wyoming.wake import Detection

from drsn_keras.edge.listener_pool import ListenerPool
from drsn_keras.edge.wyoming_server import WyomingServer


def served(folder, conversation, limit=4, uri="tcp://127.0.0.1:0"):
    """Run a conversation (an async function of the address and the server) with a server of the bundle."""

    async def run():
        told = []
        server = WyomingServer(ListenerPool(folder, limit), lambda client, heard: told.append(heard), ["en"])
        address = await server.start(uri)
        try:
            return await asyncio.wait_for(conversation(address, server), 120), told
        finally:
            await server.stop()

    return asyncio.run(run())


async def stream(client, audio, rate=16000, width=2, channels=1, start_ms=0, timestamps=True, chunk=1024):
    """Send a stream as a satellite does, then wait for the end of its answers: a ping's echo."""
    await client.write_event(AudioStart(rate, width, channels, start_ms).event())
    frame = width * channels
    for first in range(0, len(audio) // frame, chunk):
        data = audio[first * frame : (first + chunk) * frame]
        at = start_ms + round(1000 * first / rate) if timestamps else None
        await client.write_event(AudioChunk(rate, width, channels, data, at).event())
    await client.write_event(AudioStop().event())
    await client.write_event(Ping("end").event())
    events = []
    while (event := await client.read_event()).type != "pong":
        events.append(event)
    return events


def detections(events):
    return [Detection.from_event(event) for event in events if Detection.is_type(event.type)]


def s16(y):
    """Samples as 16-bit integers."""
    return np.round(y * 32767).astype("<i2")

"""Broken and hostile clients of the wake word provider: each ends its own connection and nothing else."""

import asyncio
import contextlib
import json

import numpy as np
from wyoming.client import AsyncClient
from wyoming.ping import Ping
from wyoming_conversation import detections, s16, served, stream

_START = b'{"type": "audio-start", "data": {"rate": 16000, "width": 2, "channels": 1}}\n'
_BAD = {
    "no JSON": (b"GET / HTTP/1.1\r\n\r\n", "event"),
    "no event": (b"[1, 2]\n", "event"),
    "no type": (b'{"data": {}}\n', "event"),
    "a type that is none": (b'{"type": {}, "data": {}}\n', "event"),
    "data that are none": (b'{"type": "detect", "data": [1]}\n', "event"),
    "deep": (b"[" * 60_000 + b"\n", "event"),
    "a long line": (b'{"type": "' + b"x" * 100_000 + b'"}\n', "event"),
    "an endless payload": (b'{"type": "audio-chunk", "payload_length": 99999999999}\n', "event"),
    "endless data": (b'{"type": "detect", "data_length": 300000}\n', "event"),
    "a length that is none": (b'{"type": "detect", "data_length": "9"}\n', "event"),
    "names": (b'{"type": "detect", "data": {"names": "low"}}\n', "detect, names"),
    "unknown names": (b'{"type": "detect", "data": {"names": ["alexa"]}}\n', "detect, names"),
    "no format": (b'{"type": "audio-chunk", "payload_length": 2}\n\0\0', "rate"),
    "rate": (b'{"type": "audio-chunk", "data": {"rate": 1e9, "width": 2, "channels": 1}}\n', "rate"),
    "width": (b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 9, "channels": 1}}\n', "width"),
    "channels": (b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": true}}\n', "channels"),
    "half a frame": (
        b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 2}, "payload_length": 2}\n\0\0',
        "audio",
    ),
    "a time that is none": (b'{"type": "audio-start", "data": {"timestamp": "noon"}}\n', "timestamp"),
    "another format": (
        _START
        + b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, "payload_length": 2}\n\0\0'
        + b'{"type": "audio-chunk", "data": {"rate": 8000, "width": 2, "channels": 1}, "payload_length": 2}\n\0\0',
        "audio",
    ),
}


def test_bad_events_close_their_client_only(bundle_folder, bursts, capsys):
    audio = s16(bursts(1.5, (0.5, 400))).tobytes()

    async def answer(address, data):
        host, port = address.removeprefix("tcp://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
        try:
            return json.loads((await reader.read()).partition(b"\n")[2])  # The data, behind the first line.
        except ConnectionError:  # It closed while we were still sending.
            return {"text": "event: reset"}
        finally:
            writer.close()

    async def conversation(address, server):
        async with AsyncClient.from_uri(address) as good:
            await good.write_event(Ping().event())
            await good.read_event()
            told = {name: (await answer(address, data))["text"] for name, (data, _) in _BAD.items()}
            await answer_cut(address)
            return told, detections(await stream(good, audio)), server.pool._n_taken

    async def answer_cut(address):
        """A client that goes in the middle of an event, and one that ends with silence."""
        host, port = address.removeprefix("tcp://").split(":")
        for data in (_START + b'{"type": "audio-chunk", "payload_length": 100}\n\0', b"", _START):
            _, writer = await asyncio.open_connection(host, int(port))
            writer.write(data)
            await writer.drain()
            writer.close()
        await asyncio.sleep(0.05)

    (told, heard, taken), _ = served(bundle_folder, conversation)
    for name, (_, start) in _BAD.items():
        assert told[name].startswith(f"{start}: "), (name, told[name])
    assert [d.name for d in heard] == ["low"]
    assert taken == 0, "every listener was given back"
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and said[0].startswith("drsn-edge: 127.0.0.1:"), "said once, not for every event"


def test_damaged_conversations_end_and_leave_nothing_behind(bundle_folder, bursts, caplog):
    """Bytes of a good conversation changed, cut out and doubled at random."""
    chunk = b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, "payload_length": 640}\n'
    good = b'{"type": "detect", "data_length": 18}\n{"names": ["low"]}' + _START + 3 * (chunk + bytes(640))
    good += b'{"type": "audio-stop", "data": {"timestamp": 60}}\n{"type": "describe"}\n'
    rng = np.random.default_rng(3)

    def damaged():
        data = bytearray(good)
        for _ in range(rng.integers(1, 6)):
            at, n = rng.integers(len(data)), int(rng.integers(1, 40))
            kind = rng.integers(3)
            if kind == 0:
                data[at] = rng.integers(256)
            elif kind == 1:
                del data[at : at + n]
            else:
                data[at:at] = data[at : at + n]
        return bytes(data)

    async def one(host, port, data):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(data)
            writer.write_eof()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()

    async def conversation(address, server):
        host, port = address.removeprefix("tcp://").split(":")
        whole = await one(host, int(port), good)
        assert whole.count(b'"not-detected"') == whole.count(b'"info"') == 1, "undamaged, it is answered"
        for _ in range(10):
            await asyncio.gather(*(one(host, int(port), damaged()) for _ in range(8)))
        async with AsyncClient.from_uri(address) as client:
            heard = detections(await stream(client, s16(bursts(1.5, (0.5, 400))).tobytes()))
        return [d.name for d in heard], server.pool._n_taken, len(server._clients)

    names, taken, clients = served(bundle_folder, conversation, limit=8)[0]
    assert (names, taken) == (["low"], 0) and clients <= 1
    assert not caplog.records, "no exception that asyncio had to report"

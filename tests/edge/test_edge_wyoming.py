"""The wake word provider, asked by the package's own client over a real socket."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from keyword_stream_file import write_keyword_stream
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncClient
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping
from wyoming.wake import Detect, NotDetected
from wyoming_conversation import detections, s16, served, stream

from drsn_keras import __version__
from drsn_keras.edge import KeywordListener, PcmStream, load_bundle
from drsn_keras.edge.cli import main
from drsn_keras.edge.listener_pool import ListenerPool
from drsn_keras.edge.source import mono


@pytest.fixture(scope="module")
def stream_folder(tmp_path_factory):
    return write_keyword_stream(tmp_path_factory.mktemp("stream") / "bundle")


def _hear(folder, audio, *, names=None, **form):
    async def conversation(address, _):
        async with AsyncClient.from_uri(address) as client:
            await client.write_event(Detect(names).event())
            return await stream(client, audio, **form)

    return served(folder, conversation)


def _expected(folder, y):
    """What the listener itself makes of the samples."""
    listener = KeywordListener(load_bundle(folder))
    found = [v.detection for v in listener.push(y) + listener.flush() if v.detection]
    return [(d.label, round(1000 * d.time_s)) for d in found]


def test_describe_says_words_versions_and_who_made_it(bundle_folder):
    async def conversation(address, _):
        async with AsyncClient.from_uri(address) as client:
            await client.write_event(Describe().event())
            return Info.from_event(await client.read_event())

    (program,) = served(bundle_folder, conversation)[0].wake
    card = load_bundle(bundle_folder).card
    assert (program.name, program.version, program.installed) == ("drsn-keras", __version__, True)
    assert [(m.name, m.phrase, m.languages) for m in program.models] == [
        ("low", "low", ["en"]),
        ("high", "high", ["en"]),
    ]
    assert all(card.sha256.startswith(m.version) and card.name in m.description for m in program.models)
    assert program.attribution.name and program.models[0].attribution.name


@pytest.mark.parametrize("kind", ["windows", "stream"])
def test_round_trip_gives_what_the_listener_hears(bundle_folder, stream_folder, bursts, kind):
    folder = bundle_folder if kind == "windows" else stream_folder
    y = s16(bursts(5.0, (1.0, 400), (3.0, 4000)))
    events, told = _hear(folder, y.tobytes())
    heard = [(d.name, d.timestamp) for d in detections(events)]
    assert heard == _expected(folder, y / np.float32(32768)) and [name for name, _ in heard] == ["low", "high"]
    assert [(h.label, h.timestamp_ms) for h in told] == heard
    assert not any(NotDetected.is_type(event.type) for event in events)


@pytest.mark.parametrize(
    ("rate", "width", "channels"), [(8000, 2, 1), (44100, 2, 2), (48000, 4, 1), (16000, 1, 1), (22050, 3, 2)]
)
def test_other_formats_are_converted(bundle_folder, bursts, rate, width, channels):
    y = np.repeat(bursts(2.0, (0.8, 400), rate_hz=rate)[:, None], channels, axis=1).ravel()
    if width == 1:
        audio = np.round(y * 127 + 128).astype("u1").tobytes()
    else:
        whole = np.round(y.astype(np.float64) * (2**31 - 256)).astype("<i4")
        audio = whole.view("u1").reshape(-1, 4)[:, 4 - width :].tobytes()
    events, _ = _hear(bundle_folder, audio, rate=rate, width=width, channels=channels)
    form = {1: "u8", 2: "s16le", 3: "s24le", 4: "s32le"}[width]
    as_listen = np.concatenate(list(mono(PcmStream(io.BytesIO(audio), rate, channels, form), 16000)))
    assert [(d.name, d.timestamp) for d in detections(events)] == _expected(bundle_folder, as_listen)
    assert width == 1 or [d.name for d in detections(events)] == ["low"]


def test_time_is_the_clients(bundle_folder, bursts):
    audio = s16(bursts(2.0, (0.8, 400))).tobytes()
    ((_, plain_ms),) = _expected(bundle_folder, bursts(2.0, (0.8, 400)))
    for timestamps in (True, False):
        events, _ = _hear(bundle_folder, audio, start_ms=1_700_000_000_000, timestamps=timestamps)
        assert [d.timestamp for d in detections(events)] == [1_700_000_000_000 + plain_ms]


def test_only_the_names_asked_for_and_not_detected_at_the_end(bundle_folder, bursts):
    audio = s16(bursts(5.0, (1.0, 400), (3.0, 4000))).tobytes()
    events, _ = _hear(bundle_folder, audio, names=["high", "not of this bundle"])
    assert [d.name for d in detections(events)] == ["high"]
    events, told = _hear(bundle_folder, bytes(64000), names=["low"])
    assert [event.type for event in events] == ["not-detected"] and not told


def test_a_second_stream_of_a_client_begins_anew_with_all_words(bundle_folder, bursts):
    audio = s16(bursts(1.5, (0.5, 400))).tobytes()

    async def conversation(address, server):
        async with AsyncClient.from_uri(address) as client:
            await client.write_event(Detect(["high"]).event())
            silent = await stream(client, audio)
            await client.write_event(Detect().event())
            return silent, await stream(client, audio), len(server.pool._idle)

    (silent, heard, idle), _ = served(bundle_folder, conversation, limit=1)
    assert [event.type for event in silent] == ["not-detected"]
    assert [d.name for d in detections(heard)] == ["low"]
    assert idle == 1


def test_clients_at_once_do_not_hear_each_other(stream_folder, bursts):
    """A model of streams keeps states: of three streams in turns, each gives what it gives alone."""
    signals = [bursts(3.0, (start, hz)) for start, hz in ((0.3, 400), (0.6, 4000), (0.9, 400))]

    async def one(address, y):
        async with AsyncClient.from_uri(address) as client:
            return [(d.name, d.timestamp) for d in detections(await stream(client, s16(y).tobytes(), chunk=400))]

    async def conversation(address, _):
        return await asyncio.gather(*(one(address, y) for y in signals))

    found, _ = served(stream_folder, conversation)
    assert found == [_expected(stream_folder, s16(y) / np.float32(32768)) for y in signals]
    assert [f[0][0] for f in found] == ["low", "high", "low"]


def test_no_more_streams_than_asked_for_but_more_clients(bundle_folder, bursts):
    audio = s16(bursts(1.5, (0.5, 400))).tobytes()

    async def conversation(address, _):
        async with AsyncClient.from_uri(address) as first, AsyncClient.from_uri(address) as second:
            await first.write_event(AudioStart(16000, 2, 1).event())
            await first.write_event(Ping().event())
            await first.read_event()  # The first stream has its listener.
            await second.write_event(AudioStart(16000, 2, 1).event())
            refused = [await second.read_event(), await second.read_event()]
            await first.write_event(AudioStop().event())
            assert (await first.read_event()).type == "not-detected"
            async with AsyncClient.from_uri(address) as third:
                return refused, detections(await stream(third, audio))

    (refused, heard), _ = served(bundle_folder, conversation, limit=1)
    assert refused[0].data["text"] == "streams: expected at most 1 at a time, got one more" and refused[1] is None
    assert [d.name for d in heard] == ["low"]


def test_the_loop_answers_while_a_model_computes(bundle_folder, monkeypatch):
    """Inference of one client takes long; another one gets its answer meanwhile."""
    began = threading.Event()
    release = threading.Event()

    def slow(self, samples):
        began.set()
        assert release.wait(60)
        return []

    monkeypatch.setattr(KeywordListener, "push", slow)

    async def conversation(address, _):
        async with AsyncClient.from_uri(address) as busy, AsyncClient.from_uri(address) as other:
            await busy.write_event(AudioChunk(16000, 2, 1, bytes(2048)).event())
            while not began.is_set():
                await asyncio.sleep(0.005)
            await other.write_event(Ping("there?").event())
            answer = await asyncio.wait_for(other.read_event(), 50)
            was_busy = not release.is_set()
            release.set()
            return answer.data["text"], was_busy

    assert served(bundle_folder, conversation)[0] == ("there?", True)


def test_unix_socket(bundle_folder, tmp_path, bursts):
    path = tmp_path / "wake.sock"

    async def conversation(address, _):
        async with AsyncClient.from_uri(address) as client:
            await client.write_event(Event("transcribe"))  # Of another service: passed over.
            return detections(await stream(client, s16(bursts(1.5, (0.5, 4000))).tobytes()))

    assert [d.name for d in served(bundle_folder, conversation, uri=f"unix://{path}")[0]] == ["high"]
    assert not path.exists()


def test_command_serves_until_it_is_told_to_stop(bundle_folder, bursts, root):
    command = [sys.executable, "-m", "drsn_keras.edge.cli", "wyoming", bundle_folder, "--uri", "tcp://127.0.0.1:0"]
    with subprocess.Popen(
        [*map(str, command), "--json"], cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            lines = [process.stderr.readline() for _ in range(2)]
            address = lines[1].split()[2]
            assert lines[1] == f"listening at {address} for low, high\n"

            async def conversation():
                async with AsyncClient.from_uri(address) as client:
                    return detections(await stream(client, s16(bursts(1.5, (0.5, 400))).tobytes()))

            (detection,) = asyncio.run(conversation())
            os.kill(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "")
    line = json.loads(out)
    assert (line["type"], line["label"], line["timestamp_ms"]) == ("detection", "low", detection.timestamp)


@pytest.mark.parametrize("uri", ["10400", "http://x:1", "tcp://host", "tcp://h:99999", "tcp://a..b:1", "unix://"])
def test_bad_address(bundle_folder, uri, capsys):
    with pytest.raises(SystemExit) as leaves:
        main(["wyoming", str(bundle_folder), "--uri", uri])
    assert leaves.value.code == 2 and "expected tcp://HOST:PORT or unix:///PATH" in capsys.readouterr().err


def test_port_in_use_and_wrong_bundle_are_one_line(bundle_folder, vibration_bundle, capsys):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["wyoming", str(bundle_folder), "--uri", f"tcp://127.0.0.1:{taken.getsockname()[1]}"]) == 1
    assert "address already in use" in capsys.readouterr().err.splitlines()[-1]
    assert main(["wyoming", str(vibration_bundle)]) == 1
    assert "use drsn-edge monitor" in capsys.readouterr().err


def test_seldom_says_a_kind_now_and_then():
    from drsn_keras.edge.seldom import Seldom

    said, now = [], iter([0.0, 1.0, 2.0, 59.0, 60.0, 61.0])
    seldom = Seldom(60.0, said.append, lambda: next(now))
    for kind in ("a", "b", "a", "a", "a", "b"):
        seldom(kind, f"{kind}!")
    assert said == ["a!", "b!", "a! (and 2 more times since)", "b!"]


def test_a_lent_listener_is_as_new(bundle_folder):
    pool = ListenerPool(bundle_folder, 2)
    first, second = pool.take(), pool.take()
    assert first is not second and first.bundle.interpreter is not second.bundle.interpreter
    first.detector.listen_for(["low"])
    pool.give(first)
    assert pool.take().detector.words == (0, 1)

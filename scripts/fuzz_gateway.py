"""Coverage-guided fuzzing of what strangers can send to a gateway: ``make fuzz [SECONDS=60]``.

Three targets, each in a process of its own for so many seconds: ``frames`` (bytes in pieces, as TCP and serial lines
bring them), ``payloads`` (an MQTT message or UDP packet as a whole) and ``requests`` (HTTP to a real store, with and
without the token). A target fails on any exception but the one that says what is wrong with a frame, on a status of 500
or above, on what is given without the token, and on memory above 2 GB. Figures go to build/bench/fuzz.json.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "edge"))
TARGETS = ("frames", "payloads", "requests")
_OUT = ROOT / "build" / "bench" / "fuzz.json"


def main() -> None:
    """All targets, one after the other; exit code 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="of each target (60)")
    parser.add_argument("--target", choices=TARGETS, help="this one alone, in this process")
    arguments = parser.parse_args()
    if arguments.seconds < 1:  # 0 is for ever to libFuzzer
        parser.exit(2, f"--seconds: expected at least 1, got {arguments.seconds}\n")
    try:
        import atheris  # noqa: F401
    except ImportError:
        sys.exit("atheris is not installed: pip install --group fuzz")
    if arguments.target:
        _fuzz(arguments.target, arguments.seconds)
        return
    figures: dict[str, object] = {"seconds_each": arguments.seconds}
    for name in TARGETS:
        command = [sys.executable, __file__, "--target", name, "--seconds", str(arguments.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
        edges = re.findall(r"cov: (\d+)", done.stderr)
        figures |= {f"{name}_inputs": int(found[1]) if found else 0, f"{name}_edges": int(edges[-1]) if edges else 0}
        figures[f"{name}_passed"] = done.returncode == 0 and found is not None
        if not figures[f"{name}_passed"]:
            print(done.stderr[-4000:], file=sys.stderr)
    _OUT.parent.mkdir(parents=True, exist_ok=True)
    _OUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print("\n".join(f"{name:<20} {value}" for name, value in figures.items()))
    sys.exit(not all(figures[f"{name}_passed"] for name in TARGETS))


def _fuzz(name: str, seconds: int) -> None:
    import atheris

    with atheris.instrument_imports(include=["drsn_keras.edge.gateway", "drsn_keras.errors"]):
        from drsn_keras.edge.gateway import frame, frame_reader  # noqa: F401
        from drsn_keras.edge.gateway.web import api  # noqa: F401
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        corpus.mkdir()
        make = {"frames": _frames, "payloads": _payloads, "requests": _requests}[name]
        one = make(Path(folder), corpus)
        options = [f"-max_total_time={seconds}", "-print_final_stats=1", "-rss_limit_mb=2048", "-max_len=4096"]
        atheris.Setup([sys.argv[0], *options, "-seed=1", str(corpus)], one)
        atheris.Fuzz()


def _seeds(corpus: Path) -> None:
    """Good frames to start from, and check sums that are always 0: what is random alone would never pass them."""
    import numpy as np

    from drsn_keras.edge.gateway import frame
    from drsn_keras.edge.gateway.frame import Frame, Kind

    frame.zlib = types.SimpleNamespace(crc32=lambda *_: 0)
    (corpus / "hello").write_bytes(Frame(Kind.HELLO, "pump-001").encode())
    payload = np.linspace(-1.0, 1.0, 50, dtype="<f4").tobytes()
    data = Frame(Kind.SAMPLES, "pump-001", 1, 7, 10**18, 12000.0, "f32le", payload, rpm=1800.0)
    (corpus / "samples").write_bytes(data.encode())


def _frames(_folder: Path, corpus: Path) -> Callable[[bytes], None]:
    from drsn_keras.edge.gateway.frame_reader import FrameReader

    _seeds(corpus)

    def one(data: bytes) -> None:
        reader = FrameReader()
        size = 1 + (data[0] if data else 0)
        for start in range(0, len(data), size):
            for frame in reader.feed(data[start : start + size]):
                frame.encode()
        assert reader.waiting_bytes <= len(data)

    return one


def _payloads(_folder: Path, corpus: Path) -> Callable[[bytes], None]:
    from drsn_keras.edge.gateway.frame import FrameError, decode

    _seeds(corpus)

    def one(data: bytes) -> None:
        try:
            decode(data)
        except FrameError as error:
            assert "\n" not in str(error)

    return one


def _requests(folder: Path, corpus: Path) -> Callable[[bytes], None]:
    import atheris
    from web_gateway import CHEAP, TOKEN, machine, now_s, run_station

    from drsn_keras.edge.gateway.live import Live
    from drsn_keras.edge.gateway.store import Store
    from drsn_keras.edge.gateway.web import passwords
    from drsn_keras.edge.gateway.web.api import ROUTES, Application
    from drsn_keras.edge.gateway.web.auth import Access
    from drsn_keras.edge.gateway.web.exchange import Request

    passwords._COST = CHEAP
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    config = machine("PUMP-1")
    store, live = Store(folder / "store.db"), Live(["PUMP-1"])
    run_station(store, config, 100, 2, now_s() - 60)
    access = Access(token, None)
    access._attempts.wait_s = lambda peer: 0.0  # what is tried here is not how often
    application = Application(access, store, live, (config,), "works", lambda *what: None)
    (corpus / "acknowledge").write_bytes(b'\x01\x02\x03\x04{"comment": "seen", "label": "outer"}' * 2)

    def one(data: bytes) -> None:
        given = atheris.FuzzedDataProvider(data)
        route = ROUTES[given.ConsumeIntInRange(0, len(ROUTES) - 1)]
        known = given.ConsumeBool()
        part = quote("PUMP-1" if given.ConsumeBool() else given.ConsumeUnicodeNoSurrogates(12))
        path = "/" + re.sub(r"\{\w+\}", lambda _: part, route.path)
        if given.ConsumeBool():
            path += "?" + given.ConsumeUnicodeNoSurrogates(40)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {TOKEN}"} if known else {})
        if not known and given.ConsumeBool():
            headers["authorization"] = given.ConsumeUnicodeNoSurrogates(30)
        body = given.ConsumeBytes(given.remaining_bytes())
        reply = application(Request(route.method, path, headers, body, "10.0.0.1"))
        if not isinstance(reply.body, bytes):
            reply.body.close()
        assert reply.status < 500, (route, path, body)
        assert known or route.public or reply.status in {400, 401, 404, 405}, (route, path, reply.status)

    return one


if __name__ == "__main__":
    main()

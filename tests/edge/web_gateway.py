"""A gateway's page over a real store that real stations filled, and a plain client for it."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drsn_keras.edge.gateway.config import AlarmConfig, MachineConfig, WebConfig
from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.records import Block
from drsn_keras.edge.gateway.station import Station
from drsn_keras.edge.gateway.store import Store
from drsn_keras.edge.gateway.web.passwords import PasswordHash
from drsn_keras.simulation.fleet import FOUNDATION, ISO_GROUP, draw_fleet

TOKEN = "a-token-of-the-tests-0123456789"
NAME, PASSWORD = "maria", "correct horse"
#: Quick to try: the tests are not about its cost.
CHEAP = (2**4, 8, 1)
RATE_HZ = 12000
#: Seconds of signal from new to the end of life of the machine below.
LIFE_S = 110.0


def machine(name: str, **changes: Any) -> MachineConfig:
    """A configured machine whose records are a second long."""
    virtual = wearing()
    config = MachineConfig(
        name,
        {"kind": "tcp"},
        float(RATE_HZ),
        "m/s^2",
        rpm=round(virtual.rpm_at(0), 1),
        bearing=virtual.drivetrain.bearing,
        iso_group=ISO_GROUP,
        foundation=FOUNDATION,
        record_s=1.0,
        waveform_s=1.0,
        alarms=AlarmConfig(confirm=1, within=1, learn_records=20),
    )
    return dataclasses.replace(config, **changes)


def wearing(seed: int = 1):
    """A virtual machine whose outer race wears out: in zone A at first, in zone D at the end."""
    return draw_fleet(seed, 1, days=1.0, speed=86400.0 / LIFE_S, steady=True)[0]


def run_station(
    store: Store, config: MachineConfig, first_s: int, count: int, start_s: float, every_s: float = 1.0
) -> None:
    """Records of seconds ``first_s`` ... of the machine's life, ``every_s`` apart, into the store."""
    virtual, station = wearing(), Station(config)
    for k in range(count):
        samples = virtual.samples((first_s + k) * RATE_HZ, RATE_HZ)
        for step in station.push(Block(config.name, start_s + k * every_s, samples, k * RATE_HZ, 0)):
            store.commit(step)


@dataclasses.dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Asks the page's server; ``token`` and ``cookie`` say who asks."""

    def __init__(self, port: int, token: str | None = None, context: ssl.SSLContext | None = None) -> None:
        self.port, self.token, self.cookie, self.context = port, token, None, context

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """``headers`` with underscores for dashes; a body that is no bytes is sent as JSON."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if self.cookie is not None:
            sent.setdefault("Cookie", self.cookie)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        kind = http.client.HTTPConnection if self.context is None else http.client.HTTPSConnection
        options = {} if self.context is None else {"context": self.context}
        with contextlib.closing(kind("127.0.0.1", self.port, timeout=20, **options)) as connection:
            connection.request(method, path, body, sent)
            reply = connection.getresponse()
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())


@dataclasses.dataclass
class Page:
    """A running page, its store and its board."""

    server: Any
    store: Store
    live: Live
    folder: Path

    def client(self, token: str | None = None) -> Client:
        return Client(self.server.port, token)


@contextlib.contextmanager
def open_page(folder: Path, machines: tuple[MachineConfig, ...], relearn: Any = None, **web: Any) -> Iterator[Page]:
    """A page on a free port, with a token and a person's password."""
    from drsn_keras.edge.gateway.web import serve

    (folder / "token").write_text(TOKEN + "\n")
    (folder / "passwords").write_text(f"{NAME}:{PasswordHash.of(PASSWORD, CHEAP)}\n")
    for name in ("token", "passwords"):
        (folder / name).chmod(0o600)
    store, live = Store(folder / "store.db"), Live([m.name for m in machines])
    config = WebConfig(port=0, token_file=folder / "token", password_file=folder / "passwords", **web)
    with (
        contextlib.closing(store),
        contextlib.closing(serve(config, store, live, machines, "works", relearn)) as server,
    ):
        yield Page(server, store, live, folder)


def now_s() -> float:
    """A time at which records may end: a while ago."""
    return time.time() - 30.0

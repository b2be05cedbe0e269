"""The gateway's configuration: a TOML file, checked to the last key before anything starts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from .loopback import is_loopback
from .machine_config import NAME, SOURCES, STATES, AlarmConfig, MachineConfig, Regime, read_machine
from .mqtt_client import Broker, read_broker
from .toml_table import Table, read_toml

__all__ = [
    "SOURCES",
    "STATES",
    "AlarmConfig",
    "GatewayConfig",
    "MachineConfig",
    "MqttConfig",
    "Regime",
    "StoreConfig",
    "WebConfig",
    "example_config",
    "read_config",
]

FORMATS = ("json", "sparkplug")
_PARTS = ("name", "store", "mqtt", "web", "defaults", "machines")
_MOST_MACHINES = 1000


@dataclasses.dataclass(frozen=True)
class StoreConfig:
    """Where records are kept and how much disk they may take [MiB]."""

    path: Path
    quota_mb: int = 1024
    waveform_quota_mb: int = 256


@dataclasses.dataclass(frozen=True)
class MqttConfig(Broker):
    """The broker that records go to, and how.

    Parameters
    ----------
    topic : str
        First level of all topics.
    format : {"json", "sparkplug"}
    """

    topic: str = "drsn"
    format: str = "json"


@dataclasses.dataclass(frozen=True)
class WebConfig:
    """The page. There is no access without a token or a password, and none of them by default.

    Parameters
    ----------
    host : str
        Address to listen on; by default this computer only.
    port : int
        By default 8443 with a certificate, 8080 without.
    token_file, password_file : Path or None
        At least one, but on this computer alone (a loopback address): there a token is made beside the store.
    certificate, key : Path or None
        PEM files, both or neither: TLS.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token_file: Path | None = None
    password_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


@dataclasses.dataclass(frozen=True)
class GatewayConfig:
    """All of a gateway.

    Parameters
    ----------
    name : str
    store : StoreConfig
    mqtt : MqttConfig or None
        None: nothing is published.
    web : WebConfig or None
        None: no page.
    machines : tuple of MachineConfig
    path : Path
        Of the file.
    """

    name: str
    store: StoreConfig
    mqtt: MqttConfig | None
    web: WebConfig | None
    machines: tuple[MachineConfig, ...]
    path: Path = Path()


def read_config(path: Path) -> GatewayConfig:
    """Read and check a configuration; relative paths start at its folder.

    Parameters
    ----------
    path : Path
        Of a TOML file; docs/examples/gateway.toml has all keys with comments.

    Raises
    ------
    DataError
        In one line: the file, the key, what was expected and what came. A key that is not known is an error.
    """
    path = Path(path)
    whole, folder = read_toml(path), path.parent
    for key in _PARTS:  # a misspelt part is said before what is missing for it
        whole.find(key)
    whole.finish()
    name = whole.text("name", "gateway")
    if not NAME.fullmatch(name):
        raise whole.error("name", "letters, digits, dots, dashes and underscores, at most 64", name)
    store = _store(whole.table("store", required=True), folder)
    mqtt, web = whole.table("mqtt"), whole.table("web")
    return GatewayConfig(
        name=name,
        store=store,
        mqtt=None if mqtt is None else _mqtt(mqtt, folder, name),
        web=None if web is None else _web(web, folder),
        machines=_machines(whole, folder),
        path=path,
    )


def example_config() -> str:
    """The text of a configuration with all keys and comments, for a person to begin with."""
    return Path(__file__).with_name("example.toml").read_text(encoding="utf-8")


def _store(table: Table, folder: Path) -> StoreConfig:
    store = StoreConfig(
        path=table.path("path", folder),
        quota_mb=table.whole("quota_mb", 1024, 8, 1 << 30),
        waveform_quota_mb=table.whole("waveform_quota_mb", 256, 0, 1 << 30),
    )
    table.finish()
    if store.waveform_quota_mb > store.quota_mb:
        raise table.error("waveform_quota_mb", f"at most quota_mb ({store.quota_mb})", store.waveform_quota_mb)
    return store


def _mqtt(table: Table, folder: Path, name: str) -> MqttConfig:
    topic, form = table.text("topic", "drsn"), table.text("format", "json", FORMATS)
    broker = read_broker(table, folder, f"drsn-gateway-{name}")
    mqtt = MqttConfig(**vars(broker), topic=topic, format=form)
    if set(mqtt.topic) & set("+#") or mqtt.topic.startswith(("/", "$")) or mqtt.topic.endswith("/"):
        raise table.error("topic", "levels of a topic without + and #", mqtt.topic)
    return mqtt


def _web(table: Table, folder: Path) -> WebConfig:
    certificate, key = table.path("certificate", folder, None), table.path("key", folder, None)
    if (certificate is None) != (key is None):
        missing, given = ("key", "certificate") if key is None else ("certificate", "key")
        raise table.error(missing, f"it where {given} is given")
    web = WebConfig(
        host=table.text("host", "127.0.0.1"),
        port=table.whole("port", 8080 if certificate is None else 8443, 0, 65535),
        token_file=table.path("token_file", folder, None),
        password_file=table.path("password_file", folder, None),
        certificate=certificate,
        key=key,
    )
    table.finish()
    if web.token_file is None and web.password_file is None and not is_loopback(web.host):
        raise table.error("password_file", f"it or token_file to listen on {web.host} (there is no default password)")
    return web


def _machines(whole: Table, folder: Path) -> tuple[MachineConfig, ...]:
    defaults, machines = whole.table("defaults"), whole.table("machines", required=True)
    names = machines.keys()
    if not 1 <= len(names) <= _MOST_MACHINES:
        raise DataError(mismatch(machines.where, f"1 to {_MOST_MACHINES} machines", len(names)))
    found = []
    for name in names:
        table = machines.table(name)
        table.fallback = defaults
        found.append(read_machine(name, table, folder))
    return tuple(found)

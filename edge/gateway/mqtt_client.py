"""The MQTT client (needs paho-mqtt), alike for source and publisher. The one file of the gateway that imports it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.errors import DataError, mismatch

if TYPE_CHECKING:
    from .toml_table import Table

_KEEPALIVE_S = 30


@dataclasses.dataclass(frozen=True)
class Broker:
    """Where it is and who we are.

    Parameters
    ----------
    host, port : str, int
    client_id : str
    username, password_file : str, Path, optional
        A password is never in the configuration itself.
    tls : bool
    ca_file : Path, optional
        Authority of the broker's certificate; by default those of the system.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"


def read_broker(table: Table, folder: Path, client_id: str) -> Broker:
    """Take ``host``, ``port``, ``username``, ``password_file``, ``tls``, ``ca_file`` and ``client_id``.

    Parameters
    ----------
    table : Table
        Its other keys have been taken: one that nobody asked for is an error.
    folder : Path
        Of the configuration.
    client_id : str
        Where the table has none.

    Raises
    ------
    DataError
    """
    tls = table.flag("tls", False)
    broker = Broker(
        host=table.text("host"),
        port=table.whole("port", 8883 if tls else 1883, 1, 65535),
        client_id=table.text("client_id", client_id),
        username=table.text("username", None),
        password_file=table.path("password_file", folder, None),
        tls=tls,
        ca_file=table.path("ca_file", folder, None),
    )
    table.finish()
    if broker.password_file is not None and broker.username is None:
        raise table.error("username", "it where password_file is given")
    if broker.ca_file is not None and not tls:
        raise table.error("tls", "true where ca_file is given")
    return broker


def make_client(broker: Broker, *, keep_session: bool, manual_ack: bool = False) -> Any:
    """A client that is not connected yet and does not connect again by itself.

    Parameters
    ----------
    broker : Broker
    keep_session : bool
        The broker keeps for us what comes while we are away, and gives all that is not acknowledged at once (MQTT 5).
    manual_ack : bool
        What is received is acknowledged by ``client.ack``.

    Raises
    ------
    DataError
        paho-mqtt is not installed; a password or certificate cannot be read.
    """
    try:
        from paho.mqtt import client as mqtt
    except ImportError:
        raise DataError(mismatch("mqtt", "paho-mqtt (pip install 'drsn-keras[gateway]')", "none")) from None
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id=broker.client_id,
        # Only version 5 lets us ask for more messages at once than a broker gives unacknowledged by default.
        clean_session=None if keep_session else True,
        protocol=mqtt.MQTTv5 if keep_session else mqtt.MQTTv311,
        manual_ack=manual_ack,
        reconnect_on_failure=False,
    )
    client.connect_timeout = 5.0
    if broker.username is not None:
        client.username_pw_set(broker.username, _password(broker))
    if broker.tls:
        try:
            client.tls_set(None if broker.ca_file is None else str(broker.ca_file))
        except (OSError, ValueError) as error:  # ssl's own error is an OSError
            raise DataError(mismatch(broker.ca_file, "certificates of an authority (PEM)", error)) from None
    return client


def connect(client: Any, broker: Broker) -> None:
    """Open the connection; what the broker says to it comes by ``on_connect``.

    Raises
    ------
    DataError
        In one line: who could not be reached, why.
    """
    try:
        client.connect(broker.host, broker.port, _KEEPALIVE_S, **_session(client))
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DataError(mismatch(broker.where, "an MQTT broker", said)) from None


def _session(client: Any) -> dict[str, Any]:
    """How a kept session is asked for."""
    from paho.mqtt.client import MQTTv5
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties

    if client.protocol != MQTTv5:
        return {}
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 0xFFFFFFFF
    properties.ReceiveMaximum = 0xFFFF
    return {"clean_start": False, "properties": properties}


def _password(broker: Broker) -> str | None:
    if broker.password_file is None:
        return None
    try:
        return Path(broker.password_file).read_text(encoding="utf-8").splitlines()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        said = getattr(error, "strerror", None) or "no line of text"
        raise DataError(mismatch(broker.password_file, "a file with a password", said)) from None

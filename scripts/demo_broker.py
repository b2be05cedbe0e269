"""The broker of ``make demo-gateway``: the system's Mosquitto, else amqtt, which is Python alone (``--group demo``)."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from pathlib import Path

HOST = "127.0.0.1"
_MOSQUITTO = "listener {port} {host}\nallow_anonymous true\npersistence false\nlog_type warning\n"
_AMQTT = (
    "listeners: {{default: {{type: tcp, bind: '{host}:{port}'}}}}\n"
    "plugins: {{amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}}}\n"
)


def broker_command(kind: str, port: int, folder: Path) -> list[str]:
    """Write a broker's configuration; how it is started."""
    form, name = (_MOSQUITTO, "mosquitto.conf") if kind == "mosquitto" else (_AMQTT, "amqtt.yaml")
    (folder / name).write_text(form.format(port=port, host=HOST), encoding="utf-8")
    program = mosquitto() if kind == "mosquitto" else _amqtt()
    if program is None:
        raise SystemExit(f"{kind} is not installed; install mosquitto, or: pip install --group demo")
    return [program, "-c", str(folder / name)]


def mosquitto() -> str | None:
    """The system's broker; servers are often not on a user's path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


def _amqtt() -> str | None:
    return shutil.which("amqtt", path=str(Path(sys.executable).parent)) or shutil.which("amqtt")


def free_port(wanted: int = 0) -> int:
    """A port that nobody listens on: the one wanted, if it is free."""
    for port in (wanted, 0):
        with contextlib.suppress(OSError), socket.create_server((HOST, port)) as server:
            return server.getsockname()[1]
    raise SystemExit("no free port")

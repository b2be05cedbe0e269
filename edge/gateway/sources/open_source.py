"""A machine's source by its kind; each kind's file is loaded when it is needed."""

from __future__ import annotations

import importlib

from ..machine_config import MachineConfig
from ..records import Position
from .hub import Hub
from .source import Source

_CLASSES = {
    "file": ("file_tail", "FileSource"),
    "folder": ("folder", "FolderSource"),
    "mqtt": ("mqtt", "MqttSource"),
    "serial": ("serial", "SerialSource"),
    "tcp": ("tcp", "TcpSource"),
    "udp": ("udp", "UdpSource"),
}


def open_source(config: MachineConfig, after: Position | None, hub: Hub) -> Source:
    """Make a source from its configuration; nothing is opened yet.

    Raises
    ------
    DataError
        A key of its own is missing, unknown, or out of range.
    """
    module, name = _CLASSES[config.source["kind"]]
    return getattr(importlib.import_module(f".{module}", __package__), name)(config, after, hub)

"""``drsn-edge gateway``: run it, try its configuration, or print an example of one."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from drsn_keras.command_line import EXIT_FAILED, EXIT_OK
from drsn_keras.errors import DataError, DrsnError, mismatch

from .config import GatewayConfig, example_config, read_config


def gateway(arguments: argparse.Namespace) -> int:
    """Handle the sub-command."""
    if arguments.example:
        print(example_config(), end="")
        return EXIT_OK
    config = read_config(Path(arguments.config))
    if arguments.check:
        return _check(config, arguments.json)
    from .service import Gateway

    return Gateway(config).run()


def _check(config: GatewayConfig, as_json: bool) -> int:
    """A line for each part: OK, or what is wrong; all of them are tried."""
    code = EXIT_OK
    for what, attempt in _attempts(config):
        try:
            ok, text = True, attempt()
        except (DrsnError, OSError) as error:
            ok, text, code = False, str(error), EXIT_FAILED
        result = {"part": what, "ok": ok, "text": text}
        print(json.dumps(result) if as_json else f"{'OK  ' if ok else 'BAD '}{what}: {text}", flush=True)
    return code


def _attempts(config: GatewayConfig) -> Iterator[tuple[str, Callable[[], str]]]:
    from .live import Live
    from .sources import open_source
    from .sources.hub import Hub

    yield "configuration", lambda: f"{config.path}, {len(config.machines)} machines"
    yield "store", lambda: _store(config)
    hub = Hub(Live(), lambda event: None)
    try:
        for machine in config.machines:
            yield (
                f"machine {machine.name}, source",
                lambda machine=machine: open_source(machine, None, hub).check(),
            )
        for bundle in dict.fromkeys(machine.bundle for machine in config.machines if machine.bundle is not None):
            yield f"bundle {bundle}", lambda bundle=bundle: _bundle(config, bundle)
        if config.mqtt is not None:
            yield "mqtt", lambda: _mqtt(config)
        if config.web is not None:
            yield "web", lambda: _web(config)
    finally:
        hub.close()


def _store(config: GatewayConfig) -> str:
    from .database import Database, StoreDamaged

    path = config.store.path
    if not path.exists():
        if not (path.parent.is_dir() or path.parent.parent.is_dir()):
            raise DataError(mismatch(path.parent, "a folder", "nothing there"))
        return f"{path}, to be made"
    try:
        database = Database(path, repair=False)
    except StoreDamaged as error:
        raise DataError(f"{error} (the gateway moves it aside at its start, and begins anew)") from None
    used, _ = database.sizes()
    database.close()
    return f"{path}, {used / 2**20:.1f} of {config.store.quota_mb} MiB"


def _bundle(config: GatewayConfig, folder: Path) -> str:
    from ..bundle import load_bundle
    from .station import Station

    bundle = load_bundle(folder, 1)
    machines = [machine for machine in config.machines if machine.bundle == folder]
    for machine in machines:
        Station(machine, bundle)
    return f"fits {', '.join(machine.name for machine in machines)}"


def _mqtt(config: GatewayConfig) -> str:
    from .mqtt_client import connect, make_client

    broker = config.mqtt
    client = make_client(broker, keep_session=False)
    connect(client, broker)
    client.disconnect()
    return f"{broker.where} can be reached"


def _web(config: GatewayConfig) -> str:
    from .sources.tcp import listening_socket
    from .web.open_access import default_token
    from .web.passwords import read_passwords, read_token
    from .web.tls import tls_context

    web = config.web
    if web.password_file is not None:
        read_passwords(web.password_file)
    token_file, said = web.token_file, ""
    if token_file is None and web.password_file is None:
        token_file = default_token(config.store.path.parent)
    if token_file is not None:
        if token_file.exists():
            read_token(token_file)
        else:
            said = f"; the token to be made: {token_file}"
    tls_context(web.certificate, web.key)
    listening_socket(web.host, web.port, socket.SOCK_STREAM).close()
    return f"{web.host} port {web.port}{said}"

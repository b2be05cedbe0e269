"""A tf.data service: one dispatcher, any number of workers; each a process that runs until it is told to end."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError, first_line, mismatch

from ..address import parse_address, require_http2
from ..temporary_folder import temporary

#: How long a dispatcher is looked for [s].
CONNECT_S = 20.0
#: A worker tells the dispatcher that it lives, and is given up for lost [ms].
_HEARTBEAT_MS, _LOST_MS = 1_000, 10_000
_STOP_S = 3.0
#: Servers, which must not be taken apart before the process ends.
_kept: list[Any] = []


def require_dispatcher(service: str, option: str = "--data-service", wait_s: float | None = None) -> str:
    """See that somebody listens at a dispatcher's address; returns this host's address as seen from there.

    Raises
    ------
    DrsnError
        If nobody has within ``wait_s``, :data:`CONNECT_S` by default.
    """
    address = parse_address(service, option)
    wait_s = CONNECT_S if wait_s is None else wait_s
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with socket.create_connection(address, timeout=max(0.1, min(5.0, deadline - time.monotonic()))) as found:
                require_http2(found)
                return found.getsockname()[0]
        except OSError as error:
            if time.monotonic() >= deadline:
                why = error.strerror or str(error) or type(error).__name__
                expected = "a dispatcher (drsn-train data-worker --dispatcher)"
                raise DrsnError(mismatch(f"{option} {service}", expected, f"{why}, for {wait_s:g} s")) from None
        time.sleep(min(0.5, wait_s))


def serve_dispatcher(port: int) -> None:
    """Hand out shards to workers until SIGTERM; the address is one line on stdout.

    What trainers register, a graph with its noise for each epoch, is kept in a temporary folder and not in memory.
    """
    import tensorflow as tf

    service = tf.data.experimental.service
    with temporary("drsn-data-") as folder:
        config = service.DispatcherConfig(
            port=port, work_dir=folder, worker_timeout_ms=_LOST_MS, job_gc_check_interval_ms=60_000
        )
        _run(lambda: service.DispatchServer(config), "dispatcher", socket.gethostname())


def serve_worker(service: str, port: int, address: str | None) -> None:
    """Read, augment and compute for whoever trains with this dispatcher, until SIGTERM.

    Parameters
    ----------
    service : str
        HOST:PORT of the dispatcher.
    port : int
        0 for a free one.
    address : str, optional
        Under which trainers reach this host; by default the one that it has towards the dispatcher.
    """
    own = address or require_dispatcher(service, "--connect")
    import tensorflow as tf

    api = tf.data.experimental.service
    host = f"[{own}]" if ":" in own else own
    config = api.WorkerConfig(
        dispatcher_address=service,
        worker_address=f"{host}:%port%",
        port=port,
        heartbeat_interval_ms=_HEARTBEAT_MS,
        dispatcher_timeout_ms=int(1000 * CONNECT_S),
    )
    _run(lambda: api.WorkerServer(config), "worker", host)


def _run(start: Callable[[], Any], what: str, host: str) -> None:
    stop = threading.Event()
    # Until it has started, TensorFlow holds Python's lock, and a handler would never be called.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    server = _started(start, what)
    signal.signal(signal.SIGINT, before)
    with _ended_by(stop):
        # The port alone: what a server calls its address is localhost.
        print(f"{what}: {host}:{server._address.rpartition(':')[2]}", flush=True)
        while not stop.wait(0.5):
            pass
        log(f"{what}: ended")
        # It waits for whoever still asks for something, perhaps without end.
        ending = threading.Thread(target=server.stop, daemon=True)
        ending.start()
        ending.join(_STOP_S)
        _kept.append(server)


def _started(start: Callable[[], Any], what: str) -> Any:
    try:
        return start()
    except Exception as error:  # TensorFlow's kinds differ by cause: port taken, dispatcher gone
        raise DrsnError(f"{what}: cannot start ({first_line(error)})") from None


def leave() -> None:
    """End this process at once: a server that is still being asked would hold it."""
    sys.stdout.flush()
    os._exit(0)


@contextlib.contextmanager
def _ended_by(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and Ctrl-C set an event."""
    signals = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""Ray (extra ``[cluster]``): the one file that imports it; how a command joins a cluster or makes one of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from typing import Any

from drsn_keras.errors import DataError, UsageError, first_line, mismatch

from ..address import parse_address, require_http2
from ..temporary_folder import temporary

LOCAL, AUTO = "local", "auto"
#: Objects of a cluster of one machine: rows of results, no data [bytes].
_STORE_BYTES = 100 * 2**20
#: Ray's sockets lie below its folder, and their names must be short [characters].
_FOLDER_LENGTH = 32
#: For the first word with a cluster [s].
_REACH_S = 5.0


def library() -> Any:
    """Ray.

    Raises
    ------
    UsageError
        If it is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # A training that takes no GPU sees none: as it is by default, without a warning that it will not be.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "1")
    try:
        import ray
    except ImportError:
        raise UsageError(mismatch("--ray-address", "Ray (pip install 'drsn-keras[cluster]')", "none")) from None
    return ray


@contextlib.contextmanager
def joined(address: str, cpus: int, gpus: float) -> Iterator[Any]:
    """Be part of a cluster.

    Parameters
    ----------
    address : str
        ``local`` starts one on this machine and ends it; ``auto`` or ``HOST:PORT``: one that this machine belongs to.
    cpus : int
        Of a local one.
    gpus : float
        That are asked for of a local one.

    Yields
    ------
    module
        Ray, connected.

    Raises
    ------
    UsageError
        For another address, or without Ray.
    DataError
        If there is no cluster.
    """
    if address not in {LOCAL, AUTO}:
        _reach(address)
    ray = library()
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "include_dashboard": False}
    with contextlib.ExitStack() as stack:
        if address == LOCAL:
            own = {"num_cpus": cpus, "object_store_memory": _STORE_BYTES, "_temp_dir": stack.enter_context(_folder())}
            quiet |= own if gpus else {**own, "num_gpus": 0}
        else:
            del quiet["include_dashboard"]
        stack.callback(ray.shutdown)
        try:
            ray.init(address=address, **quiet)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise DataError(mismatch(f"--ray-address {address}", "a cluster of Ray", first_line(error))) from None
        yield ray


def _reach(address: str) -> None:
    """Ray itself waits long for what is not there."""
    expected = f"{LOCAL}, {AUTO}, or HOST:PORT of a cluster that this machine belongs to"
    found = parse_address(address, "--ray-address", expected)
    try:
        with socket.create_connection(found, timeout=_REACH_S) as connection:
            if os.environ.get("RAY_USE_TLS", "0") != "1":
                require_http2(connection)
    except (OSError, UnicodeError) as error:
        raise DataError(mismatch(f"--ray-address {address}", "a cluster of Ray", error)) from None


def _folder() -> contextlib.AbstractContextManager[str]:
    """For the files of a cluster of our own."""
    parent = tempfile.gettempdir()
    return temporary("drsn-ray-", parent if len(parent) <= _FOLDER_LENGTH else "/tmp")


def said_by(error: BaseException) -> str:
    """A line for a failure of Ray's: what it was caused by, without the trace of the node."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, BaseException):
        return f"{type(cause).__name__}: {first_line(cause)}"
    return f"{type(error).__name__}: {first_line(error)}"


def beside_us(ray: Any) -> Any:
    """Of an actor: that it lives on this machine, and not on one that may go away."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)


def cpus_of_nodes(ray: Any) -> list[float]:
    """Of each node that is there and runs trials."""
    found = (node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"])
    return [cpus for cpus in found if cpus]


def room(ray: Any, cpus: int, gpus: float) -> int:
    """Trials that the nodes that are there can hold at a time."""

    def held(resources: dict[str, float]) -> int:
        fits = int(resources.get("CPU", 0.0) // cpus)
        return min(fits, int(resources.get("GPU", 0.0) / gpus)) if gpus else fits

    return sum(held(node["Resources"]) for node in ray.nodes() if node["Alive"])

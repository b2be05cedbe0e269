"""``drsn-train data-worker``."""

from __future__ import annotations

import argparse

from drsn_keras.errors import UsageError, mismatch

_EXAMPLES = """examples:
  drsn-train data-worker --dispatcher --port 5050             on one host
  drsn-train data-worker --connect HOST:5050                  on as many as it takes, as often as there are cores
  drsn-train keywords --data prepared/ --data-service HOST:5050 --out runs/mine

The folder prepared/ must lie under the same path for all workers. Whoever reaches the ports is obeyed: keep them inside
a network of your own.
"""
_PORT = 5050


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "data-worker",
        help="make batches of prepared data on other processes or hosts",
        description="Run a part of a tf.data service: a dispatcher, or a worker that reads shards, augments and "
        "computes features for a training. Ends on SIGTERM or Ctrl-C.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dispatcher", action="store_true", help="hand out shards to workers")
    what.add_argument("--connect", metavar="HOST:PORT", help="work for this dispatcher")
    parser.add_argument(
        "--port", type=int, metavar="P", help="port to listen at (dispatcher: 5050, worker: any; 0: any)"
    )
    parser.add_argument(
        "--address", metavar="HOST", help="of a worker: its host as trainers reach it (as the dispatcher sees it)"
    )
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if arguments.port is not None and not 0 <= arguments.port < 65536:
        raise UsageError(mismatch("--port", "0 to 65535", arguments.port))
    if arguments.dispatcher and arguments.address:
        raise UsageError(mismatch("--address", "with --connect", "--dispatcher"))
    from .address import parse_address, require_free_port
    from .prepared.data_service import leave, serve_dispatcher, serve_worker

    if arguments.connect:
        parse_address(arguments.connect, "--connect")
    port = (_PORT if arguments.dispatcher else 0) if arguments.port is None else arguments.port
    if port:
        require_free_port(port, "--port")
    from .quiet import quiet_tensorflow

    quiet_tensorflow(any_backend=True)
    if arguments.dispatcher:
        serve_dispatcher(port)
    else:
        serve_worker(arguments.connect, port, arguments.address)
    leave()

"""Join the other workers: TensorFlow's MultiWorkerMirroredStrategy, told what its public interface does not ask for."""

from __future__ import annotations

import signal

import tensorflow as tf

from drsn_keras.command_line import log

from ..address import require_free_port
from .options import Workers
from .restart import at_most

#: What collectives raise when a worker is gone, has started anew, or does not answer.
LOST = (
    *(tf.errors.UnavailableError, tf.errors.FailedPreconditionError, tf.errors.AbortedError),
    *(tf.errors.CancelledError, tf.errors.DeadlineExceededError, tf.errors.InternalError, tf.errors.UnknownError),
)
#: How long the port of a worker that was killed may stay taken [s].
_PORT_S = 15.0


def join(workers: Workers, gpus: int) -> tf.distribute.MultiWorkerMirroredStrategy:
    """Wait for all workers; ends the process with one line where they do not come in time.

    Parameters
    ----------
    workers
    gpus : int
        That each worker computes on; 0 for the CPU.
    """
    from tensorflow.python.eager import context

    require_free_port(workers.port, "--workers", _PORT_S)
    # The coordination service would swallow SIGTERM, and end the process with a core dump when a peer is lost. Without
    # it a broken connection fails the next collective, and every 30 s each worker asks the others whether they live.
    context.context().configure_coordination_service(service_type="")
    # It says at length what the next collective's error says, which is told in one line.
    tf.get_logger().setLevel("FATAL")
    # Blocked in a collective, Python would not hear Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    log(f"worker {workers.index} of {workers.count}: waiting for the others")
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({"worker": list(workers.addresses)}),
        task_type="worker",
        task_id=workers.index,
        num_accelerators={"GPU": gpus},
        rpc_layer="grpc",
    )
    others = ", ".join(address for i, address in enumerate(workers.addresses) if i != workers.index)
    with at_most(workers.timeout_s, f"--workers: expected {others} within {workers.timeout_s:g} s, got no answer"):
        return tf.distribute.MultiWorkerMirroredStrategy(resolver)


def leave(strategy: tf.distribute.MultiWorkerMirroredStrategy) -> None:
    """Mind the others no longer: they may end before this worker does."""
    strategy.extended._stop_check_health_thread()

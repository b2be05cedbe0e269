"""What workers tell each other beside gradients: where the chief is, and whether all are alike."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, mismatch

from .cluster import LOST, leave
from .devices import Devices

#: Hexadecimal digits of a digest that a double holds exactly.
_DIGITS = 12


def total(devices: Devices, values: np.ndarray) -> np.ndarray:
    """Sum of all workers' vectors [float64], of equal length."""
    strategy = devices.strategy
    zeros = np.zeros_like(values)

    def of_replica(place: tf.distribute.experimental.ValueContext) -> tf.Tensor:
        per_worker = place.num_replicas_in_sync // devices.workers.count
        return tf.constant(values if place.replica_id_in_sync_group % per_worker == 0 else zeros)

    given = strategy.experimental_distribute_values_from_function(of_replica)
    return strategy.reduce(tf.distribute.ReduceOp.SUM, given, axis=None).numpy()


def agree(devices: Devices, what: str, content: str | bytes) -> str:
    """Check that all workers have the same content, and give its digest; one process agrees with itself.

    Raises
    ------
    DataError
        On every worker, naming the first that differs from the chief.
    """
    data = content.encode() if isinstance(content, str) else content
    digest = hashlib.sha256(data).hexdigest()[:_DIGITS]
    if devices.workers is None:
        return digest
    numbers = np.zeros(devices.workers.count)
    numbers[devices.workers.index] = int(digest, 16)
    numbers = total(devices, numbers)
    for worker in np.flatnonzero(numbers != numbers[0])[:1]:
        raise DataError(mismatch(f"worker {worker}", f"the {what} of worker 0", "another"))
    return digest


def hand_over(devices: Devices, variables: Sequence, done: int) -> int:
    """Set all workers' variables to the chief's, and tell them how many epochs are done; nothing in one process.

    Parameters
    ----------
    variables : Keras variables, alike on all workers
    done : int
        Finished epochs; what others than the chief say does not count.
    """
    if devices.workers is None:
        return done
    arrays = [np.asarray(v) for v in variables]
    flat = np.concatenate([[float(done)], *(a.astype(np.float64).ravel() for a in arrays)])
    flat = total(devices, flat if devices.workers.is_chief else np.zeros_like(flat))
    place = 1
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(flat[place : place + array.size].reshape(array.shape).astype(array.dtype))
        place += array.size
    return int(flat[0])


def finish(devices: Devices, variables: Sequence) -> None:
    """Check that the last weights are the same on all workers, and part; nothing in one process."""
    if devices.workers is None:
        return
    try:
        digest = agree(devices, "final weights", b"".join(np.asarray(v).tobytes() for v in variables))
        log(f"final weights: {digest}, equal on all {devices.workers.count} workers")
    except LOST:
        if devices.workers.is_chief:
            raise
        log("note: the chief is gone, after the last epoch; started again, it finishes alone")
    leave(devices.strategy)

"""Where a training computes: one device, several of this host, or those of several hosts."""

from __future__ import annotations

import contextlib
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

from .options import Workers

if TYPE_CHECKING:
    import keras


class Devices:
    """A training's devices, held while it runs (a context).

    Parameters
    ----------
    strategy : tf.distribute.Strategy, optional
        None for one device.
    workers : Workers, optional
        None for one process.
    """

    def __init__(self, strategy: Any = None, workers: Workers | None = None) -> None:
        self.strategy, self.workers = strategy, workers

    def __enter__(self) -> Devices:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.workers is None:
            return
        from .cluster import LOST, leave
        from .restart import start_anew

        if isinstance(error, LOST):
            start_anew(_first_line(error))
        leave(self.strategy)

    @property
    def replicas(self) -> int:
        """Copies of the model that train together."""
        return 1 if self.strategy is None else self.strategy.num_replicas_in_sync

    @property
    def is_follower(self) -> bool:
        """Whether another worker keeps the run folder."""
        return self.workers is not None and not self.workers.is_chief

    def scope(self) -> contextlib.AbstractContextManager:
        """Variables that are made inside live on all devices."""
        return contextlib.nullcontext() if self.strategy is None else self.strategy.scope()

    def check_batch(self, batch_size: int) -> None:
        """Every replica gets as many rows of a batch.

        Raises
        ------
        UsageError
        """
        if batch_size % self.replicas:
            expected = f"a multiple of {self.replicas} (devices x workers)"
            raise UsageError(mismatch("--batch-size (at most the clips there are)", expected, batch_size))

    def adapt(self, model: keras.Model) -> None:
        """Make a model that was built in the scope train as it would on one device."""
        if self.replicas > 1:
            from .normalisation import synchronise

            synchronise(model)

    def describe(self) -> dict[str, int]:
        """For summary.json."""
        workers = 1 if self.workers is None else self.workers.count
        return {"devices": self.replicas // workers, "workers": workers}


def open_devices(devices: int, workers: Workers | None) -> Devices:
    """Take the devices, and wait for the other workers; to be called before TensorFlow computes anything.

    Raises
    ------
    UsageError
        If they are not there.
    """
    if devices == 1 and workers is None:
        return Devices()
    from ..quiet import quiet_tensorflow

    if workers is not None:
        # What C++ says at length when a worker is lost is said in one line here.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    quiet_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus and devices > len(gpus):
        raise UsageError(mismatch("--devices", f"at most {len(gpus)}, the GPUs there are", devices))
    if workers is not None:
        if not gpus and devices > 1:
            raise UsageError(mismatch("--devices with --workers", "1 where there is no GPU", devices))
        from .cluster import join

        if gpus:
            tf.config.set_visible_devices(gpus[:devices], "GPU")
        return Devices(join(workers, devices if gpus else 0), workers)
    if not gpus:
        _divide_cpu(devices)
        log(f"note: no GPU here, the CPU is used as {devices} devices (which is no faster than one)")
    kind = "GPU" if gpus else "CPU"
    return Devices(tf.distribute.MirroredStrategy([f"{kind}:{i}" for i in range(devices)]))


def _divide_cpu(devices: int) -> None:
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
    except RuntimeError:
        # TensorFlow runs already, as in a notebook.
        if len(tf.config.list_logical_devices("CPU")) < devices:
            expected = f"a process that has computed nothing yet, or with {devices} logical CPUs"
            raise UsageError(mismatch("--devices", expected, "another")) from None


def _first_line(error: BaseException) -> str:
    text = str(getattr(error, "message", error)).strip()
    lines = [line for line in text.splitlines() if "aborted" in line.lower() or "down" in line.lower()]
    return (lines or text.splitlines() or [""])[0][:200] or type(error).__name__

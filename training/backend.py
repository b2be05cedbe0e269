"""What Keras computes with, by KERAS_BACKEND: TensorFlow, JAX or PyTorch; what a training does otherwise with each."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys

from drsn_keras.errors import UsageError, first_line, mismatch

#: Backends of Keras that a network can be trained and evaluated with.
BACKENDS = TENSORFLOW, JAX, TORCH = ("tensorflow", "jax", "torch")
#: Options of a training that are built on tf.distribute.
_OF_TENSORFLOW = ("devices", "workers", "worker")
#: What makes XLA choose repeatable kernels on a GPU; it is read when the first of them is used.
_XLA_REPEATABLE = "--xla_gpu_deterministic_ops=true"


def asked_backend() -> str:
    """What KERAS_BACKEND says, by default TensorFlow; Keras's own configuration file is not asked."""
    return os.environ.get("KERAS_BACKEND") or TENSORFLOW


def check_backend(any_backend: bool) -> None:
    """Refuse a backend that is not for this command or not installed; nothing heavy is imported.

    Raises
    ------
    UsageError
    """
    backend = asked_backend()
    if backend not in BACKENDS:
        raise UsageError(mismatch("KERAS_BACKEND", ", ".join(BACKENDS), repr(backend)))
    if not (any_backend or backend == TENSORFLOW):
        raise UsageError(mismatch("KERAS_BACKEND", f"{TENSORFLOW} (for this command)", backend))
    if importlib.util.find_spec(backend) is None:
        raise UsageError(mismatch(f"KERAS_BACKEND={backend}", f"{backend} (pip install {backend})", "none installed"))
    running = sys.modules["keras"].backend.backend() if "keras" in sys.modules else backend
    if running != backend:
        raise UsageError(mismatch("KERAS_BACKEND", f"{running}, with which this process has begun", backend))
    os.environ["KERAS_BACKEND"] = backend


def import_backend() -> None:
    """Import Keras with the backend, which may be installed and yet not run here (a library of its GPU is missing).

    Raises
    ------
    UsageError
    """
    backend = asked_backend()
    try:
        importlib.import_module("keras")
    except (ImportError, OSError) as error:
        expected = f"a {backend} that can be imported"
        raise UsageError(mismatch(f"KERAS_BACKEND={backend}", expected, first_line(error))) from None


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse options of the command line that only TensorFlow has, where another backend is asked for.

    Raises
    ------
    UsageError
    """
    # One device is what there is without the option.
    given = [name for name in _OF_TENSORFLOW if getattr(arguments, name, None) not in (None, 1)]
    if given and asked_backend() != TENSORFLOW:
        raise UsageError(mismatch(f"--{given[0]}", f"KERAS_BACKEND={TENSORFLOW}", asked_backend()))


def make_repeatable() -> None:
    """Same seed, same weights: in the input pipeline, which is TensorFlow's, and in the backend.

    Raises
    ------
    UsageError
        On a GPU JAX can be asked for it only before it starts.
    """
    import keras
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    backend = keras.backend.backend()
    if backend == JAX:
        import jax

        if jax.default_backend() == "gpu" and _XLA_REPEATABLE not in os.environ.get("XLA_FLAGS", ""):
            expected = f"XLA_FLAGS={_XLA_REPEATABLE} in the environment"
            raise UsageError(mismatch(f"--deterministic with KERAS_BACKEND={JAX} on a GPU", expected, "none"))
    elif backend == TORCH:
        import torch

        # cuBLAS repeats its sums with a workspace of its own only.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)


def step_compilation(wanted: bool) -> bool | str:
    """``jit_compile`` of a training: as measured with TensorFlow; JAX always compiles, PyTorch does not."""
    import keras

    return wanted if keras.backend.backend() == TENSORFLOW else "auto"

"""Keep TensorFlow's start-up chatter off the terminal; its later warnings and errors stay."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from drsn_keras.errors import UsageError, mismatch


def quiet_tensorflow() -> None:
    """Import TensorFlow and look for devices; what it prints by that is shown only if the import fails."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        raise UsageError(mismatch("KERAS_BACKEND", "tensorflow (the layers run on JAX too, this command not)", backend))
    with native_stderr_aside():
        import tensorflow as tf

        tf.config.list_physical_devices()
    # Retracing hints: every part of an evaluation has its own shape, once.
    tf.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def native_stderr_aside() -> Iterator[None]:
    """Hold back what C++ code writes to file descriptor 2, whatever its log level; shown if the block raises."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except Exception:
            os.dup2(kept, 2)
            aside.seek(0)
            sys.stderr.write(aside.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)

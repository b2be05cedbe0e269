"""Keep TensorFlow's start-up chatter off the terminal; its later warnings and errors stay."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from .backend import TENSORFLOW, asked_backend, check_backend, import_backend


def quiet_tensorflow(any_backend: bool = False) -> None:
    """Import TensorFlow and look for devices; what it prints by that is shown only if the import fails.

    Parameters
    ----------
    any_backend : bool
        Keras may compute with whatever KERAS_BACKEND asks for. TensorFlow, which then makes features and nothing else,
        leaves the GPUs alone.

    Raises
    ------
    UsageError
        KERAS_BACKEND asks for a backend that is unknown, not installed, or not for this command.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    check_backend(any_backend)
    if asked_backend() != TENSORFLOW:
        # First: Triton, which PyTorch brings, is killed (segmentation fault) if it is loaded after TensorFlow.
        import_backend()
    with native_stderr_aside():
        import tensorflow as tf

        tf.config.list_physical_devices()
        if asked_backend() != TENSORFLOW:
            tf.config.set_visible_devices([], "GPU")
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

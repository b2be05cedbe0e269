"""Python functions that TensorFlow's threads call inside tf.data: none may be running when the interpreter ends.

Up to Python 3.13 a thread that asks for the interpreter's lock while it ends aborts the process, or hangs it. Pipelines
work ahead by a few batches, so that this happens whenever a process ends soon after it has taken one: on Ctrl-C.
"""

from __future__ import annotations

import atexit
import functools
import threading
import time
from collections.abc import Callable
from typing import Any

#: Where no call has come for so long [s], none waits for the lock; a pipeline that works ahead is at rest by the other.
_REST_S, _PATIENCE_S = 0.25, 5.0


class _Calls:
    """How many calls there are, when the last one came, and whether the process is about to end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.running = 0
        self.last = -_REST_S
        self.ending = False

    def change(self, by: int) -> None:
        with self.lock:
            self.running += by
            self.last = time.monotonic()

    def wait(self) -> None:
        """Until there are none, and no more come; those that come until then do nothing."""
        self.ending = True
        began = time.monotonic()
        while (self.running or time.monotonic() - self.last < _REST_S) and time.monotonic() - began < _PATIENCE_S:
            time.sleep(0.01)


_CALLS = _Calls()
atexit.register(_CALLS.wait)


def graph_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for ``tf.numpy_function``: the process waits for its calls before it ends."""

    @functools.wraps(function)
    def call(*values: Any) -> Any:
        _CALLS.change(1)
        try:
            if _CALLS.ending:
                raise RuntimeError("the process ends")
            return function(*values)
        finally:
            _CALLS.change(-1)

    return call

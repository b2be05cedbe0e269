"""Standard input whose reading a signal always ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
from collections.abc import Iterator
from typing import BinaryIO


class _Interruptible:
    """Waits for bytes and for signals at once."""

    def __init__(self, descriptor: int, woken: socket.socket) -> None:
        self._descriptor, self._woken = descriptor, woken

    def read1(self, size: int) -> bytes:
        """What has arrived, at most ``size`` bytes; none at the end."""
        while True:
            ready, _, _ = select.select([self._descriptor, self._woken], [], [])
            if self._woken in ready:
                self._woken.recv(size)  # the signal's handler has run by now
            if self._descriptor in ready:
                return os.read(self._descriptor, size)


@contextlib.contextmanager
def interruptible(stream: BinaryIO) -> Iterator[BinaryIO | _Interruptible]:
    """A stream nothing of which was read yet; where there is no descriptor or no signal to wait for, as it is.

    Python calls a handler between two instructions of its own. One that is due just before the system's read would
    be called when that returns: of a silent stream, never.
    """
    with contextlib.ExitStack() as stack:
        try:
            descriptor = stream.fileno()
            woken, waking = (stack.enter_context(end) for end in socket.socketpair())
            waking.setblocking(False)
            before = signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        except (OSError, ValueError):  # no file; not the main thread
            yield stream
            return
        try:
            yield _Interruptible(descriptor, woken)
        finally:
            signal.set_wakeup_fd(before)

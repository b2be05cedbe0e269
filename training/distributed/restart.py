"""A worker that lost the others starts itself anew: the same process, the same command line, a fresh TensorFlow.

TensorFlow cannot leave a broken cluster ("Restart your program to reset"). What a new start needs is in the chief's
run folder.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator

from drsn_keras.command_line import EXIT_FAILED, log
from drsn_keras.errors import CheckFailed

#: Starts since an epoch was last finished, handed from one to the next.
_STARTS = "DRSN_WORKER_STARTS"
#: So many in a row without an epoch between are no accident.
MOST_STARTS = 20
#: Before a new start [s]: the others need a moment to notice, too.
_PAUSE_S = 1.0


def note_progress() -> None:
    """An epoch was finished: the next failure is the first again."""
    os.environ.pop(_STARTS, None)


def start_anew(reason: str) -> None:
    """Become a fresh process with this one's command line; does not return.

    Raises
    ------
    CheckFailed
        If that did not help several times in a row.
    """
    starts = int(os.environ.get(_STARTS, "0")) + 1
    if starts > MOST_STARTS:
        raise CheckFailed(f"the workers lost each other {starts} times without an epoch in between: {reason}")
    os.environ[_STARTS] = str(starts)
    log(f"lost the other workers ({reason}): starting anew")
    time.sleep(_PAUSE_S)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


@contextlib.contextmanager
def at_most(seconds: float, otherwise: str) -> Iterator[None]:
    """End the process with one line where the block, deep in C++ and deaf to exceptions, takes longer."""

    def give_up() -> None:
        log(otherwise)
        os._exit(EXIT_FAILED)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

"""A command of a study that ends with the study: ``python -m drsn_keras.training.study.child PARENT MODULE WORDS``.

A study has its children in sessions of their own, so that Ctrl-C reaches them once, through it. Killed, or hung up
with its terminal, it could not tell them; they would train on, and hold the run folders.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

from drsn_keras.command_line import EXIT_INTERRUPTED

_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """Be interrupted when the parent ends, however it ends; on Linux, elsewhere nothing happens."""
    # Ignored by what was started in the background of a script.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Blocked by Ray, in all that it starts.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

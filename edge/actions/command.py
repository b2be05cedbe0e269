"""``--run``: a program for each word. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Collection
from typing import Any

from drsn_keras.errors import DataError, UsageError, mismatch

from .worker import Worker

#: Programs at a time, and how long one may run [s].
_AT_ONCE = 4
_LIMIT_S = 30.0


class CommandAction(Worker):
    """Runs a program; what it prints goes to stderr, so that the lines of the words stay alone on stdout.

    It finds in its environment ``DRSN_WORD``, ``DRSN_SCORE``, ``DRSN_TIME`` (the clock in ISO 8601 of a live source,
    the seconds of a file), ``DRSN_SOURCE`` and ``DRSN_JSON`` (the whole line). One that takes longer than ``limit_s``
    is killed with all that it started.

    Parameters
    ----------
    command : str
        Words as a shell would split them; no shell is asked, unless ``shell``.
    words : collection of str or None
    shell : bool
        Hand the command to ``/bin/sh``.
    limit_s : float

    Raises
    ------
    UsageError
        If there is no such program.
    """

    def __init__(
        self, command: str, words: Collection[str] | None, shell: bool = False, limit_s: float = _LIMIT_S
    ) -> None:
        self._limit_s = limit_s
        self._running: set[subprocess.Popen] = set()
        self._command = ["/bin/sh", "-c", command] if shell else _split(command)
        if shutil.which(self._command[0]) is None:
            raise UsageError(mismatch("--run", "a program that can be run", self._command[0]))
        super().__init__("--run", words, threads=_AT_ONCE)

    def do(self, result: dict[str, Any]) -> None:
        """Run it to its end."""
        environment = {
            **os.environ,
            "DRSN_WORD": result["label"],
            "DRSN_SCORE": str(result["score"]),
            "DRSN_TIME": str(result.get("clock", result["time_s"])),
            "DRSN_SOURCE": result["source"],
            "DRSN_JSON": json.dumps(result),
        }
        # A session of its own: what it starts can be ended with it, and Ctrl-C is for the listener.
        process = subprocess.Popen(
            self._command, env=environment, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True
        )
        self._running.add(process)
        try:
            code = process.wait(self._limit_s)
        except subprocess.TimeoutExpired:
            raise DataError(mismatch(self._command[0], f"an end within {self._limit_s:g} s", "none: killed")) from None
        finally:
            _end(process)
            self._running.discard(process)
        if code:
            raise DataError(mismatch(self._command[0], "exit code 0", code))

    def close(self) -> None:
        super().close()
        for process in tuple(self._running):
            _end(process)


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(mismatch("--run", "a command", f"{command!r} ({error})")) from None
    if not words:
        raise UsageError(mismatch("--run", "a command", "nothing"))
    return words


def _end(process: subprocess.Popen) -> None:
    """Kill a program that still runs, and its children."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

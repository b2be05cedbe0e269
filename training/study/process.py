"""A command of a study in a process of its own, which can be stopped with all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from drsn_keras.command_line import EXIT_USAGE
from drsn_keras.errors import CheckFailed, UsageError

_CHILD = "drsn_keras.training.study.child"
#: For a child to end by itself when it is no longer waited for [s].
_GRACE_S = 10.0


class Process:
    """A child that can be stopped with all that it has started.

    Parameters
    ----------
    threads : int
        Of TensorFlow's pools.
    environment : dict of str to str, optional
        Further variables of its environment.
    """

    def __init__(self, threads: int, environment: Mapping[str, str] | None = None) -> None:
        self._environment = {
            **os.environ,
            **(environment or {}),
            "TF_NUM_INTRAOP_THREADS": str(threads),
            "TF_NUM_INTEROP_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
        }
        self._running: subprocess.Popen | None = None
        self.stopped = False

    def run(self, module: str, words: list[str], log: Path) -> None:
        """Run a command to its end; what it says is appended to a file.

        Raises
        ------
        UsageError
            If it refuses its options.
        CheckFailed
            If it fails otherwise; both with the last line that it said.
        """
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"$ {module.rsplit('.', 2)[-2]} {' '.join(words)}\n")
            file.flush()
            self._running = subprocess.Popen(
                [sys.executable, "-m", _CHILD, str(os.getpid()), module, *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
            if self.stopped:
                self.stop()
            try:
                code = self._running.wait()
            except BaseException:  # Ray ends a task: interrupted, or by SystemExit
                self._abandon(self._running)
                raise
        if code:
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            error = UsageError if code == EXIT_USAGE else CheckFailed
            raise error(f"{log}: {lines[-1]} (exit code {code})")

    def stop(self) -> None:
        """End the child, as Ctrl-C does; it keeps its checkpoint."""
        self.stopped = True
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGINT)

    def _abandon(self, child: subprocess.Popen) -> None:
        self.stop()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()

"""What the three console commands share: one-line errors, exit codes, logs on stderr. Standard library only."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from .errors import DrsnError

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130

Handler = Callable[[argparse.Namespace], "int | None"]


def log(message: str) -> None:
    """Say something to the person at the terminal: stderr, so that stdout stays machine-readable."""
    if sys.stderr is not None:
        print(message, file=sys.stderr, flush=True)


def run(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Parse, call the sub-command's handler (``set_defaults(handler=...)``), map errors to exit codes.

    Returns
    -------
    int
        0 success, 1 failed check or bad data, 2 usage, 130 interrupted.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller (>&-)
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif hasattr(stream, "reconfigure"):  # a file name that is no valid text must not end the run
            stream.reconfigure(errors="backslashreplace")
    arguments = parser.parse_args(argv)
    try:
        code = arguments.handler(arguments)
        sys.stdout.flush()
        return EXIT_OK if code is None else code
    except DrsnError as error:
        # A file name may hold a line break; the error stays one line.
        log(f"{parser.prog}: {_one_line(str(error))}")
        return error.exit_code
    except KeyboardInterrupt:
        log(f"{parser.prog}: interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has gone (`| head`): nothing is wrong here. Point stdout at nothing so that
        # the interpreter's flush at exit does not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        # Full disk, read-only folder, missing permission: the file and the reason, no traceback.
        where = f"{error.filename}: " if error.filename else ""
        log(f"{parser.prog}: {_one_line(f'{where}{error.strerror or error}')}")
        return EXIT_FAILED


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")

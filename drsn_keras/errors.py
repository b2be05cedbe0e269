"""The few exceptions of the project. Each carries one line for a person and an exit code for a shell."""

from __future__ import annotations


class DrsnError(Exception):
    """Base of every error that is the input's fault, not the program's. Exit code 1."""

    exit_code = 1


class DataError(DrsnError):
    """A recording, a manifest or an array is not what it has to be."""


class SplitError(DataError):
    """Training, validation and test parts share a group (a speaker, a recording, a machine)."""


class BundleError(DrsnError):
    """A bundle or a run folder is incomplete, damaged or contradicts itself."""


class CheckFailed(DrsnError):
    """A check that the user asked for ran and did not pass."""


class UsageError(DrsnError):
    """The command line or an argument is wrong. Exit code 2."""

    exit_code = 2


def first_line(error: BaseException) -> str:
    """What an error says, in a line; its kind where it says nothing.

    >>> first_line(ValueError("\\nno number\\nat all")), first_line(ValueError())
    ('no number', 'ValueError')
    """
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def mismatch(what: object, expected: object, got: object) -> str:
    """One line naming the thing at fault, what was expected of it and what came.

    >>> mismatch("clip.wav", "16000 Hz", "8000 Hz")
    'clip.wav: expected 16000 Hz, got 8000 Hz'
    """
    return f"{what}: expected {expected}, got {got}"

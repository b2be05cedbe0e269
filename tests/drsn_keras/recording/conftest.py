"""Readers for the tests of recordings: nothing here is a WAV file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from drsn_keras.errors import DataError
from drsn_keras.recording import SignalFile, read_signal_file


@pytest.fixture
def read() -> Callable[..., SignalFile]:
    """Call with a path and perhaps a channel: what the file says."""

    def no_wav(path: Path, channel: str | None) -> SignalFile:
        raise AssertionError(path)

    return lambda path, channel=None, facts=(): read_signal_file(path, channel, no_wav, facts)


@pytest.fixture
def refusal(read) -> Callable[..., str]:
    """Call with a path and perhaps a channel: the one line with which the file is refused, without its name."""

    def message_of(path: Path, channel: str | None = None) -> str:
        with pytest.raises(DataError) as caught:
            read(path, channel)
        message = str(caught.value)
        assert message.startswith(str(path)) and "\n" not in message
        return message.removeprefix(str(path))

    return message_of

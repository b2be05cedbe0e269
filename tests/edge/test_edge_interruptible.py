"""Reading that a signal ends, also one that came before it."""

import io
import os
import signal
import threading

import pytest

from drsn_keras.edge.interruptible import interruptible


class Ended(BaseException):
    pass


@pytest.fixture
def pipe():
    read, write = os.pipe()
    with os.fdopen(read, "rb") as stream:
        yield stream, write
    os.close(write)


def test_bytes_come_as_they_arrive(pipe):
    stream, write = pipe
    with interruptible(stream) as source:
        os.write(write, b"abc")
        assert (source.read1(2), source.read1(9)) == (b"ab", b"c")


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="no such signal")
def test_a_signal_ends_the_wait_of_a_silent_stream(pipe):
    def end(*_):
        raise Ended

    stream, _ = pipe
    before, wakeup = signal.signal(signal.SIGUSR1, end), signal.set_wakeup_fd(-1)
    try:
        with pytest.raises(Ended), interruptible(stream) as source:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            source.read1(9)
        assert signal.set_wakeup_fd(-1) == -1, "as it was"
    finally:
        signal.signal(signal.SIGUSR1, before)
        signal.set_wakeup_fd(wakeup)


def test_a_signal_that_only_notes_something_does_not_end_it(pipe):
    stream, write = pipe
    seen = []

    def note(*_):
        seen.append(1)
        os.write(write, b"x")

    before = signal.signal(signal.SIGUSR1, note)
    try:
        with interruptible(stream) as source:
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
            assert (source.read1(9), seen) == (b"x", [1])
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_without_a_descriptor_or_elsewhere_it_is_the_stream_itself(pipe):
    memory = io.BytesIO(b"abc")
    with interruptible(memory) as source:
        assert source is memory
    found = []

    def elsewhere():
        with interruptible(pipe[0]) as source:
            found.append(source is pipe[0])

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [True]

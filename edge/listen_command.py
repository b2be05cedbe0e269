"""``drsn-edge listen``: files, a stream or a microphone in, lines and actions out."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator

from drsn_keras.command_line import EXIT_FAILED, EXIT_OK, log
from drsn_keras.errors import DataError, DrsnError, UsageError, mismatch

from .bundle_watch import BundleWatch, contents
from .hearing import Hearing
from .interruptible import interruptible
from .listen_lines import Lines
from .listener import KeywordListener, open_listener
from .meter import Meter
from .pcm import PcmStream
from .sd_notify import ServiceManager
from .sinks import Sink
from .source import Source
from .unit_file import unit_text
from .wav import WavFile


class _Stopped(BaseException):
    """SIGTERM came; no :class:`Exception`, so that nothing on the way takes it for a failure."""


def listen(arguments: argparse.Namespace) -> int:
    """Handle the sub-command; a bad file is reported, the others are heard all the same."""
    if arguments.print_unit:
        print(unit_text(arguments, sys.argv[1:]), end="")
        return EXIT_OK
    if arguments.stdin and sys.stdin is None:
        raise UsageError("stdin: expected raw PCM from a pipe or a file, got a closed stream")
    if arguments.stdin and sys.stdin.isatty():
        raise UsageError("stdin: expected raw PCM from a pipe or a file, got a terminal")
    if arguments.wav:
        return _listen(arguments)
    try:
        with _signal("SIGTERM", _stop):
            return _listen(arguments)
    except _Stopped:
        log("drsn-edge: stopped by SIGTERM")
        return EXIT_OK


def _listen(arguments: argparse.Namespace) -> int:
    """Everything that is needed, and the sources."""
    running = contents(arguments.bundle) if arguments.watch else {}
    listener = _listener(arguments)
    if listener.bundle.card.synthetic_speech:
        log(f"{arguments.bundle}: trained on synthetic speech")
    manager = ServiceManager()
    with contextlib.ExitStack() as stack:
        watch = None
        if arguments.watch:
            rate_hz = listener.front_end.sample_rate_hz
            watch = BundleWatch(arguments.bundle, lambda: _successor(arguments, rate_hz), running)
            stack.callback(watch.close)
            stack.enter_context(_signal("SIGHUP", watch.look))
        sinks: list[Sink] = []
        meter = Meter() if arguments.meter else None
        hearing = Hearing(listener, sinks, watch, meter, manager)
        sinks.append(Lines(arguments.json, arguments.all, before=hearing.clear_bars))
        for sink in _more_sinks(arguments, hearing):
            stack.callback(sink.close)
            sinks.append(sink)
        stack.callback(manager.stopping)
        return _hear_files(hearing, arguments.wav) if arguments.wav else _hear_live(hearing, arguments)


def _listener(arguments: argparse.Namespace) -> KeywordListener:
    """The bundle that lies in the folder now, opened."""
    listener = open_listener(arguments.bundle, arguments.threads, arguments.threshold, every_noise_level=arguments.all)
    words = {listener.detector.labels[i] for i in listener.detector.words}
    for word in arguments.words or ():
        if word not in words:
            raise UsageError(mismatch(f"--words {word}", f"words of the bundle ({', '.join(sorted(words))})", word))
    return listener


def _successor(arguments: argparse.Namespace, rate_hz: int) -> KeywordListener:
    """A new bundle's listener, which has to hear the same stream."""
    listener = _listener(arguments)
    if (found_hz := listener.front_end.sample_rate_hz) != rate_hz:
        what = f"{arguments.bundle}, sample rate"
        raise DataError(mismatch(what, f"{rate_hz} Hz while listening (start anew for another)", f"{found_hz} Hz"))
    return listener


def _more_sinks(arguments: argparse.Namespace, hearing: Hearing) -> Iterator[Sink]:
    """What the options ask for besides lines, each made when the one before is known to be closed at the end."""
    if arguments.run is not None:
        from .actions.command import CommandAction

        yield CommandAction(arguments.run, arguments.words, shell=arguments.shell)
    if arguments.post is not None:
        from .actions.post import PostAction

        yield PostAction(arguments.post, arguments.words)
    if arguments.mqtt is not None:
        from .actions.mqtt import MqttAction

        yield MqttAction(arguments.mqtt, arguments.words, arguments.mqtt_password_file, arguments.mqtt_tls)
    if arguments.capture is not None:
        from .capture_folder import CaptureFolder
        from .capture_sink import CaptureSink

        folder = CaptureFolder(arguments.capture, arguments.capture_quota_mb * 10**6)
        yield CaptureSink(folder, arguments.near_miss, lambda: hearing.listener)


def _hear_files(hearing: Hearing, names: list[str]) -> int:
    code = EXIT_OK
    for name in names:
        try:
            hearing.hear(WavFile(name))
        except DrsnError as error:
            log(f"drsn-edge: {error}")
            code = EXIT_FAILED
        except BrokenPipeError:
            raise
        except OSError as error:
            log(f"drsn-edge: {name}: {error.strerror or error}")
            code = EXIT_FAILED
    return code


def _hear_live(hearing: Hearing, arguments: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        if arguments.stdin:
            rate_hz = arguments.rate or 16000
            stream = stack.enter_context(interruptible(sys.stdin.buffer))
            source: Source = PcmStream(stream, rate_hz, arguments.channels or 1, arguments.format or "s16le")
        else:
            from .microphone import Microphone

            rate_hz = arguments.rate or hearing.listener.front_end.sample_rate_hz
            source = microphone = Microphone(arguments.mic, rate_hz, arguments.channels)
            stack.callback(microphone.close)
        hearing.hear(source)
    return EXIT_OK


def _stop() -> None:
    # Once: a second SIGTERM ends the process at once, should closing take too long for someone.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    raise _Stopped


@contextlib.contextmanager
def _signal(name: str, handler) -> Iterator[None]:
    """Have a signal call ``handler`` meanwhile, where there is such a signal and this is the main thread."""
    number = getattr(signal, name, None)
    try:
        before = signal.signal(number, lambda *_: handler()) if number else None
    except ValueError:
        number = None
    try:
        yield
    finally:
        if number:
            signal.signal(number, before)

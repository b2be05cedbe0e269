"""``drsn-edge listen``: files or a stream in, lines out."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from drsn_keras.command_line import EXIT_FAILED, EXIT_OK, log
from drsn_keras.errors import DrsnError, UsageError

from .bundle import load_bundle
from .detector import with_threshold
from .listener import KeywordListener, Verdict
from .pcm import PcmStream
from .progress import Progress
from .source import Source, conversions, mono
from .wav import WavFile


def listen(arguments: argparse.Namespace) -> int:
    """Handle the sub-command; a bad file is reported, the others are heard all the same."""
    if arguments.stdin and sys.stdin is None:
        raise UsageError("stdin: expected raw PCM from a pipe or a file, got a closed stream")
    if arguments.stdin and sys.stdin.isatty():
        raise UsageError("stdin: expected raw PCM from a pipe or a file, got a terminal")
    bundle = load_bundle(arguments.bundle, arguments.threads)
    spec = bundle.card.detector
    if arguments.threshold is not None:
        spec = with_threshold(spec, arguments.threshold)
    listener = KeywordListener(bundle, spec, every_noise_level=arguments.all)
    if bundle.card.synthetic_speech:
        log(f"{arguments.bundle}: trained on synthetic speech")
    code = EXIT_OK
    for name in ["stdin"] if arguments.stdin else arguments.wav:
        try:
            source = _stdin(arguments) if arguments.stdin else WavFile(name)
            _hear(listener, source, arguments)
        except DrsnError as error:
            log(f"drsn-edge: {error}")
            code = EXIT_FAILED
        except BrokenPipeError:
            raise
        except OSError as error:
            log(f"drsn-edge: {name}: {error.strerror or error}")
            code = EXIT_FAILED
    return code


def _stdin(arguments: argparse.Namespace) -> PcmStream:
    rate = arguments.rate or 16000
    return PcmStream(sys.stdin.buffer, rate, arguments.channels or 1, arguments.format or "s16le")


def _hear(listener: KeywordListener, source: Source, arguments: argparse.Namespace) -> None:
    """One source from its beginning to its end."""
    rate_hz = listener.front_end.sample_rate_hz
    if said := conversions(source, rate_hz):
        log(f"{source.name}: {said}")
    listener.reset()
    total = source.n_samples and source.n_samples / source.sample_rate_hz
    progress = Progress(source.name, total)
    n_detections = 0
    try:
        for samples in mono(source, rate_hz):
            n_detections += _write(listener.push(samples), source.name, arguments, progress)
            progress.show(listener.samples_seen / rate_hz)
        heard_s = listener.samples_seen / rate_hz
        n_detections += _write(listener.flush(), source.name, arguments, progress)
    finally:
        progress.clear()
    if leftover := getattr(source, "leftover_bytes", 0):
        log(f"{source.name}: {leftover} bytes at the end make no whole sample: left out")
    if not n_detections:
        log(f"{source.name}: no detection in {heard_s:.2f} s")


def _write(verdicts: list[Verdict], name: str, arguments: argparse.Namespace, progress: Progress) -> int:
    """Lines for the verdicts that are asked for; returns the number of detections."""
    n_detections = 0
    for verdict in verdicts:
        results = []
        if arguments.all:
            results.append(_result("verdict", name, verdict.time_s, verdict.label, verdict.score))
        if detection := verdict.detection:
            n_detections += 1
            result = _result("detection", name, detection.time_s, detection.label, detection.score)
            results.append({**result, "start_s": round(detection.start_s, 4)})
        for result in results:
            if verdict.noise_level_db is not None:
                result["noise_level_db"] = round(verdict.noise_level_db, 1)
            progress.clear()
            print(_line(result, arguments), flush=True)
    return n_detections


def _result(kind: str, name: str, time_s: float, label: str, score: float) -> dict[str, Any]:
    return {
        "type": kind,
        "source": name,
        "time_s": round(time_s, 4),
        "label": label,
        "score": round(score, 4),
    }


def _line(result: dict[str, Any], arguments: argparse.Namespace) -> str:
    """JSON, or columns two spaces apart; with ``--all`` the last one says which kind of line it is."""
    if arguments.json:
        return json.dumps(result)
    columns = [result["source"], f"{result['time_s']:.2f} s", result["label"], f"{result['score']:.2f}"]
    if "noise_level_db" in result:
        columns.append(f"noise {result['noise_level_db']:.0f} dB")
    return "  ".join([*columns, result["type"]] if arguments.all else columns)

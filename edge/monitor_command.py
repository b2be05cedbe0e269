"""``drsn-edge monitor``: recordings of a machine in, verdicts and a summary of each out."""

from __future__ import annotations

import argparse
import json
from typing import Any

from drsn_keras.command_line import EXIT_FAILED, EXIT_OK, log
from drsn_keras.errors import DataError, DrsnError, mismatch
from drsn_keras.recording import Measurement, SignalFacts, measurement

from .bundle import load_bundle
from .monitor import ConditionMonitor, MonitorVerdict
from .monitor_evidence import Machine, evidence, parse_bearing
from .monitor_file import read_recording
from .monitor_rate import at_model_rate, is_same_rate
from .monitor_report import summary_line, window_line, window_result
from .monitor_summary import summarize
from .monitor_unit import unit_factor
from .progress import Progress


def monitor(arguments: argparse.Namespace) -> int:
    """Handle the sub-command; a bad file is reported, the others are judged all the same."""
    bearing = None if arguments.bearing is None else parse_bearing(arguments.bearing)
    machine = Machine(bearing, arguments.iso_group, arguments.foundation)
    facts = SignalFacts(
        arguments.rate,
        arguments.unit,
        arguments.full_scale,
        arguments.sensitivity_mv_per_unit,
        arguments.file_unit,
    )
    watcher = ConditionMonitor(load_bundle(arguments.bundle, arguments.threads))
    if watcher.spec.is_leaky:
        log(f"{arguments.bundle}: {watcher.spec.protocol}")
    if not watcher.spec.healthy:
        log(f"{arguments.bundle}: no health index (the model knows no healthy state)")
    code = EXIT_OK
    for name in arguments.file:
        try:
            measured = measurement(read_recording(name, arguments.channel), facts, arguments.rpm)
            _watch(watcher, measured, machine, arguments)
        except DrsnError as error:
            log(f"drsn-edge: {error}")
            code = EXIT_FAILED
        except BrokenPipeError:
            raise
        except OSError as error:
            log(f"drsn-edge: {name}: {error.strerror or error}")
            code = EXIT_FAILED
    return code


def _watch(watcher: ConditionMonitor, measured: Measurement, machine: Machine, arguments: argparse.Namespace) -> None:
    """One recording; all that can be refused is refused before its first line."""
    front_end, spec, name = watcher.front_end, watcher.spec, measured.name
    factor = unit_factor(name, measured.unit, spec.unit)
    said = [] if factor == 1.0 else [f"{measured.unit} converted to {spec.unit}"]
    samples, clipped = at_model_rate(measured.signal, measured.sample_rate_hz, front_end.sample_rate_hz, name)
    if len(samples) < front_end.n_samples:
        expected = f"at least {front_end.n_samples} samples at {front_end.sample_rate_hz} Hz (a window)"
        raise DataError(mismatch(name, expected, f"{len(samples)}"))
    if not is_same_rate(measured.sample_rate_hz, front_end.sample_rate_hz):
        said.insert(0, f"{measured.sample_rate_hz:g} Hz converted to {front_end.sample_rate_hz} Hz (anti-aliased)")
    found = evidence(measured, machine)
    if said:
        log(f"{name}: {', '.join(said)}")
    verdicts = _verdicts(watcher, samples * factor, clipped, name, arguments)
    result = {
        "type": "summary",
        "source": name,
        "duration_s": round(len(measured.signal) / measured.sample_rate_hz, 4),
        "sample_rate_hz": measured.sample_rate_hz,
        "unit": measured.unit,
        **summarize(verdicts),
        "false_abstention_percent": spec.false_abstention_percent,
        "false_abstention_clean_percent": spec.false_abstention_clean_percent,
        **found,
    }
    _print(result, summary_line(result), arguments)


def _verdicts(
    watcher: ConditionMonitor, samples: Any, clipped: Any, name: str, arguments: argparse.Namespace
) -> list[MonitorVerdict]:
    """All verdicts on a recording, each written as it comes."""
    watcher.reset()
    rate_hz, verdicts = watcher.front_end.sample_rate_hz, []
    progress = Progress(name, len(samples) / rate_hz)
    try:
        for start in range(0, len(samples), rate_hz):
            part = slice(start, start + rate_hz)
            for verdict in watcher.push(samples[part], clipped[part]):
                verdicts.append(verdict)
                if not arguments.summary_only:
                    progress.clear()
                    result = window_result(verdict, name)
                    _print(result, window_line(result), arguments)
            progress.show(watcher.samples_seen / rate_hz)
    finally:
        progress.clear()
    return verdicts


def _print(result: dict[str, Any], line: str, arguments: argparse.Namespace) -> None:
    print(json.dumps(result, allow_nan=False) if arguments.json else line, flush=True)

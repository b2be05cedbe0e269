"""Clean raw PCM on standard input to standard output, as it comes."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from .bundle import Bundle, denoiser_signal
from .denoise_output import is_sound
from .denoise_report import Cleaning
from .denoiser import open_denoiser
from .monitor_rate import is_same_rate
from .pcm import PcmStream
from .sample_format import FORMATS, RATES_HZ
from .source import conversions, mixed_down, mono

_DEFAULT_RATE_HZ = 16000


def check_streams() -> None:
    """Refuse a terminal at either end.

    Raises
    ------
    UsageError
    """
    if sys.stdin is None or sys.stdin.isatty():
        got = "a closed stream" if sys.stdin is None else "a terminal"
        raise UsageError(mismatch("stdin", "raw PCM from a pipe or a file", got))
    if sys.stdout.isatty():
        raise UsageError(mismatch("stdout", "a pipe or a file for raw PCM", "a terminal"))


def clean_stdin(bundle: Bundle, arguments: argparse.Namespace) -> dict[str, Any]:
    """Clean all of standard input; what is there is answered at once. Returns the figures."""
    spec, name = denoiser_signal(bundle), arguments.format or "s16le"
    factor = np.float32(1.0)
    if is_sound(spec):
        rate = round(arguments.rate or _DEFAULT_RATE_HZ)
        stream = PcmStream(sys.stdin.buffer, rate, arguments.channels or 1, name)
        if said := conversions(stream, spec.sample_rate_hz):
            log(f"{stream.name}: {said}")
        blocks = mono(stream, spec.sample_rate_hz)
    else:
        factor = _factor(arguments, spec, name)
        # Such a stream is not converted, so that its rate, which may be far below a sound's, does not matter.
        stream = PcmStream(sys.stdin.buffer, RATES_HZ[0], arguments.channels or 1, name)
        blocks = map(mixed_down, stream.blocks())
    cleaning = Cleaning(open_denoiser(bundle, 0.0 if arguments.gain is None else arguments.gain))
    out = sys.stdout.buffer
    for samples in blocks:
        y = cleaning.push(samples * factor)
        if len(y):
            out.write(FORMATS[name].encode(y / factor))
            out.flush()
    out.write(FORMATS[name].encode(cleaning.flush() / factor))
    out.flush()
    if stream.leftover_bytes:
        log(f"{stream.name}: {stream.leftover_bytes} bytes at the end make no whole sample: left out")
    return cleaning.result(stream.name, None)


def _factor(arguments: argparse.Namespace, spec: SignalSpec, name: str) -> np.float32:
    """What 1.0 of a stream in a unit stands for.

    Raises
    ------
    UsageError
        Another unit or rate than the model's; integers without a full scale.
    """
    if arguments.unit not in {None, spec.unit}:
        raise UsageError(mismatch("--unit", f"{spec.unit} (the model's)", arguments.unit))
    rate = spec.sample_rate_hz
    if rate is not None and (arguments.rate is None or not is_same_rate(arguments.rate, rate)):
        raise UsageError(mismatch("--rate", f"{rate} Hz (the model's; such streams are not converted)", arguments.rate))
    if arguments.full_scale is None and FORMATS[name].full_scale != 1.0:
        raise UsageError(mismatch("--full-scale", f"what full scale stands for, in {spec.unit}", "none"))
    return np.float32(arguments.full_scale or 1.0)

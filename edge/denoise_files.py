"""Clean a recording: a WAV of sound to a WAV, a signal in a unit to NPZ or CSV."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.recording import SignalFacts, measurement

from .bundle import Bundle, denoiser_signal
from .denoise_gain import TrainedLevel, gain_db, input_limits
from .denoise_output import write_signal
from .denoise_report import Cleaning
from .denoiser import open_denoiser
from .loudness import Loudness
from .monitor_file import read_recording
from .monitor_rate import at_model_rate, is_same_rate
from .monitor_unit import unit_factor
from .progress import Progress
from .source import conversions, mono
from .wav import WavFile
from .wav_writer import WavWriter

#: Samples of a signal in memory that are handed on at once.
_BLOCK = 1 << 14
#: Window of the loudness of a model without a rate, or a card without a level.
_WINDOW = 512


def clean_sound(bundle: Bundle, name: str, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """A WAV file of any rate, format and number of channels to one of the model's rate and one channel.

    Integers stay integers, of at least 16 bits; the file is read twice, as its loudness has to be known first.
    """
    spec = denoiser_signal(bundle)
    rate, wav = spec.sample_rate_hz, WavFile(name)
    if said := conversions(wav, rate):
        log(f"{name}: {said}")
    source_rate = wav.sample_rate_hz
    gain = arguments.gain
    if gain is None:
        gain = chosen_gain_db(bundle, spec, name, mono(wav, source_rate), source_rate / rate)
    cleaning = Cleaning(open_denoiser(bundle, gain))
    sample_format = "f32le" if not wav.is_integer else "s16le" if wav.sample_bytes <= 2 else "s24le"
    progress = Progress(name, wav.n_samples / source_rate)
    beyond = 0
    try:
        with WavWriter(path, rate, sample_format) as writer:
            for samples in mono(wav, rate):
                y = cleaning.push(samples)
                beyond += int(np.count_nonzero(np.abs(y) > 1.0))
                writer.write(y)
                progress.show(cleaning.denoiser.samples_seen / rate)
            writer.write(cleaning.flush())
    finally:
        progress.clear()
    if beyond and wav.is_integer:
        log(f"{name}: {beyond} cleaned samples beyond full scale: clipped")
    return cleaning.result(name, path)


def clean_signal(bundle: Bundle, name: str, path: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """A recording in a unit, read as ``drsn-edge monitor`` reads one, to NPZ or CSV in the model's unit."""
    spec = denoiser_signal(bundle)
    found = read_recording(name, arguments.channel)
    given_rate = arguments.rate
    if spec.sample_rate_hz is None:
        # The model has no time: what the file says of it does not matter, nor that it says nothing.
        found, given_rate = dataclasses.replace(found, sample_rate_hz=1.0), None
    facts = SignalFacts(
        given_rate, arguments.unit, arguments.full_scale, arguments.sensitivity_mv_per_unit, arguments.file_unit
    )
    measured = measurement(found, facts)
    factor = unit_factor(name, measured.unit, spec.unit)
    said = [] if factor == 1.0 else [f"{measured.unit} converted to {spec.unit}"]
    with np.errstate(over="ignore"):  # a double beyond float32 is infinity
        fine = np.isfinite(measured.signal.astype(np.float32) * np.float32(factor))
    if len(bad := np.flatnonzero(~fine)):
        raise DataError(mismatch(name, "finite samples", f"NaN or infinity at sample {bad[0]}"))
    samples = measured.signal
    if spec.sample_rate_hz is not None:
        samples, _ = at_model_rate(measured.signal, measured.sample_rate_hz, spec.sample_rate_hz, name)
        if not is_same_rate(measured.sample_rate_hz, spec.sample_rate_hz):
            said.insert(0, f"{measured.sample_rate_hz:g} Hz converted to {spec.sample_rate_hz} Hz (anti-aliased)")
    if said:
        log(f"{name}: {', '.join(said)}")
    samples = (samples * factor).astype(np.float32)
    gain = chosen_gain_db(bundle, spec, name, [samples]) if arguments.gain is None else arguments.gain
    cleaning = Cleaning(open_denoiser(bundle, gain))
    progress = Progress(name, len(samples))
    parts = []
    try:
        for start in range(0, len(samples), _BLOCK):
            parts.append(cleaning.push(samples[start : start + _BLOCK]))
            progress.show(start)
    finally:
        progress.clear()
    write_signal(path, np.concatenate([*parts, cleaning.flush()]), spec)
    return cleaning.result(name, path)


def chosen_gain_db(
    bundle: Bundle, spec: SignalSpec, name: str, blocks: Iterable[np.ndarray], rate_ratio: float = 1.0
) -> float:
    """The gain of a file, and a log line that says why; see :func:`.denoise_gain.gain_db`.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,)]
        All samples of the file, in the unit of ``spec``.
    rate_ratio : float
        Their rate by the model's.
    """
    trained = TrainedLevel.of(bundle.card.training)
    loudness = Loudness(max(1, round((trained.window_samples if trained else _WINDOW) * rate_ratio)))
    for block in blocks:
        loudness.push(block / np.float32(spec.full_scale))
    gain = gain_db(loudness, trained, input_limits(bundle.interpreter.input))
    if trained is None:
        log(f"{name}: gain 0 dB (the card does not say the level of training)")
    elif loudness.level_db is None:
        log(f"{name}: gain 0 dB (silence)")
    else:
        short = "" if abs(gain - (trained.loud_db - loudness.level_db)) < 0.01 else ", held back"
        log(
            f"{name}: gain {gain:+.1f} dB{short} (loud parts at {loudness.level_db:.1f} dB of full scale, in training "
            f"at {trained.loud_db:.1f} dB)"
        )
    return gain

"""From a configuration to a corpus: read, bring to one rate, cut, divide, choose what the data decides."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, SplitError, UsageError, mismatch
from drsn_keras.frontend import WindowSpec
from drsn_keras.frontend.window import ENVELOPE_SPECTRUM
from drsn_keras.machinery.novelty import LEAST_SAMPLES
from drsn_keras.simulation import simulated_task

from .band import LEAST_SAMPLES as KURTOGRAM_SAMPLES
from .band import choose_envelope_band
from .config import SIMULATED, VibrationConfig
from .corpus import VibrationCorpus, vibration_corpus
from .layouts import LayoutOptions, open_recordings
from .layouts.tasks import layout_of
from .notes import describe_recordings
from .recording import VibrationRecording
from .resample import to_one_rate
from .splits import RANDOM_WINDOWS, VibrationSplit, plan_splits
from .windows import Windows, cut_windows

#: The device's full scale is at least this many times the largest sample that training saw: a fault grows.
_HEADROOM = 2.0
_BAND_SEED = 70_001


@dataclasses.dataclass(frozen=True)
class WindowOptions:
    """What the user says about windows before the data is read.

    Parameters
    ----------
    n_samples, hop_length : int
    channels : tuple of str
        Of :data:`drsn_keras.frontend.window.CHANNELS`.
    band_hz : (float, float) or None
        Of the envelope; None chooses it by the kurtogram of training windows.
    """

    n_samples: int = 2048
    hop_length: int = 1024
    channels: tuple[str, ...] = ("signal",)
    band_hz: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        # All but the band, which the rate has to allow, is refused before data is read.
        band = (0.0, WindowSpec.sample_rate_hz / 2) if ENVELOPE_SPECTRUM in self.channels else None
        WindowSpec(n_samples=self.n_samples, hop_length=self.hop_length, channels=self.channels, band_hz=band)
        if self.n_samples < LEAST_SAMPLES:
            expected = f"at least {LEAST_SAMPLES} samples (a monitor judges by them)"
            raise UsageError(mismatch("window, n_samples", expected, self.n_samples))
        if band is not None and self.band_hz is None and self.n_samples < KURTOGRAM_SAMPLES:
            expected = f"LOW,HIGH [Hz] with windows below {KURTOGRAM_SAMPLES} samples (too short for a kurtogram)"
            raise UsageError(mismatch("--band", expected, "none"))


def prepare(config: VibrationConfig, options: WindowOptions) -> tuple[VibrationConfig, VibrationCorpus]:
    """Read a new run's data; its front end gets the rate, the band and the full scale that the training part has.

    Raises
    ------
    DataError, SplitError, UsageError
        One line naming the file or option, what was expected and what came.
    """
    recordings, notes = read_recordings(config)
    windows = cut_windows(recordings, options.n_samples, options.hop_length)
    if len(windows.classes) < 2:
        got = f"{len(windows.classes)} ({', '.join(windows.classes)})"
        raise DataError(mismatch(f"{config.data}, states", "at least 2", got))
    rate_hz = _whole_rate(windows.sample_rate_hz)
    split = choose_split(windows, config)
    _check_training(windows, split)
    if config.held_out is None and split.held_out is not None:
        log(f"note: tested on {split.by} {split.held_out}; choose another with --held-out")
    train = windows.x[split.train]
    band = options.band_hz
    if ENVELOPE_SPECTRUM in options.channels and band is None:
        band = tuple(
            float(f) for f in choose_envelope_band(train, rate_hz, np.random.default_rng([config.seed, _BAND_SEED]))
        )
        log(f"note: envelope of {band[0]:g} to {band[1]:g} Hz, chosen by the kurtogram of training windows")
    spec = WindowSpec(
        sample_rate_hz=rate_hz,
        n_samples=options.n_samples,
        hop_length=options.hop_length,
        full_scale=2.0 ** math.ceil(math.log2(_HEADROOM * float(np.abs(train).max()))),
        channels=options.channels,
        band_hz=band if ENVELOPE_SPECTRUM in options.channels else None,
    )
    config = dataclasses.replace(config, front_end=spec.to_dict(), held_out=split.held_out)
    return config, vibration_corpus(config, windows, split, notes)


def open_vibration_corpus(config: VibrationConfig) -> VibrationCorpus:
    """Read an earlier run's data again."""
    spec = config.spec
    recordings, notes = read_recordings(config)
    windows = cut_windows(recordings, spec.n_samples, spec.hop_length)
    if windows.sample_rate_hz != spec.sample_rate_hz:
        raise DataError(mismatch(f"{config.data}, rate", f"{spec.sample_rate_hz} Hz", f"{windows.sample_rate_hz:g} Hz"))
    try:
        split = choose_split(windows, config)
    except UsageError as error:  # the options were right for the data that the run was trained on
        raise SplitError(f"{config.data}: {error}") from None
    return vibration_corpus(config, windows, split, notes)


def read_recordings(config: VibrationConfig) -> tuple[list[VibrationRecording], list[str]]:
    """All recordings at one rate, and what there is to say about them."""
    if config.source == SIMULATED:
        recordings = simulated_recordings(config.seed, config.machines)
    else:
        data = Path(config.data)
        recordings = open_recordings(data, layout_of(config.source, data), LayoutOptions(**config.layout))
    recordings, lines = to_one_rate(recordings, config.resample_hz)
    return recordings, [*describe_recordings(recordings, config.root), *lines]


def simulated_recordings(seed: int, machines: int, duration_s: float = 2.0) -> list[VibrationRecording]:
    """The simulator's task: 8 states x 3 speeds x 3 loads of each machine [m/s^2, 12 kHz]."""
    return [
        VibrationRecording(
            one.acceleration_m_s2(),
            "m/s^2",
            one.recipe.sample_rate_hz,
            one.label,
            one.recording_id,
            machine=one.group,
            load=f"{one.recipe.load:g} of rated",
            rpm=one.recipe.speed_rpm,
        )
        for one in simulated_task(seed, machines, duration_s=duration_s)
    ]


def choose_split(windows: Windows, config: VibrationConfig) -> VibrationSplit:
    """The split of a rule that tests on the wanted group; the last one where none is named."""
    splits = plan_splits(windows, config.split, config.seed, without=config.without)
    if config.split == RANDOM_WINDOWS:
        log(f"note: {splits[0].sentence}")
    if config.held_out is None:
        return splits[-1]
    named = {s.held_out: s for s in splits if s.held_out is not None}
    if config.held_out not in named:
        expected = f"one of {', '.join(named)}" if named else "none (no group is left out)"
        raise UsageError(mismatch(f"--held-out with {config.split}", expected, config.held_out))
    return named[config.held_out]


def _check_training(windows: Windows, split: VibrationSplit) -> None:
    """What a monitor and a device's full scale need is found out before the training, not after."""
    train, least = windows.x[split.train], len(windows.classes) + 2
    if len(train) < least:
        raise DataError(mismatch(f"{split.rule}, train", f"at least {least} windows", len(train)))
    if not train.any():
        raise DataError(mismatch(f"{split.rule}, train", "a vibration", "nothing but zeros"))


def _whole_rate(rate_hz: float) -> int:
    if abs(rate_hz - round(rate_hz)) > 1e-6 * rate_hz:
        expected = "a whole number of Hz (choose one with --resample)"
        raise DataError(mismatch("sample rate", expected, f"{rate_hz:g} Hz"))
    return round(rate_hz)

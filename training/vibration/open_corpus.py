"""From a configuration to a corpus: read, bring to one rate, cut, divide, choose what the data decides."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.frontend import WindowSpec
from drsn_keras.frontend.window import ENVELOPE_SPECTRUM

from ..simulation import simulated_task
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


def prepare(config: VibrationConfig, options: WindowOptions) -> tuple[VibrationConfig, VibrationCorpus]:
    """Read a new run's data; its front end gets the rate, the band and the full scale that the training part has.

    Raises
    ------
    DataError, SplitError, UsageError
        One line naming the file or option, what was expected and what came.
    """
    recordings, notes = read_recordings(config)
    windows = cut_windows(recordings, options.n_samples, options.hop_length)
    rate_hz = _whole_rate(windows.sample_rate_hz)
    split = choose_split(windows, config)
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
    return vibration_corpus(config, windows, choose_split(windows, config), notes)


def read_recordings(config: VibrationConfig) -> tuple[list[VibrationRecording], list[str]]:
    """All recordings at one rate, and what there is to say about them."""
    if config.source == SIMULATED:
        recordings = simulated_recordings(config.seed, config.machines)
    else:
        data = Path(config.data)
        recordings = open_recordings(data, layout_of(config.source, data), LayoutOptions(**config.layout))
    recordings, lines = to_one_rate(recordings, config.resample_hz)
    return recordings, [*describe_recordings(recordings), *lines]


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
    named = [s for s in splits if s.held_out == config.held_out]
    if not named:
        groups = ", ".join(str(s.held_out) for s in splits)
        raise UsageError(mismatch(f"--held-out with {config.split}", f"one of {groups}", config.held_out))
    return named[0]


def _whole_rate(rate_hz: float) -> int:
    if abs(rate_hz - round(rate_hz)) > 1e-6 * rate_hz:
        expected = "a whole number of Hz (choose one with --resample)"
        raise DataError(mismatch("sample rate", expected, f"{rate_hz:g} Hz"))
    return round(rate_hz)

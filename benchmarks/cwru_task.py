"""CWRU's drive-end recordings, divided by load or by fault size, with noise that is the same for every row."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from pathlib import Path

import numpy as np

from drsn_keras.frontend import WindowSpec
from drsn_keras.noise import make_noise, mix_at_snr
from drsn_keras.training.vibration.band import choose_envelope_band
from drsn_keras.training.vibration.baseline_rows import with_noisy_copies
from drsn_keras.training.vibration.config import VibrationConfig
from drsn_keras.training.vibration.corpus import VibrationCorpus, vibration_corpus
from drsn_keras.training.vibration.layouts import LayoutOptions, open_recordings
from drsn_keras.training.vibration.splits import VibrationSplit, plan_splits
from drsn_keras.training.vibration.windows import Windows, cut_windows

N_SAMPLES = 2048
#: Mixed in at training, and tested: matched.
MATCHED = "white"
#: Tested only.
UNMATCHED = ("pink", "laplacian")
SNRS_DB = (10.0, 5.0, 0.0, -5.0, -10.0)
#: name -> (classes of the layout, rule, group for the sound recordings)
SPLITS = {
    "load": ("state", "leave-one-load-out", None),
    "size": ("element", "leave-one-fault-size-out", "load"),
}
CLEAN = ("clean", float("inf"))
CONDITIONS = (CLEAN, *((noise, snr_db) for noise in (MATCHED, *UNMATCHED) for snr_db in SNRS_DB))


@functools.cache
def windows_of(data: Path, classes: str) -> Windows:
    """All windows, one after another without overlap."""
    folder = data / "vibration" / "cwru_12k_de"
    return cut_windows(open_recordings(folder, "cwru-npz", LayoutOptions(classes=classes)), N_SAMPLES, N_SAMPLES)


@functools.cache
def splits_of(data: Path, name: str) -> tuple[Windows, tuple[VibrationSplit, ...]]:
    """The windows and a split for every group that is left out; nothing is kept for validation: schedules are fixed."""
    classes, rule, without = SPLITS[name]
    windows = windows_of(data, classes)
    return windows, tuple(plan_splits(windows, rule, without=without, with_val=False))


@functools.cache
def band_of(data: Path, name: str, held_out: str) -> tuple[float, float]:
    """The envelope's band, from training windows."""
    windows, split = split_of(data, name, held_out)
    return choose_envelope_band(windows.x[split.train], windows.sample_rate_hz, np.random.default_rng(0))


def split_of(data: Path, name: str, held_out: str) -> tuple[Windows, VibrationSplit]:
    """The split that tests on a group."""
    windows, splits = splits_of(data, name)
    return windows, next(s for s in splits if s.held_out == held_out)


def corpus_of(data: Path, name: str, held_out: str, channels: tuple[str, ...], seed: int) -> VibrationCorpus:
    """The corpus that every row trains on, with white noise to mix in."""
    windows, split = split_of(data, name, held_out)
    spec = WindowSpec(
        sample_rate_hz=round(windows.sample_rate_hz),
        n_samples=N_SAMPLES,
        hop_length=N_SAMPLES,
        full_scale=16.0,
        channels=channels,
        band_hz=band_of(data, name, held_out) if "envelope_spectrum" in channels else None,
    )
    config = VibrationConfig(
        data=str(data), source="cwru", split=split.rule, noise_kinds=(MATCHED,), front_end=spec.to_dict(), seed=seed
    )
    return dataclasses.replace(vibration_corpus(config, windows, split, []), noise_kinds=(MATCHED,))


def tested(split: VibrationSplit) -> np.ndarray:
    """Every second window of the held-out recordings: about 300 a load, 5 seconds a recording."""
    return split.test[::2]


@functools.cache
def test_windows(data: Path, name: str, held_out: str, noise: str, snr_db: float) -> np.ndarray:
    """Test windows [shape=(n, 2048), float32, g] in a condition; the same noise for every row and seed."""
    windows, split = split_of(data, name, held_out)
    x = windows.x[tested(split)]
    if noise == CLEAN[0]:
        return x
    source = make_noise(noise)
    rng = np.random.default_rng([zlib.crc32(noise.encode()), zlib.crc32(held_out.encode())])
    noises = [source(rng, N_SAMPLES, round(windows.sample_rate_hz)) for _ in x]
    return np.stack([mix_at_snr(y - y.mean(), n, snr_db)[0] for y, n in zip(x, noises, strict=True)])


def noisy_copies(data: Path, name: str, held_out: str, copies: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Training windows clean and in white noise at -10 to 20 dB: what a classical row is fitted on."""
    windows, split = split_of(data, name, held_out)
    x, y = windows.x[split.train], windows.y[split.train]
    rate, rng = round(windows.sample_rate_hz), np.random.default_rng([5, seed])
    return with_noisy_copies(x, y, [make_noise(MATCHED)], rate, (-10.0, 20.0), rng, copies)

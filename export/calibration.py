"""Inputs that integer ranges are measured on: training clips, clean and in noise, from a list that replays exactly."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError
from drsn_keras.files import write_atomically
from drsn_keras.noise import mix_at_snr
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.features import BatchFeatures

from .clip_names import clip_name

CALIBRATION_NAME = "calibration.csv"
COLUMNS = ("clip", "label", "noise", "snr_db", "gain_db", "noise_seed")
NO_NOISE = "none"
#: Share of the clips that get noise.
_NOISY = 0.7
#: Of a spectrum of roots, 300 showed too few of the loud ones: 1.2 points were lost at -10 dB, with 1000 none.
CLIPS = 1000


@dataclasses.dataclass(frozen=True)
class CalibrationRow:
    """One clip and what is mixed into it.

    Parameters
    ----------
    clip : str
        Path below the data folder.
    label : str
    noise : str
        A noise that the run was trained with, or ``none``.
    snr_db : float
        Infinite without noise.
    gain_db : float
    noise_seed : int
        Decides the stretch of noise.
    """

    clip: str
    label: str
    noise: str = NO_NOISE
    snr_db: float = float("inf")
    gain_db: float = 0.0
    noise_seed: int = 0


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """Features [shape=(n, frames, channels), float32] and one row about each; ``source`` is a list's name or a seed."""

    features: np.ndarray
    rows: tuple[CalibrationRow, ...]
    source: str

    def describe(self) -> dict[str, Any]:
        """For the model card."""
        noisy = sum(row.noise != NO_NOISE for row in self.rows)
        return {"clips": len(self.rows), "noisy": noisy, "drawn": self.source, "list": CALIBRATION_NAME}

    def write(self, path: Path) -> None:
        """Write the list as CSV: what ``--calibration`` reads."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            writer.writerow((row.clip, row.label, row.noise, repr(row.snr_db), repr(row.gain_db), row.noise_seed))
        write_atomically(path, text.getvalue())


def draw_calibration(corpus: Corpus, config: KeywordConfig, clips: int = CLIPS, seed: int = 40_001) -> Calibration:
    """Draw training clips, most of them in training's noise at -10 to 20 dB and all at -20 to 6 dB of gain.

    The gains cover what a microphone may deliver: ranges measured at one level would clip at another.
    """
    rng = np.random.default_rng(seed)
    train = corpus.clips("train")
    chosen = rng.permutation(len(train))[:clips]
    noises = sorted({*corpus.recorded("train"), *corpus.noise_kinds})
    rows = []
    for index in chosen:
        noise = noises[int(rng.integers(len(noises)))] if noises else NO_NOISE
        snr_db = round(float(rng.uniform(-10.0, 20.0)), 2)
        noisy, gain_db = rng.random() < _NOISY, round(float(rng.uniform(-20.0, 6.0)), 2)
        noise_seed = int(rng.integers(2**31))
        name, label = clip_name(train.recordings[index], config), train.labels[train.y[index]]
        rows.append(
            CalibrationRow(name, label, noise, snr_db, gain_db, noise_seed)
            if noisy and noise != NO_NOISE and train.x[index].any()
            else CalibrationRow(name, label, gain_db=gain_db)
        )
    return render(train.x[chosen], rows, corpus, config, f"from the training part, seed {seed}")


def render(
    x: np.ndarray, rows: Sequence[CalibrationRow], corpus: Corpus, config: KeywordConfig, source: str
) -> Calibration:
    """Mix and compute features: clips [shape=(n, n_samples), int16] and their rows."""
    waves = np.empty(x.shape, np.float32)
    sources = {name: corpus.source(name, "train") for name in {row.noise for row in rows} - {NO_NOISE}}
    made = []
    for i, row in enumerate(rows):
        y = x[i].astype(np.float32) / 32768.0
        if row.noise != NO_NOISE:
            rng = np.random.default_rng(row.noise_seed)
            noise = sources[row.noise](rng, corpus.n_samples, corpus.sample_rate_hz)
            try:
                y = mix_at_snr(y, noise, row.snr_db)[0]
            except DataError:
                # A recorded noise may pause for a second, and a clip may be silent: nothing to mix then.
                row = CalibrationRow(row.clip, row.label, gain_db=row.gain_db)
        waves[i] = y * np.float32(10.0 ** (row.gain_db / 20.0))
        made.append(row)
    return Calibration(BatchFeatures(config.spec)(waves), tuple(made), source)

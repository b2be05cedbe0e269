"""Inputs that integer ranges are measured on: training clips, clean and in noise, with a list of what they are."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.files import write_atomically
from drsn_keras.noise import mix_at_snr
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.features import BatchFeatures

CALIBRATION_NAME = "calibration.csv"
_COLUMNS = ("clip", "label", "noise", "snr_db", "gain_db")
#: Share of the clips that get noise.
_NOISY = 0.7


@dataclasses.dataclass(frozen=True, eq=False)
class Calibration:
    """Features [shape=(n, frames, channels)] and one row about each."""

    features: np.ndarray
    rows: tuple[dict[str, Any], ...]
    seed: int

    def describe(self) -> dict[str, Any]:
        """For the model card."""
        noisy = sum(row["noise"] != "none" for row in self.rows)
        return {"clips": len(self.rows), "noisy": noisy, "split": "train", "seed": self.seed, "list": CALIBRATION_NAME}

    def write(self, path: Path) -> None:
        """Write the list as CSV."""
        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(path, text.getvalue())


def draw_calibration(corpus: Corpus, config: KeywordConfig, clips: int = 300, seed: int = 40_001) -> Calibration:
    """Draw training clips, most of them in training's noise at -10 to 20 dB and all at -20 to 6 dB of gain.

    The gains cover what a microphone may deliver: ranges measured at one level would clip at another.
    """
    rng = np.random.default_rng(seed)
    train = corpus.clips("train")
    chosen = rng.permutation(len(train))[:clips]
    noise = corpus.training_noise(rng)
    names = sorted(noise)
    waves = np.empty((len(chosen), corpus.n_samples), np.float32)
    rows = []
    for i, index in enumerate(chosen):
        y = train.x[index].astype(np.float32) / 32768.0
        row = {
            "clip": _name(train.recordings[index].path, config),
            "label": train.labels[train.y[index]],
            "noise": "none",
            "snr_db": "inf",
        }
        name, snr_db = names[int(rng.integers(len(names)))], float(rng.uniform(-10.0, 20.0))
        signal = _stretch(noise[name], corpus.n_samples, rng)
        if rng.random() < _NOISY and y.any() and signal.any():
            y = mix_at_snr(y, signal, snr_db)[0]
            row.update(noise=name, snr_db=f"{snr_db:.2f}")
        gain_db = float(rng.uniform(-20.0, 6.0))
        row["gain_db"] = f"{gain_db:.2f}"
        waves[i] = y * np.float32(10.0 ** (gain_db / 20.0))
        rows.append(row)
    return Calibration(BatchFeatures(config.spec)(waves), tuple(rows), seed)


def _name(path: Path, config: KeywordConfig) -> str:
    """Path below the data folder: a list that another machine can use."""
    if config.data and Path(path).is_relative_to(config.data):
        return Path(path).relative_to(config.data).as_posix()
    return Path(path).name


def _stretch(signals: list[np.ndarray], n: int, rng: np.random.Generator) -> np.ndarray:
    signal = signals[int(rng.integers(len(signals)))]
    signal = np.tile(signal, -(-n // len(signal)))
    start = int(rng.integers(len(signal) - n + 1))
    return signal[start : start + n]

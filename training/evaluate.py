"""Evaluate models in noise: every model sees the same clips, the same noise, the same SNRs."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.files import write_atomically

from .conditions import CLEAN, RECORDED, SNR_GRID_DB, Condition, noisy_clips, sources_of, wilson_interval
from .config import TRAINING_NOISES, UNSEEN_NOISES, KeywordConfig
from .corpus import Corpus
from .features import BatchFeatures
from .macro_f1 import macro_f1
from .vibration.config import TRAINING_NOISES as VIBRATION_TRAINING_NOISES
from .vibration.config import UNSEEN_NOISES as VIBRATION_UNSEEN_NOISES
from .vibration.config import VibrationConfig

COLUMNS = ("model", "scheme", "noise", "seen", "snr_db", "accuracy", "ci_low", "ci_high", "n")
#: Appended where states are told apart, some of which may be rare.
MACRO_F1 = "macro_f1"
#: Scheme of rows that are no network.
CLASSICAL = "classical"
_SEED = 30_001

#: Features [shape=(n, frames, channels)], or waveforms, to class probabilities [shape=(n, classes)].
Predictor = Callable[[np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One thing to evaluate: a Keras model, a bundle, or a classical row.

    Parameters
    ----------
    model, scheme : str
        A classical row is its model; its scheme is :data:`CLASSICAL`.
    predict : callable
    input : str
        ``features`` of the task's front end, or ``signal``: waveforms [shape=(n, n_samples), float32] of the same
        condition, at a full scale of 1.
    """

    model: str
    scheme: str
    predict: Predictor
    input: Literal["features", "signal"] = "features"


@dataclasses.dataclass(frozen=True)
class Result:
    """Predictions of one candidate under one condition."""

    model: str
    scheme: str
    condition: Condition
    predicted: np.ndarray
    truth: np.ndarray

    @property
    def correct(self) -> int:
        """Number of clips classified correctly."""
        return int(np.sum(self.predicted == self.truth))

    @property
    def accuracy(self) -> float:
        """Percent correct."""
        return 100.0 * self.correct / len(self.truth)

    def row(self) -> dict[str, object]:
        """Line of evaluation.csv; clean has noise ``none`` and snr_db ``inf``."""
        low, high = wilson_interval(self.correct, len(self.truth))
        return {
            "model": self.model,
            "scheme": self.scheme,
            "noise": self.condition.noise,
            "seen": "yes" if self.condition.seen else "no",
            "snr_db": f"{self.condition.snr_db:g}",
            "accuracy": f"{self.accuracy:.2f}",
            "ci_low": f"{low:.2f}",
            "ci_high": f"{high:.2f}",
            "n": len(self.truth),
        }


def default_noises(
    corpus: Corpus, config: KeywordConfig | VibrationConfig, *, each_recording: bool = True
) -> list[str]:
    """All generated kinds of the task, all recordings pooled, and each recording by itself."""
    if isinstance(config, VibrationConfig):
        kinds = (*VIBRATION_TRAINING_NOISES, *VIBRATION_UNSEEN_NOISES)
    else:
        kinds = (*TRAINING_NOISES, *UNSEEN_NOISES)
    generated = sorted({*kinds, *corpus.noise_kinds})
    recorded = sorted(corpus.recorded("test"))
    return [*([RECORDED] if recorded else []), *generated, *(recorded if each_recording else [])]


def evaluate(
    candidates: Sequence[Candidate],
    corpus: Corpus,
    config: KeywordConfig | VibrationConfig,
    *,
    noises: Iterable[str],
    snrs_db: Sequence[float] = SNR_GRID_DB,
    split: str = "test",
    seed: int = _SEED,
    observe: Callable[[Condition, np.ndarray], None] | None = None,
) -> list[Result]:
    """Classify a split clean and under every noise and SNR.

    Parameters
    ----------
    observe : called with each condition and its features, for measurements beside accuracy (thresholds)
    """
    clips = corpus.clips(split)
    features = BatchFeatures(config.spec)
    results: list[Result] = []

    def look(condition: Condition, y: np.ndarray) -> None:
        x = features(y)
        if observe is not None:
            observe(condition, x)
        for candidate in candidates:
            predicted = candidate.predict(x if candidate.input == "features" else y).argmax(axis=-1)
            results.append(Result(candidate.model, candidate.scheme, condition, predicted, clips.y))

    look(Condition(CLEAN, float("inf"), True), clips.x.astype(np.float32) / 32768.0)
    for noise in noises:
        seen = _seen(corpus, noise)
        log(f"evaluating in noise: {noise}")
        for snr_db, mixed in noisy_clips(clips, sources_of(corpus, noise, split), snrs_db, seed):
            look(Condition(noise, snr_db, seen), mixed)
    return results


def _seen(corpus: Corpus, noise: str) -> bool:
    names = corpus.recorded("test") if noise == RECORDED else [noise]
    return all(corpus.heard_in_training(name) for name in names)


def write_evaluation(path: Path, results: Sequence[Result], *, f1_classes: int | None = None) -> None:
    """Write evaluation.csv; with ``f1_classes`` a last column has the macro-F1 [%] over that many classes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS if f1_classes is None else (*COLUMNS, MACRO_F1), lineterminator="\n")
    writer.writeheader()
    for result in results:
        f1 = {} if f1_classes is None else {MACRO_F1: f"{macro_f1(confusion_matrix(result, f1_classes)):.2f}"}
        writer.writerow({**result.row(), **f1})
    write_atomically(path, text.getvalue())


def write_confusion(path: Path, results: Sequence[Result], labels: Sequence[str]) -> None:
    """Write confusion.csv: one row per result, true label and answer that occurred."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("model", "scheme", "noise", "snr_db", "label", "answer", "clips"))
    for r in results:
        matrix = confusion_matrix(r, len(labels))
        for true, answer in zip(*np.nonzero(matrix), strict=True):
            condition = (r.model, r.scheme, r.condition.noise, f"{r.condition.snr_db:g}")
            writer.writerow((*condition, labels[true], labels[answer], matrix[true, answer]))
    write_atomically(path, text.getvalue())


def accuracy_of(results: Sequence[Result], scheme: str, noise: str, snr_db: float) -> float:
    """Accuracy [%] of one scheme under one condition."""
    for result in results:
        c = result.condition
        if result.scheme == scheme and c.noise == noise and c.snr_db == snr_db:
            return result.accuracy
    raise KeyError(f"no result for {scheme}, {noise}, {snr_db:g} dB")


def confusion_matrix(result: Result, classes: int) -> np.ndarray:
    """Counts [shape=(classes, classes)], rows are the truth."""
    matrix = np.zeros((classes, classes), np.int64)
    np.add.at(matrix, (result.truth, result.predicted), 1)
    return matrix

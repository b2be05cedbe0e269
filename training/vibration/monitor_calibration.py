"""What ``drsn-edge monitor`` needs besides the network: when to abstain, chosen on validation windows."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from drsn_keras.frontend import window_features
from drsn_keras.machinery.novelty import NoveltyModel, novelty_features
from drsn_keras.monitor_spec import MonitorSpec
from drsn_keras.noise import NoiseSource

from ..conditions import noisy_clips
from ..validation import validation_sources
from .config import VibrationConfig
from .corpus import VibrationCorpus

#: Share of validation windows that may be called unlike anything trained on, and that may be unsure.
NOVEL_RATE = 0.01
UNSURE_RATE = 0.01
#: Levels of noise [dB] that the model has to know, besides clean.
SNRS_DB = (10.0, 0.0, -10.0)
_SEED = 71_001
_STEPS = 32768.0


def calibrate_monitor(model: keras.Model, corpus: VibrationCorpus, config: VibrationConfig) -> dict[str, Any]:
    """Fields of :class:`drsn_keras.monitor_spec.MonitorSpec`.

    Novelty: training windows, clean and in the training's noise at 10, 0 and -10 dB, make a component a state and
    level. Thresholds are set on every second recording of the validation part: 1 % of its windows lie outside, levels
    counted alike, and 1 % of the right answers have a smaller probability. The rates of false abstention are measured
    on the other recordings.

    Parameters
    ----------
    model : keras.Model
        Windows as the configuration shows them to class probabilities.
    corpus : VibrationCorpus
    config : VibrationConfig

    Raises
    ------
    DataError
        If the training or the validation part has no windows.
    """
    levels = [level for level in SNRS_DB if config.snr_db[0] <= level <= config.snr_db[1]]
    if not (config.noise_kinds or config.noise) or not config.noisy:
        levels = []
    train, components = _at_levels(corpus, config, "train", levels)
    fitted = NoveltyModel.fit(
        novelty_features(np.concatenate(train), corpus.sample_rate_hz), np.concatenate(components)
    )
    val, _ = _at_levels(corpus, config, "val", levels)
    y = corpus.clips("val").y
    set_on = _every_second_recording(corpus)
    # [level, window]
    distances = np.stack([fitted.distance(novelty_features(x, corpus.sample_rate_hz)) for x in val])
    p = np.stack([_probabilities(model, x, config) for x in val])
    fitted = fitted.with_threshold(distances[:, set_on].ravel(), NOVEL_RATE)
    sure, right = p.max(axis=2), p.argmax(axis=2) == y
    chosen = sure[:, set_on][right[:, set_on]]
    floor = round(min(float(np.quantile(chosen, UNSURE_RATE)) if len(chosen) else 0.0, 0.99), 4)
    abstained = 100.0 * ((distances > fitted.threshold) | (sure < floor))[:, ~set_on].mean(axis=1)
    return MonitorSpec(
        unit=corpus.windows.unit,
        healthy=tuple(label for label in config.healthy if label in corpus.labels),
        min_probability=floor,
        false_abstention_percent=round(float(abstained.mean()), 2),
        false_abstention_clean_percent=round(float(abstained[0]), 2),
        novelty=fitted.to_dict(),
        protocol=corpus.split.sentence,
    ).to_dict()


def _every_second_recording(corpus: VibrationCorpus) -> np.ndarray:
    """Validation windows that thresholds are set on [shape=(n,), bool]; of one recording its first half."""
    recording = corpus.windows.recording[corpus.split.val]
    rank = np.searchsorted(np.unique(recording), recording)
    if rank.max() == 0:
        return np.arange(len(rank)) < (len(rank) + 1) // 2
    return rank % 2 == 0


def _at_levels(
    corpus: VibrationCorpus, config: VibrationConfig, part: str, levels: list[float]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Windows of a part in real units, clean and at each level, and the component of each."""
    clips = corpus.clips(part)
    scale = np.float32(corpus.full_scale)
    found = [clips.x * (scale / np.float32(_STEPS))]
    sources: list[NoiseSource] = validation_sources(corpus, config) if levels else []
    if sources:
        found += [x * scale for _, x in noisy_clips(clips, sources, levels, _SEED)]
    return found, [clips.y + i * len(corpus.labels) for i in range(len(found))]


def _probabilities(model: keras.Model, x: np.ndarray, config: VibrationConfig) -> np.ndarray:
    spec = config.spec
    return model.predict(window_features(x / spec.full_scale, spec), batch_size=512, verbose=0)

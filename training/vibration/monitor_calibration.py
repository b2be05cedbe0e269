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
    level; the threshold leaves 1 % of the validation windows outside, levels counted alike. Probability: the floor
    below which 1 % of the right answers on validation windows lie.
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
    if not len(y):
        val, y = train, corpus.clips("train").y
    distances = np.concatenate([fitted.distance(novelty_features(x, corpus.sample_rate_hz)) for x in val])
    fitted = fitted.with_threshold(distances, NOVEL_RATE)
    p = np.concatenate([_probabilities(model, x, config) for x in val])
    truth = np.tile(y, len(val))
    right = p.argmax(axis=1) == truth
    floor = float(np.quantile(p[right].max(axis=1), UNSURE_RATE)) if right.any() else 0.0
    floor = round(min(floor, 0.99), 4)
    abstained = (distances > fitted.threshold) | (p.max(axis=1) < floor)
    return MonitorSpec(
        unit=corpus.windows.unit,
        healthy=tuple(label for label in config.healthy if label in corpus.labels),
        min_probability=floor,
        false_abstention_percent=round(float(100 * abstained.mean()), 2),
        novelty=fitted.to_dict(),
        protocol=corpus.split.sentence,
    ).to_dict()


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

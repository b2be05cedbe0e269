"""Validation in noise: the same noisy copies of the validation clips after every epoch."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np

from drsn_keras.noise import NoiseSource

from .conditions import RECORDED, noisy_clips, sources_of
from .config import KeywordConfig
from .corpus import Corpus
from .features import BatchFeatures

#: SNRs of the copies [dB]; the score of an epoch is the mean of their accuracies and the clean one.
SNRS_DB = (10.0, 0.0, -5.0)
_SEED = 20_001
#: A multiple of the batches that features are computed in.
_CLIPS_AT_ONCE = 512
_ROWS_AT_ONCE = 2048


def validation_sources(corpus: Corpus, config: KeywordConfig) -> list[NoiseSource]:
    """Noise of the validation part: its parts of the recordings, or other draws of the kinds that training mixes in."""
    if corpus.recorded("val"):
        return sources_of(corpus, RECORDED, "val")
    return [corpus.source(name, "val") for name in config.noise_kinds]


class NoisyValidation:
    """Features of the validation clips, clean and in noise, with their labels."""

    def __init__(self, corpus: Corpus, config: KeywordConfig) -> None:
        clips = corpus.clips("val")
        features = BatchFeatures(config.spec)
        sources = validation_sources(corpus, config)
        self.labels = clips.y
        self.names = ["clean", *(f"{snr_db:g}db" for snr_db in SNRS_DB if sources)]
        n = len(clips)
        self._features = np.empty((len(self.names) * n, *config.spec.shape), np.float32)
        # In goes: three copies of all clips in 32 bits are more than their features.
        for start in range(0, n, _CLIPS_AT_ONCE):
            some = dataclasses.replace(clips, x=clips.x[start : start + _CLIPS_AT_ONCE])
            waves = [some.x.astype(np.float32) / 32768.0]
            if sources:
                waves += [mixed for _, mixed in noisy_clips(some, sources, SNRS_DB, _SEED, start)]
            for i, y in enumerate(waves):
                self._features[i * n + start : i * n + start + len(y)] = features(y)

    def probabilities(self, model: keras.Model) -> np.ndarray:
        """Class probabilities [shape=(conditions, n, classes)]."""
        rows = range(0, len(self._features), _ROWS_AT_ONCE)
        # predict copies what it is given.
        p = [model.predict(self._features[i : i + _ROWS_AT_ONCE], batch_size=512, verbose=0) for i in rows]
        return np.concatenate(p).reshape(len(self.names), len(self.labels), -1)

    def accuracies(self, model: keras.Model) -> dict[str, float]:
        """Accuracy [%] of each condition."""
        right = self.probabilities(model).argmax(axis=-1) == self.labels
        return {name: float(100 * row.mean()) for name, row in zip(self.names, right, strict=True)}

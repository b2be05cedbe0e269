"""Validation in noise: the same noisy copies of the validation clips after every epoch."""

from __future__ import annotations

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
        self.names = ["clean"]
        parts = [features(clips.x.astype(np.float32) / 32768.0)]
        if sources:
            for snr_db, mixed in noisy_clips(clips, sources, SNRS_DB, _SEED):
                self.names.append(f"{snr_db:g}db")
                parts.append(features(mixed))
        self._features = np.concatenate(parts)

    def probabilities(self, model: keras.Model) -> np.ndarray:
        """Class probabilities [shape=(conditions, n, classes)]."""
        p = model.predict(self._features, batch_size=512, verbose=0)
        return p.reshape(len(self.names), len(self.labels), -1)

    def accuracies(self, model: keras.Model) -> dict[str, float]:
        """Accuracy [%] of each condition."""
        right = self.probabilities(model).argmax(axis=-1) == self.labels
        return {name: float(100 * row.mean()) for name, row in zip(self.names, right, strict=True)}

"""The batches of a training: its clips, noises, rooms and augmentation, or its windows."""

from __future__ import annotations

import numpy as np

from .augment import Augmenter, AugmentSpec, NoiseBank
from .config import KeywordConfig
from .corpus import Corpus
from .pipeline import Batches
from .room import room_impulse_responses
from .vibration.batches import VibrationBatches
from .vibration.config import VibrationConfig

ROOMS = 64


def training_batches(corpus: Corpus, config: KeywordConfig | VibrationConfig, seed: int) -> Batches | VibrationBatches:
    """Augmented batches of the training part.

    Generated noises and rooms depend on the configuration's seed alone: a fine-tuning with another ``seed`` mixes anew
    what the model has heard.
    """
    if isinstance(config, VibrationConfig):
        return VibrationBatches(corpus, config, seed)
    train = corpus.clips("train")
    rng = np.random.default_rng([config.seed, 1])
    spec = AugmentSpec(**config.augment)
    noise = corpus.training_noise(rng)
    bank = NoiseBank.from_signals(noise, corpus.n_samples) if noise else None
    rooms = room_impulse_responses(rng, ROOMS, corpus.sample_rate_hz) if spec.reverb_probability else None
    augmenter = Augmenter(spec, bank, rooms, corpus.sample_rate_hz)
    size = min(config.batch_size, len(train))
    return Batches(train.x, train.y, len(corpus.labels), augmenter, config.spec, size, seed)

"""The batches of a training: its clips, noises, rooms and augmentation, or its windows."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from .augment import Augmenter, AugmentSpec, NoiseBank
from .batch_look import BatchLook
from .config import KeywordConfig
from .corpus import Corpus
from .networks import streams
from .pipeline import Batches
from .prepared.batches import PreparedBatches
from .prepared.corpus import PreparedCorpus
from .prepared.service_batches import ServiceBatches
from .recordings import UNKNOWN
from .room import room_impulse_responses
from .vibration.batches import VibrationBatches
from .vibration.config import VibrationConfig

ROOMS = 64


def training_batches(
    corpus: Corpus, config: KeywordConfig | VibrationConfig, seed: int
) -> Batches | PreparedBatches | VibrationBatches:
    """Augmented batches of the training part.

    Generated noises and rooms depend on the configuration's seed alone: a fine-tuning with another ``seed`` mixes anew
    what the model has heard.
    """
    if isinstance(config, VibrationConfig):
        return VibrationBatches(corpus, config, seed)
    rng = np.random.default_rng([config.seed, 1])
    spec = AugmentSpec(**config.augment)
    noise = corpus.training_noise(rng)
    in_stream = streams(config)
    bank = NoiseBank.from_signals(noise, corpus.n_samples * (2 if in_stream else 1)) if noise else None
    rooms = room_impulse_responses(rng, ROOMS, corpus.sample_rate_hz) if spec.reverb_probability else None
    augmenter = Augmenter(spec, bank, rooms, corpus.sample_rate_hz)
    size = min(config.batch_size, corpus.count("train"))
    unknown = corpus.labels.index(UNKNOWN) if UNKNOWN in corpus.labels else None
    if spec.straddle and unknown is None:
        raise UsageError(mismatch("--straddle", f"data with {UNKNOWN} words", "none"))
    look = BatchLook(len(corpus.labels), augmenter, config.spec, size, seed, in_stream, unknown)
    if not isinstance(corpus, PreparedCorpus):
        train = corpus.clips("train")
        return Batches(train.x, train.y, look)
    if corpus.data_service is None:
        return PreparedBatches(corpus.prepared, look)
    return ServiceBatches(corpus.prepared, look, service=corpus.data_service, failure=corpus.failure)

"""Real inputs to look at a bundle with: validation clips, which neither training nor calibration has heard."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.training.conditions import RECORDED, noisy_clips, sources_of
from drsn_keras.training.features import BatchFeatures
from drsn_keras.training.open_run import OpenRun

#: Every second clip is in noise at this SNR: thresholds are to be seen at work.
SNR_DB = 0.0
_SPLIT, _SEED = "val", 60_001


def validation_inputs(run: OpenRun, clips: int) -> np.ndarray:
    """Features of up to ``clips`` validation clips [shape=(n, frames, channels), float32], the same at every call.

    The first half is clean, the second in noise: recorded where the run has recordings, else of the kinds that it was
    trained with; all clean where it has neither.
    """
    corpus = run.corpus
    every = corpus.clips(_SPLIT)
    rows = np.random.default_rng(_SEED).permutation(len(every))[:clips]
    chosen = dataclasses.replace(
        every, x=every.x[rows], y=every.y[rows], recordings=tuple(every.recordings[i] for i in rows)
    )
    waves = chosen.x.astype(np.float32) / 32768.0
    names = [RECORDED] if corpus.recorded(_SPLIT) else list(run.config.noise_kinds)
    sources = [source for name in names for source in sources_of(corpus, name, _SPLIT)]
    if sources:
        ((_, noisy),) = noisy_clips(chosen, sources, [SNR_DB], _SEED)
        clean = -(-len(waves) // 2)
        waves[clean:] = noisy[clean:]
    return BatchFeatures(run.config.spec)(waves)

"""Clips of ``_silence_`` for data that has none: noise alone, recorded where there are recordings, else generated."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drsn_keras.noise import NoiseSource

from .audio import to_int16
from .recordings import SILENCE, SPLITS, UNKNOWN, Recording

if TYPE_CHECKING:
    from .clips import Clips
    from .corpus import Corpus

#: Level of the clips [dBFS, RMS], uniform.
LEVEL_DB = (-60.0, -25.0)


def add_silence(corpus: Corpus, seed: int) -> None:
    """Give a corpus without ``_silence_`` that class, about as many clips of it as of one word.

    Each part's clips are made of that part's own noise: its stretches of the recordings, or draws of its own.
    """
    words = tuple(label for label in corpus.labels if label != UNKNOWN)
    labels = (*words, SILENCE, *(label for label in corpus.labels if label == UNKNOWN))
    new_index = np.array([labels.index(label) for label in corpus.labels])
    read_speech = corpus.read

    def read(split: str) -> Clips:
        clips = read_speech(split)
        n = max(1, round(len(clips) / len(new_index)))
        made = _noise_clips(corpus, split, n, np.random.default_rng([seed, 0x51, SPLITS.index(split)]))
        origin = Recording(Path("noise", split), SILENCE, split, f"noise ({split})")
        return dataclasses.replace(
            clips,
            x=np.concatenate([clips.x, made]),
            y=np.concatenate([new_index[clips.y], np.full(n, labels.index(SILENCE), np.int64)]),
            recordings=(*clips.recordings, *[origin] * n),
            labels=labels,
        )

    corpus.read, corpus.labels = read, labels


def _noise_clips(corpus: Corpus, split: str, n: int, rng: np.random.Generator) -> np.ndarray:
    names = sorted(corpus.recorded(split)) or [name for name in corpus.noise_kinds if name != "babble"] or ["pink"]
    sources: list[NoiseSource] = [corpus.source(name, split) for name in names]
    clips = np.empty((n, corpus.n_samples), np.int16)
    for row in clips:
        y = sources[int(rng.integers(len(sources)))](rng, corpus.n_samples, corpus.sample_rate_hz)
        row[:] = to_int16(y * 10.0 ** (rng.uniform(*LEVEL_DB) / 20.0))
    return clips

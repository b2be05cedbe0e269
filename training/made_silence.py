"""Clips of ``_silence_`` for data that has none: noise alone, recorded where there are recordings, else generated."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
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
    labels = with_silence(corpus.labels)
    new_index = np.array([labels.index(label) for label in corpus.labels])
    read_speech = corpus.read

    def read(split: str) -> Clips:
        clips = read_speech(split)
        n = silence_clips(len(clips), len(new_index))
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


def with_silence(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels, with ``_silence_`` in its place.

    >>> with_silence(("no", "yes", "_unknown_"))
    ('no', 'yes', '_silence_', '_unknown_')
    """
    words = tuple(label for label in labels if label != UNKNOWN)
    return (*words, SILENCE, *(label for label in labels if label == UNKNOWN))


def silence_clips(clips: int, labels: int) -> int:
    """How many clips to make for a part: about as many as there are of one label."""
    return max(1, round(clips / labels))


def silence_sources(recorded: Iterable[str], generated: Iterable[str]) -> list[str]:
    """Kinds of noise that the clips are made of: no babble, which is speech."""
    return sorted(recorded) or [name for name in generated if name != "babble"] or ["pink"]


def silence_clip(
    sources: Sequence[NoiseSource], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
) -> np.ndarray:
    """One clip [shape=(n_samples,), int16] of one of the sources, at a level of its own."""
    y = sources[int(rng.integers(len(sources)))](rng, n_samples, sample_rate_hz)
    return to_int16(y * 10.0 ** (rng.uniform(*LEVEL_DB) / 20.0))


def _noise_clips(corpus: Corpus, split: str, n: int, rng: np.random.Generator) -> np.ndarray:
    sources = [corpus.source(name, split) for name in silence_sources(corpus.recorded(split), corpus.noise_kinds)]
    clips = np.empty((n, corpus.n_samples), np.int16)
    for row in clips:
        row[:] = silence_clip(sources, rng, corpus.n_samples, corpus.sample_rate_hz)
    return clips

"""Synthetic speech for training besides recordings: planned without speaking, spoken when it is needed."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from ..clips import Clips
from ..recordings import UNKNOWN, Recording
from .script import ORIGIN, Line, draw_split
from .speech import speak_all, synthesiser
from .vocabulary import near_misses, other_words
from .voices import ACCENTS, Voice, need_synthesiser, split_variants
from .words import place


@dataclasses.dataclass(frozen=True)
class ExtraSpeech:
    """Utterances of keywords and of other words, all for training.

    Parameters
    ----------
    lines : tuple of Line
        Who says what; known without speaking, from the seed and the synthesiser's pronunciations.
    synthesiser : str
        Name and version.
    seed : int
    """

    lines: tuple[Line, ...]
    synthesiser: str
    seed: int

    def listing(self) -> list[tuple[str, ...]]:
        """Rows (split, label, group, file, how it is spoken), as :mod:`drsn_keras.training.split_list` has them."""
        return [
            (
                *(r.split, r.label, r.group, r.path.as_posix()),
                f"{line.voice.rate_wpm} wpm, pitch {line.voice.pitch}, range {line.voice.pitch_range}",
            )
            for r, line in zip(self.recordings(), self.lines, strict=True)
        ]

    def recordings(self) -> list[Recording]:
        """Without real paths, as those of :class:`~drsn_keras.training.synthesis.words.SyntheticWords`."""
        return [
            Recording(
                Path(ORIGIN, line.voice.name, f"{line.text} {i}"),
                line.label,
                line.split,
                f"espeak {line.voice.variant}",
            )
            for i, line in enumerate(self.lines)
        ]

    def speak(self, labels: Sequence[str], n_samples: int, sample_rate_hz: int) -> Clips:
        """Speak all lines: level and place in the clip are drawn as for synthetic words."""
        spoken = speak_all([(line.text, line.voice) for line in self.lines], sample_rate_hz, self.seed).signals
        rng = np.random.default_rng([self.seed, 0xE5B])
        index = {label: i for i, label in enumerate(labels)}
        long = sum(len(y) > n_samples for y in spoken)
        length = f"{n_samples / sample_rate_hz:g} s"
        return Clips(
            np.stack([place(y, n_samples, rng) for y in spoken]),
            np.array([index[line.label] for line in self.lines], np.int64),
            tuple(self.recordings()),
            tuple(labels),
            sample_rate_hz,
            [f"{long} of {len(spoken)} synthetic utterances longer than {length}, cut"] if long else [],
        )


def plan_extra_speech(texts: Mapping[str, str], n: int, seed: int, *, unknown: bool) -> ExtraSpeech:
    """Draw ``n`` utterances of each keyword and, where asked, ``n`` of other words (half of them near misses).

    Only voices of :func:`split_variants`' training part speak, so that a test on synthetic speech would still have
    voices of its own.

    Parameters
    ----------
    texts : label -> what is said

    Raises
    ------
    UsageError
        For a keyword that English voices cannot read.
    DrsnError
        If the synthesiser is not installed.
    """
    for label, text in texts.items():
        if not _is_latin(text):
            expected = "keywords in Latin letters (its voices speak English)"
            raise UsageError(mismatch("--synthesize-extra", expected, repr(label)))
    need_synthesiser()
    rng = np.random.default_rng([seed, 0xE5A])
    voices = [Voice(a, v) for v, a in product(split_variants()["train"], ACCENTS)]
    lines = [line for label, text in texts.items() for line in draw_split(label, "train", [text], n, voices, rng)]
    if unknown:
        said = list(texts.values())
        misses = list(dict.fromkeys(w for words in near_misses(said).values() for w in words))
        lines += draw_split(UNKNOWN, "train", misses, n // 2, voices, rng)
        lines += draw_split(UNKNOWN, "train", other_words(said), n - n // 2, voices, rng)
    return ExtraSpeech(tuple(lines), synthesiser(), seed)


def _is_latin(text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    return bool(letters or any(c.isdigit() for c in text)) and all(
        unicodedata.name(c, "").startswith("LATIN") for c in letters
    )

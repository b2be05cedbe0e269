"""Who says what: the utterances of a synthetic dataset, before they are spoken."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from ..recordings import SPLITS
from .voices import VOICE_FRACTIONS, Voice

#: First part of the paths of utterances, which lie nowhere.
ORIGIN = "espeak-ng"
#: What is drawn for every utterance: words a minute, espeak's pitch and pitch range.
RATE_WPM, PITCH, PITCH_RANGE = (120, 220), (25, 75), (25, 75)


@dataclasses.dataclass(frozen=True)
class Line:
    """One utterance to be: what, by whom, for which split and as which label."""

    label: str
    split: str
    text: str
    voice: Voice


def shares(n: int) -> dict[str, int]:
    """``n`` clips over the splits."""
    val, test = round(n * VOICE_FRACTIONS[1]), round(n * VOICE_FRACTIONS[2])
    return dict(zip(SPLITS, (n - val - test, val, test), strict=True))


def draw_lines(
    label: str, texts: Sequence[str], n: int, voices: Mapping[str, Sequence[Voice]], rng: np.random.Generator
) -> list[Line]:
    """``n`` utterances; texts and voices each come round before one is used again."""
    return [
        line
        for split, count in shares(n).items()
        for line in draw_split(label, split, texts, count, voices[split], rng)
    ]


def draw_split(
    label: str, split: str, texts: Sequence[str], n: int, voices: Sequence[Voice], rng: np.random.Generator
) -> list[Line]:
    """``n`` utterances of one split."""
    lines = []
    said = _rounds(len(texts), n, rng)
    by = _rounds(len(voices), n, rng)
    for text, voice in zip(said, by, strict=True):
        drawn = {
            "rate_wpm": int(rng.integers(*RATE_WPM, endpoint=True)),
            "pitch": int(rng.integers(*PITCH, endpoint=True)),
            "pitch_range": int(rng.integers(*PITCH_RANGE, endpoint=True)),
        }
        lines.append(Line(label, split, texts[text], dataclasses.replace(voices[voice], **drawn)))
    return lines


def _rounds(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """``count`` indices below ``n``: permutations, one after the other."""
    return np.concatenate([np.zeros(0, int), *(rng.permutation(n) for _ in range(-(-count // n)))])[:count].astype(int)

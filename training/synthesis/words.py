"""Keywords for people with no recordings: spoken by a synthesiser, in voices that differ between the splits."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from ..audio import to_int16
from ..clips import Clips, fit_window
from ..recordings import SILENCE, SPLITS, UNKNOWN, Recording, count_groups, count_labels
from ..splits import check_disjoint
from .script import ORIGIN, Line, draw_lines, shares
from .speech import speak_all
from .vocabulary import near_misses, other_words
from .voices import ACCENTS, Voice, split_variants

#: Every output of a model trained on such speech has to say this.
NOTICE = "The speech is synthetic: scores say how well synthetic voices are told apart, not people's."
MIN_PER_PHRASE = 10
#: Peak level that is drawn for every utterance, dBFS.
PEAK_DB = (-20.0, -1.0)
#: Level of the noise in the clips of ``_silence_``, dBFS (RMS).
SILENCE_DB = (-80.0, -55.0)


@dataclasses.dataclass(frozen=True, eq=False)
class SyntheticWords:
    """Clips of one task, in memory.

    Parameters
    ----------
    clips : dict of str to Clips
        For train, val and test. Their recordings carry no real paths, but the voice and the phrase:
        ``espeak-ng/en-us+f3/turn on``; the group is the voice variant.
    labels : tuple of str
        The phrases, ``_silence_``, ``_unknown_``.
    protocol : dict
        JSON-able, as :class:`~drsn_keras.training.recordings.Dataset` has it; ``synthetic_speech`` is true.
    duration_s : float
        Length of the clips.
    longest_s : float
        Of the keywords as they were spoken, before they were put into clips.
    """

    clips: dict[str, Clips]
    labels: tuple[str, ...]
    protocol: dict[str, Any]
    duration_s: float
    longest_s: float

    def part(self, split: str) -> Clips:
        """Clips of one split."""
        return self.clips[split]


def synthesize_words(
    phrases: Sequence[str],
    n_per_phrase: int,
    seed: int = 0,
    sample_rate_hz: int = 16000,
    duration_s: float | None = None,
    *,
    n_unknown: int | None = None,
    n_silence: int | None = None,
) -> SyntheticWords:
    """Make a dataset of phrases, other words and silence.

    70 % of the clips of every label are train, 10 % val, 20 % test; so are the voice variants, none in two.
    Rate, pitch, pitch range and level are drawn for every clip, and the speech stands anywhere in it.

    Parameters
    ----------
    phrases : sequence of str
    n_per_phrase : int
        Clips of every phrase in all splits together, at least 10.
    duration_s : float or None
        Length of a clip. None: 1 s, or as much as the longest utterance of a phrase needs, in tenths. What
        is longer than a clip is cut to its loudest part, and ``protocol["notes"]`` says how much was.
    n_unknown, n_silence : int or None
        Clips of other words (half of them near misses of the phrases) and of faint noise. None: as many as all
        phrases together; as many as one phrase.

    Raises
    ------
    UsageError
        No, equal or unspeakable phrases; too few clips.
    DrsnError
        If the synthesiser is not installed.
    """
    phrases = _check(phrases, n_per_phrase)
    n_unknown = n_per_phrase * len(phrases) if n_unknown is None else n_unknown
    n_silence = n_per_phrase if n_silence is None else n_silence
    rng = np.random.default_rng([seed, 0xE59])
    voices = {s: [Voice(a, v) for v, a in product(vs, ACCENTS)] for s, vs in split_variants().items()}
    near = near_misses(phrases)
    lines = [line for phrase in phrases for line in draw_lines(phrase, [phrase], n_per_phrase, voices, rng)]
    misses = list(dict.fromkeys(w for words in near.values() for w in words))
    lines += draw_lines(UNKNOWN, misses, n_unknown // 2, voices, rng)
    lines += draw_lines(UNKNOWN, other_words(phrases), n_unknown - n_unknown // 2, voices, rng)
    speech = speak_all([(line.text, line.voice) for line in lines], sample_rate_hz, seed)
    longest = max(len(y) for line, y in zip(lines, speech.signals, strict=True) if line.label != UNKNOWN)
    longest_s = longest / sample_rate_hz
    duration_s = max(1.0, math.ceil(longest_s * 10) / 10) if duration_s is None else duration_s
    n_samples = round(duration_s * sample_rate_hz)
    labels = (*phrases, *([SILENCE] if n_silence else []), *([UNKNOWN] if n_unknown else []))
    rows = [(place(y, n_samples, rng), _recording(line)) for line, y in zip(lines, speech.signals, strict=True)]
    rows += [
        (_faint_noise(n_samples, rng), Recording(Path("noise", s), SILENCE, s, f"white noise ({s})"))
        for s, n in shares(n_silence).items()
        for _ in range(n)
    ]
    recordings = [r for _, r in rows]
    check_disjoint(recordings)
    too_long = Counter(line.label for line, y in zip(lines, speech.signals, strict=True) if len(y) > n_samples)
    notes = [NOTICE]
    notes += [f"{n} clips of {label} longer than {duration_s:g} s, cut" for label, n in sorted(too_long.items())]
    protocol = {
        "layout": "synthesised",
        "synthetic_speech": True,
        "synthesiser": speech.synthesiser,
        "split_rule": "by voice variant of the synthesiser, 70/10/20",
        "speaker_disjoint": "yes (voice variants; accents are shared)",
        "accents": list(ACCENTS),
        "silence": f"white noise, {SILENCE_DB[0]:g} to {SILENCE_DB[1]:g} dBFS",
        "unknown_words": dict(sorted(Counter(line.text for line in lines if line.label == UNKNOWN).items())),
        "near_misses": near,
        "counts": count_labels(recordings),
        "groups": count_groups(recordings),
        "longest_s": round(longest_s, 3),
        "seed": seed,
        "notes": notes,
    }
    clips = {s: _clips([row for row in rows if row[1].split == s], labels, sample_rate_hz) for s in SPLITS}
    return SyntheticWords(clips, labels, protocol, duration_s, longest_s)


def _check(phrases: Sequence[str], n_per_phrase: int) -> tuple[str, ...]:
    cleaned = tuple(" ".join(p.split()) for p in phrases)
    folded = {p.lower() for p in cleaned}
    if not cleaned or len(folded) < len(cleaned) or not all(cleaned) or folded & {SILENCE, UNKNOWN}:
        raise UsageError(mismatch("phrases to synthesise", "different phrases", repr(", ".join(phrases))))
    if n_per_phrase < MIN_PER_PHRASE:
        raise UsageError(mismatch("clips a phrase", f"at least {MIN_PER_PHRASE}", n_per_phrase))
    return cleaned


def place(y: np.ndarray, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Speech at a drawn level and place in a clip, 16 bit."""
    level = 10 ** (rng.uniform(*PEAK_DB) / 20) / np.max(np.abs(y))
    start = int(rng.integers(0, max(0, n_samples - len(y)), endpoint=True))
    y = fit_window(y, n_samples) if len(y) > n_samples else np.pad(y, (start, n_samples - len(y) - start))
    return to_int16(y * level)


def _faint_noise(n_samples: int, rng: np.random.Generator) -> np.ndarray:
    level = 10 ** (rng.uniform(*SILENCE_DB) / 20)
    return to_int16(rng.standard_normal(n_samples) * level)


def _recording(line: Line) -> Recording:
    return Recording(Path(ORIGIN, line.voice.name, line.text), line.label, line.split, line.voice.variant)


def _clips(rows: list[tuple[np.ndarray, Recording]], labels: tuple[str, ...], sample_rate_hz: int) -> Clips:
    index = {label: i for i, label in enumerate(labels)}
    return Clips(
        np.stack([x for x, _ in rows]),
        np.array([index[r.label] for _, r in rows], np.int64),
        tuple(r for _, r in rows),
        labels,
        sample_rate_hz,
        [NOTICE],
    )

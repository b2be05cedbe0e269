"""A few test clips to listen to, clean and in noise, with what the models made of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from drsn_keras.errors import DataError
from drsn_keras.noise import mix_at_snr

from ..audio import to_float
from ..conditions import CLEAN, sources_of
from ..config import KeywordConfig
from ..corpus import Corpus
from ..evaluate import Candidate
from ..features import BatchFeatures
from ..recordings import SILENCE, UNKNOWN
from ..vibration.config import VibrationConfig

WORDS = 4
SNRS_DB = (10.0, 0.0, -5.0)


@dataclasses.dataclass(frozen=True, eq=False)
class SoundExample:
    """One sound and the verdicts on it; examples of one title belong together.

    Parameters
    ----------
    title : str
        The clip, the same for its clean and its mixed forms.
    label : str
        What was said.
    snr_db : float
        Infinite for clean.
    noise : str
        ``none`` for clean.
    y : np.ndarray [shape=(n_samples,), float32]
        As the models heard it; a mix may exceed [-1, 1].
    sample_rate_hz : int
    predictions : {scheme: (label, probability)}
    """

    title: str
    label: str
    snr_db: float
    noise: str
    y: np.ndarray
    sample_rate_hz: int
    predictions: Mapping[str, tuple[str, float]]


def pick_sounds(
    corpus: Corpus,
    config: KeywordConfig | VibrationConfig,
    candidates: Sequence[Candidate],
    noises: Sequence[str],
    seed: int,
) -> list[SoundExample]:
    """A few words or states of the test part: clean, then the same at 10, 0 and -5 dB, each level in another noise.

    The seed alone chooses words, clips and noises, so that no verdict has a say in what is shown.

    Parameters
    ----------
    noises : names as in :func:`drsn_keras.training.evaluate.evaluate`; where there are none, clean clips only
    """
    rng = np.random.default_rng([seed, 0x50D])
    clips = corpus.clips("test")
    # A sensor that is off is a constant, not always a zero.
    loud = np.array([bool(x.max() > x.min()) for x in clips.x])
    words = [i for i, label in enumerate(corpus.labels) if label not in {SILENCE, UNKNOWN}]
    words = [i for i in words if np.any(loud & (clips.y == i))]
    turn = list(rng.permutation(list(noises))) if noises else []
    found: list[tuple[str, str, float, str, np.ndarray]] = []
    for word in sorted(rng.permutation(words)[:WORDS]):
        row = int(rng.choice(np.flatnonzero(loud & (clips.y == word))))
        label, y = corpus.labels[word], to_float(clips.x[row])
        title = f"{label} · {clips.recordings[row].group}"
        found.append((title, label, float("inf"), CLEAN, y))
        for snr_db in SNRS_DB if turn else ():
            noise, mixed = _mixed(corpus, y, turn, snr_db, rng)
            if noise is not None:
                found.append((title, label, snr_db, noise, mixed))
    if not found:
        return []
    x = BatchFeatures(config.spec)(np.stack([y for *_, y in found]))
    verdicts = [_verdicts(c, x, corpus.labels) for c in candidates]
    rate = corpus.sample_rate_hz
    several = len({c.model for c in candidates}) > 1
    names = [f"{c.model}, {c.scheme}" if several else c.scheme for c in candidates]
    return [
        SoundExample(*example, rate, {name: v[i] for name, v in zip(names, verdicts, strict=True)})
        for i, example in enumerate(found)
    ]


def _mixed(
    corpus: Corpus, y: np.ndarray, turn: list[str], snr_db: float, rng: np.random.Generator
) -> tuple[str | None, np.ndarray]:
    """Mix with the next noise in turn; one that happens to be silent is passed over."""
    for _ in range(len(turn)):
        name = str(turn.pop(0))
        turn.append(name)
        sources = sources_of(corpus, name, "test")
        noise = sources[int(rng.integers(len(sources)))](rng, len(y), corpus.sample_rate_hz)
        try:
            return name, mix_at_snr(y, noise, snr_db)[0]
        except DataError:
            continue
    return None, y


def _verdicts(candidate: Candidate, x: np.ndarray, labels: Sequence[str]) -> list[tuple[str, float]]:
    p = candidate.predict(x)
    return [(labels[int(row.argmax())], float(row.max())) for row in p]

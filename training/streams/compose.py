"""Compose a stream scene by scene: a function of the seed alone, of any length in the memory of one scene."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..audio import to_float
from ..recordings import SPLITS
from .composition import KINDS, NOISE, QUIET, WORDS, Composition
from .material import Material
from .word_bounds import word_bounds

#: Loudest sample of a scene.
_PEAK = 10.0 ** (-1.0 / 20.0)
#: A clip begins and ends without a click.
_FADE_S = 0.01
#: Of the noise under a word no more than this much below its mean [dB] counts: a recording may pause.
_PAUSE_DB = 20.0
#: What is kept of a clip before and after a word of other speech.
_MARGIN_S = 0.05


@dataclasses.dataclass(frozen=True)
class PlacedWord:
    """A word in a stream: where it is spoken [samples of the stream], and how far above the noise [dB]."""

    label: str
    start: int
    stop: int
    snr_db: float
    clip: int
    clip_start: int
    clip_stop: int
    scene: int


@dataclasses.dataclass(frozen=True)
class Scene:
    """A stretch of the stream, samples ``start`` to ``stop``; ``noise`` is empty where there is none.

    ``keywords`` are the words of the task in it, ``others`` its other speech.
    """

    index: int
    kind: str
    noise: str
    start: int
    stop: int
    keywords: tuple[PlacedWord, ...] = ()
    others: tuple[PlacedWord, ...] = ()


class _Deck:
    """Draws without putting back; shuffled anew when it is empty, so that all come equally often."""

    def __init__(self, cards: Sequence, rng: np.random.Generator) -> None:
        self._cards, self._rng, self._left = list(cards), rng, []

    def draw(self):
        if not self._left:
            self._left = [self._cards[i] for i in self._rng.permutation(len(self._cards))]
        return self._left.pop()


def compose(
    material: Material, composition: Composition, hours: float, seed: int
) -> Iterator[tuple[Scene, np.ndarray]]:
    """Scenes of a stream and their samples [float32], one after the other, until there are ``hours`` of them.

    Clips, noises and kinds of scenes are drawn without putting back: none is heard a second time before all were.
    """
    rng = np.random.default_rng([seed, 0x57, SPLITS.index(material.split)])
    kinds = _Deck([kind for kind, n in zip(KINDS, composition.rounds, strict=True) for _ in range(n)], rng)
    noises = _Deck(sorted(material.noises), rng)
    clean = _Deck(_clean_cards(composition), rng)
    decks = {True: _Deck(material.keywords, rng), False: _Deck(material.others, rng)}
    wanted = hours * 3600.0 * material.sample_rate_hz
    start = index = 0
    while start < wanted:
        kind = kinds.draw()
        n = round(rng.uniform(*composition.scene_s) * material.sample_rate_hz)
        if kind == QUIET:
            y = rng.standard_normal(n, np.float32) * np.float32(_gain(rng.uniform(*composition.quiet_level_db)))
            scene = Scene(index, kind, "", start, start + n)
        else:
            noise = "" if kind != NOISE and clean.draw() else noises.draw()
            writer = _Writer(material, composition, rng, n, noise)
            scene, y = writer.scene(index, kind, start, decks[kind == WORDS])
        yield scene, y
        start, index = scene.stop, index + 1


def _clean_cards(composition: Composition) -> list[bool]:
    n = round(20 * composition.clean)
    return [True] * n + [False] * (20 - n)


def _gain(level_db: float) -> float:
    return 10.0 ** (level_db / 20.0)


class _Writer:
    """Composes one scene with sound."""

    def __init__(
        self, material: Material, composition: Composition, rng: np.random.Generator, n: int, noise: str
    ) -> None:
        self.material, self.composition, self.rng = material, composition, rng
        rate = material.sample_rate_hz
        self.noise = noise
        # Of mean power 1, so that an SNR is a word's power.
        self.background = np.zeros(n, np.float32)
        if noise:
            y = material.noises[noise](rng, n, rate)
            self.background = (y / math.sqrt(np.mean(np.square(y, dtype=np.float64)))).astype(np.float32)
        self.fade = max(1, round(_FADE_S * rate))

    def scene(self, index: int, kind: str, start: int, deck: _Deck) -> tuple[Scene, np.ndarray]:
        """Draw what is in it; the level comes last, as high as the loudest sample lets it."""
        words: list[PlacedWord] = []
        places = ("start", "stop", "clip_start", "clip_stop")
        y = self.background.copy()
        if kind != NOISE:
            for word, clip, at in self._words(index, kind, deck):
                y[at : at + len(clip)] += clip
                words.append(dataclasses.replace(word, **{name: start + getattr(word, name) for name in places}))
        level_db = self._level_db(kind)
        peak = float(np.max(np.abs(y)))
        y *= np.float32(min(_gain(level_db), _PEAK / max(peak, 1e-9)))
        keywords, others = (words, ()) if kind == WORDS else ((), words)
        return Scene(index, kind, self.noise, start, start + len(y), tuple(keywords), tuple(others)), y

    def _level_db(self, kind: str) -> float:
        """Of the scene's noise of power 1 [dBFS], or of a word at 0 dB where there is none."""
        if kind == NOISE:
            return self.rng.uniform(*self.composition.noise_level_db)
        level_db = self.rng.uniform(*self.composition.speech_level_db)
        return level_db - (sum(self.composition.noisy_snr_db) / 2 if self.noise else 0.0)

    def _words(self, index: int, kind: str, deck: _Deck) -> Iterator[tuple[PlacedWord, np.ndarray, int]]:
        """Words (their places from the scene's start), scaled clips, and where these go."""
        rate, clips = self.material.sample_rate_hz, self.material.clips
        gap_s = self.composition.word_gap_s if kind == WORDS else self.composition.speech_gap_s
        at = round(self.rng.uniform(*gap_s) * rate)
        while at + clips.x.shape[1] <= len(self.background):
            row = int(deck.draw())
            clip = to_float(clips.x[row])
            first, last = word_bounds(clip, rate)
            cut = slice(0, len(clip))
            if kind != WORDS:
                cut = slice(max(0, first - round(_MARGIN_S * rate)), last + round(_MARGIN_S * rate))
            snr_db = self.rng.uniform(*self.composition.noisy_snr_db) if self.noise else math.inf
            scaled = self._scaled(clip, cut, at, snr_db)
            label = clips.labels[clips.y[row]]
            spoken = at - cut.start + first, at - cut.start + last
            yield PlacedWord(label, *spoken, snr_db, row, at, at + len(scaled), index), scaled, at
            at += len(scaled) + round(self.rng.uniform(*gap_s) * rate)

    def _scaled(self, clip: np.ndarray, cut: slice, at: int, snr_db: float) -> np.ndarray:
        """The clip's part, faded in and out, at its SNR over the noise under it; of power 1 where there is none."""
        y = clip[cut].copy()
        ramp = np.linspace(0.0, 1.0, self.fade, dtype=np.float32)
        y[: self.fade] *= ramp[: len(y)]
        y[-self.fade :] *= ramp[::-1][-len(y) :]
        # Of a part, too, the whole clip's power counts.
        power = float(np.mean(np.square(y if len(y) == len(clip) else clip, dtype=np.float64)))
        wanted = 1.0
        if self.noise:
            under = float(np.mean(np.square(self.background[at : at + len(y)], dtype=np.float64)))
            wanted = max(under, 10.0 ** (-_PAUSE_DB / 10.0)) * 10.0 ** (snr_db / 10.0)
        return y * np.float32(math.sqrt(wanted / max(power, 1e-20)))

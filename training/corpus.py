"""All that a keyword training hears, split by split: clips of speech, recorded noise, generated noise."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import resolved
from drsn_keras.noise import BabbleNoise, NoiseSource, RecordedNoise, make_noise

from .clips import Clips, load_clips
from .config import KeywordConfig
from .datasets import open_dataset
from .extra_speech import add_extra_speech, is_made
from .made_silence import add_silence
from .noise_recordings import NoiseSignals, find_noise, read_noise
from .prepared.folder import is_prepared
from .recordings import SILENCE, SPLITS, UNKNOWN, Dataset, Recording
from .split_list import list_clips, list_files

#: Seconds of each generated noise that training draws from.
BANK_SECONDS = 60
#: Synthetic clips of other words, in multiples of one keyword's clips.
_UNKNOWN_PER_WORD = 3
#: Clips of speech that babble is made of.
_BABBLE_CLIPS = 200


@dataclasses.dataclass
class Corpus:
    """Data of one keyword task; parts are read when they are first asked for.

    Parameters
    ----------
    labels : tuple of str
    sample_rate_hz : int
    n_samples : int
        Length of a clip.
    protocol : dict
        How the data was divided, for the model card.
    read : split -> Clips
    noise_parts : tuple of Recording
        Recorded noise of all splits.
    noise_kinds : tuple of str
        Generated noises for training.
    synthetic : bool
        The speech was spoken by a synthesiser.
    listing : rows (split, label, group, file, what identifies the content), without reading recordings
    noise_notes : tuple of str
        Which collections of noise were recognised.
    """

    labels: tuple[str, ...]
    sample_rate_hz: int
    n_samples: int
    protocol: dict[str, Any]
    read: Callable[[str], Clips]
    noise_parts: tuple[Recording, ...]
    noise_kinds: tuple[str, ...]
    synthetic: bool
    listing: Callable[[], list[tuple[str, ...]]] = list
    noise_notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.clips = functools.lru_cache(maxsize=None)(self._clips)
        self._read_splits: list[str] = []
        self.recorded = functools.lru_cache(maxsize=None)(self._recorded)

    def _clips(self, split: str) -> Clips:
        clips = self.read(split)
        self._read_splits = sorted({*self._read_splits, split}, key=SPLITS.index)
        if not len(clips):
            raise DataError(mismatch(f"{split} part", "at least one clip", "none"))
        return clips

    def _recorded(self, split: str) -> dict[str, list[np.ndarray]]:
        if not any(part.split == split for part in self.noise_parts):
            return {}
        return read_noise(self.noise_parts, self.sample_rate_hz, split, required=split == "train")

    def describe(self) -> str:
        """One line about what was found, and what a user should know is missing."""
        counts = {split: self.clips(split) for split in SPLITS}
        n = "/".join(str(len(clips)) for clips in counts.values())
        groups = "/".join(str(len({r.group for r in clips.recordings})) for clips in counts.values())
        line = f"{len(self.labels)} classes ({', '.join(self.labels)}), clips {n} and groups {groups} in train/val/test"
        line += f", {len(self.recorded('train'))} recorded noises"
        if self.protocol.get("speaker_disjoint") == "unknown":
            line += "; speakers are unknown (see --group-regex): scores will be too good"
        if extra := self.protocol.get("synthetic_training"):
            line += f"; {extra['share']}"
        if UNKNOWN not in self.labels:
            line += "; no _unknown_: every other word will be taken for one of these"
        return line

    def read_all(self) -> None:
        """Read everything now: what is wrong with any part is found before hours of training, not after."""
        for split in SPLITS:
            self.clips(split)
            self.recorded(split)
        for name in self.noise_kinds:
            self.source(name, "train")

    def source(self, name: str, split: str) -> NoiseSource:
        """One kind of noise as a source: a generator, babble of this split's speech, or a recording's part."""
        if name in self.recorded(split):
            return RecordedNoise(name, self.recorded(split)[name], self.sample_rate_hz)
        if name == "babble":
            # Of people other than those who are tested: a clip must not be part of its own noise.
            clips = self.clips("val" if split == "test" else split)
            speech = [i for i, y in enumerate(clips.y) if clips.labels[y] != SILENCE]
            # Of people, where there are any: babble stays what it is without synthetic speech.
            speech = [i for i in speech if not is_made(clips.recordings[i])] or speech
            chosen = np.random.default_rng(0).permutation(speech)[:_BABBLE_CLIPS]
            return BabbleNoise([clips.x[i].astype(np.float32) / 32768.0 for i in chosen], self.sample_rate_hz)
        return make_noise(name)

    def training_noise(self, rng: np.random.Generator) -> dict[str, list[np.ndarray]]:
        """Signals of every kind that training mixes in: the recordings' train parts, and generated ones."""
        signals = dict(self.recorded("train"))
        piece_s = 2
        for name in self.noise_kinds:
            source = self.source(name, "train")
            size = piece_s * self.sample_rate_hz
            signals[name] = [source(rng, size, self.sample_rate_hz) for _ in range(BANK_SECONDS // piece_s)]
        return signals

    def count(self, split: str) -> int:
        """Clips of a part."""
        return len(self.clips(split))

    @property
    def training_noise_names(self) -> list[str]:
        """Kinds that training mixes in, in the order of :meth:`training_noise`."""
        return list(dict.fromkeys([*self.recorded("train"), *self.noise_kinds]))

    def heard_in_training(self, name: str) -> bool:
        """Whether training mixed in this kind of noise (other parts of it, where it is recorded)."""
        return name in self.noise_kinds or name in {p.label for p in self.noise_parts if p.split == "train"}

    @property
    def notes(self) -> list[str]:
        """What was left out when the data was found, and converted or left out while reading the parts read so far."""
        parts: dict[str, list[str]] = {}
        for split in self._read_splits:
            for note in self._read_notes(split):
                parts.setdefault(note, []).append(split)
        everywhere = len(self._read_splits)
        read = [n if len(found) == everywhere else f"{', '.join(found)}: {n}" for n, found in parts.items()]
        return list(dict.fromkeys([*self.protocol.get("notes", ()), *self.noise_notes, *read]))

    def _read_notes(self, split: str) -> list[str]:
        clips = self.clips(split)
        noise = self.recorded(split)
        return [*clips.notes, *(noise.notes if isinstance(noise, NoiseSignals) else [])]


def open_corpus(config: KeywordConfig, *, progress: bool = False) -> Corpus:
    """Find (and for recordings: not yet read) the data of a configuration.

    Raises
    ------
    DataError, SplitError
        One line naming the file or folder, what was expected and what came.
    """
    spec = config.spec
    if config.synthesize:
        corpus = _synthetic(config)
        corpus.noise_parts, corpus.noise_notes = add_noise((), config, corpus.protocol)
    elif is_prepared(Path(config.data)):
        from .prepared.corpus import open_prepared

        return open_prepared(config)
    else:
        dataset, noise_notes = find_data(config)
        labels, read_part = dataset.labels, dataset.part

        def read(split: str) -> Clips:
            return load_clips(
                read_part(split),
                labels,
                spec.sample_rate_hz,
                spec.n_samples,
                progress=progress,
                skip_bad=config.skip_bad,
            )

        corpus = Corpus(
            labels=labels,
            sample_rate_hz=spec.sample_rate_hz,
            n_samples=spec.n_samples,
            protocol=dataset.protocol,
            read=read,
            listing=lambda: list_files([r for split in SPLITS for r in read_part(split)], Path(config.data)),
            noise_parts=dataset.background,
            noise_kinds=config.noise_kinds,
            synthetic=False,
            noise_notes=noise_notes,
        )
    check_classes(corpus.labels)
    if config.synthesize_extra:
        add_extra_speech(corpus, config.synthesize_extra, config.seed)
    if SILENCE not in corpus.labels:
        add_silence(corpus, config.seed)
    return corpus


def find_data(config: KeywordConfig) -> tuple[Dataset, tuple[str, ...]]:
    """The recordings of a configuration, all its noise among their background; which collections of noise were found.

    Raises
    ------
    DataError, SplitError
    """
    dataset = open_dataset(
        Path(config.data),
        Path(config.manifest) if config.manifest else None,
        keywords=config.keywords or None,
        seed=config.seed,
        group_regex=config.group_regex,
        resplit=config.resplit,
        duration_s=config.spec.duration_s,
    )
    background, notes = add_noise(dataset.background, config, dataset.protocol)
    return dataclasses.replace(dataset, background=background), notes


def add_noise(
    background: tuple[Recording, ...], config: KeywordConfig, protocol: dict[str, Any]
) -> tuple[tuple[Recording, ...], tuple[str, ...]]:
    """Recordings of the configuration's folders of noise, and those that lie with the data; which were recognised."""
    if not config.noise:
        return background, ()
    manifest = Path(config.manifest) if config.manifest else None
    given = find_noise([Path(folder) for folder in config.noise], manifest)
    files = {resolved(part.path) for part in given}
    if given.notes:
        protocol["noise"] = [note.removeprefix("noise: ") for note in given.notes]
    # Noise that lies with the data is mixed in too; a file reached both ways counts once.
    return (*given, *(part for part in background if resolved(part.path) not in files)), given.notes


def check_classes(labels: tuple[str, ...]) -> None:
    words = [label for label in labels if label not in {SILENCE, UNKNOWN}]
    if len(labels) < 2 or not words:
        raise DataError(mismatch("classes", "at least two, one of them a keyword", ", ".join(labels) or "none"))


def _synthetic(config: KeywordConfig) -> Corpus:
    from .synthesis import synthesize_words

    spec = config.spec
    speech = synthesize_words(
        config.synthesize,
        config.utterances,
        config.seed,
        spec.sample_rate_hz,
        duration_s=spec.duration_s,
        n_unknown=config.utterances * min(len(config.synthesize), _UNKNOWN_PER_WORD),
    )
    return Corpus(
        labels=speech.labels,
        sample_rate_hz=spec.sample_rate_hz,
        n_samples=spec.n_samples,
        protocol=speech.protocol,
        read=speech.part,
        listing=lambda: list_clips([speech.part(split) for split in SPLITS]),
        noise_parts=(),
        noise_kinds=config.noise_kinds,
        synthetic=True,
    )

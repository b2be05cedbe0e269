"""What goes into which shard: the recordings of a task, and made clips of silence, dealt in a seeded random order."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from ..audio import file_frames, file_rate_hz
from ..config import KeywordConfig
from ..corpus import check_classes, find_data
from ..made_silence import silence_clips, with_silence
from ..noise_recordings import MIN_PART_S
from ..recordings import SILENCE, SPLITS, Recording, of_split
from .folder import FORMAT
from .tfrecord import SQUEEZED, STORED

#: Longest piece of recorded noise [s].
PIECE_S = 10.0
_SEED = 0x5AD
#: Options that change nothing in a shard without unreadable files.
_FREE = {"skip_bad"}


@dataclasses.dataclass(frozen=True)
class ShardPlan:
    """One shard to make.

    Parameters
    ----------
    file : str
    split : str
    items : tuple of Recording or int
        In the order of the records; an int is the number of a clip of silence that is made.
    """

    file: str
    split: str
    items: tuple[Recording | int, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """All of a preparation.

    Parameters
    ----------
    config : KeywordConfig
        Where the data is, how it is divided, the window.
    labels : tuple of str
    recordings : split -> list of Recording
    silence : split -> int
        Clips of silence to make.
    noise : split -> list of Recording
        Pieces of at most :data:`PIECE_S`.
    protocol, noise_notes : as of a :class:`~drsn_keras.training.corpus.Corpus`
    shard_bytes : int
        Of samples in a shard, before compression.
    compressed : bool
    """

    config: KeywordConfig
    labels: tuple[str, ...]
    recordings: dict[str, list[Recording]]
    silence: dict[str, int]
    noise: dict[str, list[Recording]]
    protocol: dict[str, Any]
    noise_notes: tuple[str, ...]
    shard_bytes: int
    compressed: bool

    @property
    def clips_per_shard(self) -> int:
        """Clips in every shard but the last of a split."""
        return max(1, self.shard_bytes // (2 * self.config.spec.n_samples))

    def clip_shards(self, split: str) -> Iterator[ShardPlan]:
        """The shards of a split: whichever comes first is as good a sample of it as any."""
        yield from self._dealt(split, self.recordings[split], self.silence[split], self.clips_per_shard, "")

    def noise_shards(self, split: str) -> Iterator[ShardPlan]:
        """The shards of a split's recorded noise."""
        pieces = max(1, int(self.shard_bytes // (2 * PIECE_S * self.config.spec.sample_rate_hz)))
        yield from self._dealt(split, self.noise[split], 0, pieces, "noise-")

    def noise_kinds(self, split: str) -> tuple[str, ...]:
        """Kinds of recorded noise of a split, sorted."""
        return tuple(sorted({piece.label for piece in self.noise[split]}))

    @property
    def shards(self) -> int:
        """How many shards there are in all."""
        return sum(1 for split in SPLITS for one in (self.clip_shards, self.noise_shards) for _ in one(split))

    @property
    def level(self) -> int:
        """Of compression."""
        return SQUEEZED if self.compressed else STORED

    @property
    def made_from(self) -> dict[str, Any]:
        """The options that decide what is in the shards."""
        c = self.config
        return {
            **{"data": c.data, "manifest": c.manifest, "noise": list(c.noise), "keywords": list(c.keywords)},
            **{"group_regex": c.group_regex, "resplit": c.resplit, "skip_bad": c.skip_bad, "seed": c.seed},
            **{"duration": c.spec.duration_s, "shard_mb": round(self.shard_bytes / 1e6, 6)},
            "uncompressed": not self.compressed,
        }

    def identity(self) -> dict[str, Any]:
        """What must be the same for a preparation that goes on."""
        options = {name: value for name, value in self.made_from.items() if name not in _FREE}
        digest = hashlib.sha256()
        for split in SPLITS:
            for r in (*self.recordings[split], self.silence[split], *self.noise[split]):
                digest.update(f"{r!r}\n".encode(errors="surrogateescape"))
        return {"format": FORMAT, **options, "recordings": digest.hexdigest()}

    def _dealt(
        self, split: str, recordings: Sequence[Recording], made: int, size: int, prefix: str
    ) -> Iterator[ShardPlan]:
        n = len(recordings)
        order = np.random.default_rng([self.config.seed, _SEED, SPLITS.index(split)]).permutation(n + made)
        for number, start in enumerate(range(0, len(order), size)):
            chosen = order[start : start + size].tolist()
            items = tuple(recordings[i] if i < n else i - n for i in chosen)
            yield ShardPlan(f"{prefix}{split}-{number:06d}.tfrecord", split, items)


def make_plan(config: KeywordConfig, shard_mb: float, compressed: bool = True) -> Plan:
    """Find the recordings of a configuration and decide where each goes; nothing is read but headers of noise.

    Raises
    ------
    DataError, SplitError, UsageError
    """
    if not 0.01 <= shard_mb <= 2000:
        raise UsageError(mismatch("--shard-mb", "0.01 to 2000", f"{shard_mb:g}"))
    dataset, noise_notes = find_data(config)
    check_classes(dataset.labels)
    recordings = {split: dataset.part(split) for split in SPLITS}
    silence, labels = dict.fromkeys(SPLITS, 0), dataset.labels
    if SILENCE not in labels:
        silence = {split: silence_clips(len(recordings[split]), len(labels)) for split in SPLITS}
        labels = with_silence(labels)
    return Plan(
        config=config,
        labels=labels,
        recordings=recordings,
        silence=silence,
        noise={s: [p for r in of_split(dataset.background, s) for p in _pieces(r)] for s in SPLITS},
        protocol=dataset.protocol,
        noise_notes=noise_notes,
        shard_bytes=round(shard_mb * 1e6),
        compressed=compressed,
    )


def _pieces(r: Recording) -> list[Recording]:
    """Equal stretches of a part of a recording, none longer than :data:`PIECE_S`; none if it is too short for use."""
    frames = file_frames(r.path)
    rate, n = file_rate_hz(r.path), (frames if r.stop is None else r.stop) - r.start
    if n < MIN_PART_S * rate:
        return []
    count = -(-n // round(PIECE_S * rate))
    places = [r.start + n * i // count for i in range(count + 1)]
    return [dataclasses.replace(r, start=a, stop=b) for a, b in itertools.pairwise(places)]

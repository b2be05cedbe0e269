"""Make one shard: read its recordings, cut them to the window, write the records and the list of their names."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import functools
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError
from drsn_keras.files import write_atomically
from drsn_keras.noise import NoiseSource, RecordedNoise, make_noise

from ..audio import read_audio, to_int16
from ..clips import read_into
from ..made_silence import silence_clip, silence_sources
from ..recordings import SILENCE, SPLITS, Recording
from ..split_list import list_files
from .folder import NoisePart, Shard
from .noise import read_noise_part
from .plan import ShardPlan
from .records import encode
from .tfrecord import SQUEEZED, file_sha256, write_records

COLUMNS = ("label", "group", "file", "content")
#: Recorded noise that silence is made of: 20 MB.
_SILENCE_NOISE_S = 300.0
_SEED = 0x51


@dataclasses.dataclass(frozen=True)
class ShardTask:
    """All that it takes to make clip shards of one split; the same for every shard.

    Parameters
    ----------
    folder, root : Path
        Where shards go, and what names are below.
    labels : tuple of str
        Of clips, or kinds of noise.
    sample_rate_hz, n_samples : int
        ``n_samples`` is 0 for noise, whose pieces keep their length.
    seed : int
    noise : NoisePart
        What silence is made of.
    noise_kinds : tuple of str
        Generated noise, where nothing is recorded.
    skip_bad : bool
    level : int
        Of :func:`~drsn_keras.training.prepared.tfrecord.write_records`.
    """

    folder: Path
    root: Path
    labels: tuple[str, ...]
    sample_rate_hz: int
    n_samples: int
    seed: int
    noise: NoisePart = dataclasses.field(default_factory=NoisePart)
    noise_kinds: tuple[str, ...] = ()
    skip_bad: bool = False
    level: int = SQUEEZED


@dataclasses.dataclass(frozen=True)
class MadeShard:
    """A shard that is there, and what there is to say about it.

    Parameters
    ----------
    shard : Shard
    source : str
        Hash of what it was made from: names, sizes and times of the files.
    facts : counts of what was converted, as :func:`drsn_keras.training.clips.fact_notes` takes them
    bad : tuple of str
        Errors of the files that were left out.
    seconds : dict
        Of each kind of noise.
    """

    shard: Shard
    source: str
    facts: dict[str, int]
    bad: tuple[str, ...] = ()
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)


def make_shard(task: ShardTask, plan: ShardPlan, made: MadeShard | None = None) -> MadeShard:
    """Write a shard; one that was ``made`` before of the same files, and is whole, stays.

    Raises
    ------
    DataError
        Naming the first unreadable file and the number of others in this shard.
    """
    rows = _rows(task, plan)
    names = _csv(rows)
    facts = [names, *_times(plan), *_heard(task, plan)]
    source = hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()
    if made is not None and made.source == source and (task.skip_bad or not made.bad) and is_whole(task.folder, made):
        return made
    facts, bad, seconds, kept = Counter(), [], Counter(), []

    def records() -> Iterator[bytes]:
        for row, item in enumerate(plan.items):
            try:
                samples, found = _samples(task, plan.split, item)
            except DataError as error:
                bad.append(str(error))
                continue
            facts.update(found)
            if samples is None:
                continue
            label = _label(item)
            kept.append(rows[row])
            seconds[label] += len(samples) / task.sample_rate_hz
            yield encode(task.labels.index(label), samples)

    path = task.folder / plan.file
    size, sha256 = write_records(path, records(), task.level)
    if bad and not task.skip_bad:
        path.unlink()
        more = f" (and {len(bad) - 1} more unreadable files with it)" if len(bad) > 1 else ""
        raise DataError(f"{bad[0]}{more}")
    names = _csv(kept).encode("utf-8", "surrogateescape")
    shard = Shard(plan.file, len(kept), size, sha256, hashlib.sha256(names).hexdigest())
    write_atomically(task.folder / shard.names, names)
    return MadeShard(shard, source, dict(facts), tuple(bad), {k: round(s, 3) for k, s in sorted(seconds.items())})


def is_whole(folder: Path, made: MadeShard) -> bool:
    """Whether a shard and its list of names are there with the checksums that they had."""
    with contextlib.suppress(OSError):
        return (
            file_sha256(folder / made.shard.file) == made.shard.sha256
            and file_sha256(folder / made.shard.names) == made.shard.names_sha256
        )
    return False


def _samples(task: ShardTask, split: str, item: Recording | int) -> tuple[np.ndarray | None, Counter[str]]:
    if isinstance(item, int):
        rng = np.random.default_rng([task.seed, _SEED, SPLITS.index(split), item])
        return silence_clip(_silence_sources(task), rng, task.n_samples, task.sample_rate_hz), Counter()
    if task.n_samples:
        row = np.empty(task.n_samples, np.int16)
        return row, read_into(row, item, task.sample_rate_hz)
    audio = read_audio(item.path, task.sample_rate_hz, item.start, item.stop)
    samples = to_int16(audio.y)
    if not samples.any():
        return None, Counter(["silent"])
    resampled, stereo = audio.source_rate_hz != task.sample_rate_hz, audio.source_channels > 1
    return samples, Counter([*["resampled"] * resampled, *["stereo"] * stereo])


@functools.lru_cache(maxsize=1)
def _silence_sources(task: ShardTask) -> list[NoiseSource]:
    rate = task.sample_rate_hz
    recorded = read_noise_part(task.folder, task.noise, rate, _SILENCE_NOISE_S) if task.noise.shards else {}
    names = silence_sources(recorded, task.noise_kinds)
    return [RecordedNoise(n, recorded[n], rate) if n in recorded else make_noise(n) for n in names]


def _label(item: Recording | int) -> str:
    return SILENCE if isinstance(item, int) else item.label


def _rows(task: ShardTask, plan: ShardPlan) -> list[tuple[str, ...]]:
    """Label, group, file and content of every item, as they stand in a run's splits.csv."""
    files = iter(list_files([item for item in plan.items if not isinstance(item, int)], task.root))
    made = f"noise ({plan.split})"
    return [
        (SILENCE, made, f"noise/{plan.split}", f"made {item}") if isinstance(item, int) else next(files)[1:]
        for item in plan.items
    ]


def _times(plan: ShardPlan) -> Iterator[str]:
    for item in plan.items:
        with contextlib.suppress(OSError):
            yield "" if isinstance(item, int) else str(item.path.stat().st_mtime_ns)


def _heard(task: ShardTask, plan: ShardPlan) -> Iterator[str]:
    """The noise that made silence is cut from."""
    if any(isinstance(item, int) for item in plan.items):
        yield from (shard.sha256 for shard in task.noise.shards)
        yield from task.noise_kinds


def _csv(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()

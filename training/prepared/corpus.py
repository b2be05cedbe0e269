"""Prepared data as a corpus: bounded samples of it in memory, whatever its size."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, DrsnError, UsageError, mismatch

from ..clips import Clips
from ..config import KeywordConfig
from ..corpus import Corpus
from ..noise_recordings import NoiseSignals
from ..recordings import SPLITS, UNKNOWN, Recording
from .folder import Prepared, Shard, read_prepared
from .noise import noise_share, read_noise_part
from .records import decode
from .tfrecord import read_records

#: Clips of one second that are read into memory: of the training part for ranges, babble and noise levels; of the
#: others to judge by. Of longer windows fewer, so that they take no more memory.
MOST_CLIPS = {"train": 1_000, "val": 1_000, "test": 10_000}
#: Recorded noise that is read into memory [s]: a quarter of an hour in all, evaluation apart.
MOST_NOISE_S = {"train": 720.0, "val": 180.0, "test": 300.0}
#: Options of ``drsn-train keywords`` that ``drsn-train prepare`` has settled.
SETTLED = ("manifest", "noise", "keywords", "group_regex", "resplit", "skip_bad", "synthesize_extra")


@dataclasses.dataclass
class PreparedCorpus(Corpus):
    """A corpus whose clips are in shards.

    ``clips`` of any part are a sample that fits into memory, :meth:`count` tells how many there are; what trains on
    all of them streams the shards (:class:`~drsn_keras.training.prepared.batches.PreparedBatches`).

    Parameters
    ----------
    prepared : Prepared
    data_service : str, optional
        HOST:PORT of a dispatcher whose workers make the batches.
    failure : list
        What went wrong while batches were made, which TensorFlow wraps into an error of its own.
    """

    prepared: Prepared | None = None
    data_service: str | None = None
    failure: list[DrsnError] = dataclasses.field(default_factory=list)

    def count(self, split: str) -> int:
        """Clips of a part, on disk."""
        return self.prepared.count(split)

    def _recorded(self, split: str) -> dict[str, list[np.ndarray]]:
        part = self.prepared.noise[split]
        if not part.shards:
            return {}
        most_s = MOST_NOISE_S[split]
        signals = read_noise_part(self.prepared.folder, part, self.sample_rate_hz, most_s)
        notes = []
        if sum(part.seconds) > most_s:
            share = noise_share(part, most_s)
            notes = [
                f"noise: of {sum(part.seconds) / 3600:.1f} h of {len(part.kinds)} kinds {most_s / 60:g} minutes used, "
                f"at most {share:.1f} s of a kind"
            ]
        seconds = {n: round(sum(map(len, s)) / self.sample_rate_hz, 2) for n, s in signals.items()}
        return NoiseSignals(signals, self.sample_rate_hz, {"split": split, "seconds": seconds, "notes": notes})

    def heard_in_training(self, name: str) -> bool:
        """Whether training mixed in this kind of noise (other parts of it, where it is recorded)."""
        return name in self.noise_kinds or name in self.prepared.noise["train"].kinds

    def describe(self) -> str:
        """One line about what is there, and what a user should know is missing."""
        n = "/".join(f"{self.count(split):,}" for split in SPLITS)
        line = f"{len(self.labels)} classes ({_some(self.labels)}), prepared clips {n} in train/val/test"
        line += f", {len(self.prepared.noise['train'].kinds)} recorded noises"
        if self.protocol.get("speaker_disjoint") == "unknown":
            line += "; speakers are unknown (see --group-regex): scores will be too good"
        if UNKNOWN not in self.labels:
            line += "; no _unknown_: every other word will be taken for one of these"
        return line

    def explain(self, error: Exception) -> DrsnError | None:
        """What an error of a training on this data means, where it is the data's."""
        from .batches import explained

        return self.failure[-1] if self.failure else explained(error)

    def read_all(self) -> None:
        """Read what training will hold in memory; of the rest it has been seen that it is there."""
        for split in ("train", "val"):
            self.clips(split)
            self.recorded(split)
        for name in self.noise_kinds:
            self.source(name, "train")


def open_prepared(config: KeywordConfig) -> PreparedCorpus:
    """The prepared data that a configuration names.

    Raises
    ------
    DataError
        Missing or damaged files; another window than the shards have.
    UsageError
        Options that were settled when the data was prepared.
    """
    folder = Path(config.data)
    for name in SETTLED:
        if getattr(config, name):
            option = f"--{name.replace('_', '-')}"
            raise UsageError(
                f"{option}: expected where the data is prepared (drsn-train prepare), got it with {folder}"
            )
    prepared = read_prepared(folder)
    spec = config.spec
    if (spec.sample_rate_hz, spec.n_samples) != (prepared.sample_rate_hz, prepared.n_samples):
        expected = f"windows of {prepared.n_samples} samples at {prepared.sample_rate_hz} Hz, as prepared"
        got = f"{spec.n_samples} at {spec.sample_rate_hz} Hz (--duration)"
        raise DataError(mismatch(folder, expected, got))
    return PreparedCorpus(
        labels=prepared.labels,
        sample_rate_hz=prepared.sample_rate_hz,
        n_samples=prepared.n_samples,
        protocol=prepared.protocol,
        read=lambda split: _read_clips(prepared, split),
        listing=lambda: _listing(prepared),
        noise_parts=(),
        noise_kinds=config.noise_kinds,
        synthetic=False,
        noise_notes=prepared.noise_notes,
        prepared=prepared,
    )


def _read_clips(prepared: Prepared, split: str) -> Clips:
    """The first clips of the first shards: they stand there in a random order."""
    total = prepared.count(split)
    n = min(total, max(1, MOST_CLIPS[split] * prepared.sample_rate_hz // prepared.n_samples))
    x, y, recordings = np.empty((n, prepared.n_samples), np.int16), np.empty(n, np.int64), []
    for row, (label, samples, recording) in zip(range(n), _clips(prepared, split), strict=False):
        x[row], y[row] = samples, label
        recordings.append(recording)
    if len(recordings) < n:
        raise DataError(mismatch(f"{prepared.folder}, {split} part", f"{n:,} clips", f"{len(recordings):,}"))
    notes = list(prepared.read_notes[split])
    if n < total:
        what = "a sample in memory, all are trained on" if split == "train" else "used to judge by"
        notes.append(f"{n:,} of {total:,} clips {what}")
    return Clips(x, y, tuple(recordings), prepared.labels, prepared.sample_rate_hz, notes)


def _clips(prepared: Prepared, split: str) -> Iterator[tuple[int, np.ndarray, Recording]]:
    for shard in prepared.parts[split]:
        path = prepared.folder / shard.file
        names = _names(prepared.folder / shard.names, shard)
        for record, (_, group, name) in zip(read_records(path), names, strict=False):
            label, samples = decode(record)
            if not 0 <= label < len(prepared.labels) or len(samples) != prepared.n_samples:
                expected = f"clips of {prepared.n_samples} samples and {len(prepared.labels)} labels"
                raise DataError(mismatch(path, expected, f"{len(samples)} samples, label {label}"))
            yield label, samples, Recording(Path(name), prepared.labels[label], split, group)


def _names(path: Path, shard: Shard) -> list[tuple[str, str, str]]:
    """(label, group, file) of every clip of a shard."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            rows = [(row["label"], row["group"], row["file"]) for row in csv.DictReader(file, strict=True)]
    except (OSError, csv.Error, KeyError) as error:
        raise DataError(mismatch(path, "the names of a shard's clips", error)) from None
    if len(rows) != shard.clips:
        raise DataError(mismatch(path, f"{shard.clips} names", len(rows)))
    return rows


def _listing(prepared: Prepared) -> list[tuple[str, ...]]:
    """Rows of splits.csv: a row a shard; the CSV beside each shard says whose clips are in it."""
    return [
        (split, what, f"{shard.clips} records", shard.file, f"sha256 {shard.sha256}")
        for split, what, shard in prepared.shards
    ]


def _some(labels: tuple[str, ...]) -> str:
    return ", ".join(labels) if len(labels) <= 40 else f"{', '.join(labels[:40])}, ..."

"""Recorded noise of prepared data: of what the shards hold, a bounded choice."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from ..audio import to_float
from ..noise_recordings import equal_share
from .folder import NoisePart
from .records import decode
from .tfrecord import read_records


def read_noise_part(folder: Path, part: NoisePart, sample_rate_hz: int, most_s: float) -> dict[str, list[np.ndarray]]:
    """Pieces of every kind (float32, [-1, 1]): all, or of each kind equally much and of all ``most_s`` at the most.

    Pieces stand in the shards in a random order: the first of a kind are a sample of it.

    Raises
    ------
    DataError
        Naming a shard that is damaged.
    """
    share = noise_share(part, most_s)
    wanted = {k: min(s, share) for k, s in zip(part.kinds, part.seconds, strict=True)}
    left = {kind: round(s * sample_rate_hz) for kind, s in wanted.items()}
    found: dict[str, list[np.ndarray]] = defaultdict(list)
    for shard in part.shards:
        if not any(n > 0 for n in left.values()):
            break
        for record in read_records(folder / shard.file):
            label, samples = decode(record)
            if not 0 <= label < len(part.kinds):
                path = folder / shard.file
                raise DataError(mismatch(f"{path}, kind of noise", f"0 to {len(part.kinds) - 1}", label))
            kind = part.kinds[label]
            if left[kind] > 0:
                samples = samples[: left[kind]]
                left[kind] -= len(samples)
                piece = to_float(samples)
                # So that a source of noise takes it as it is.
                piece.setflags(write=False)
                found[kind].append(piece)
    return dict(sorted(found.items()))


def noise_share(part: NoisePart, most_s: float) -> float:
    """Seconds of each kind that are read, where it has as much."""
    if sum(part.seconds) <= most_s:
        return max(part.seconds, default=0.0)
    return equal_share(part.seconds, most_s)

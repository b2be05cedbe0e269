"""Pack what the search needs of the library's own corpus into one file for a machine that has JAX alone.

The only part that imports the library. Networks are scored on the validation part; the test part is never read.
"""

from __future__ import annotations

import io
import lzma
from pathlib import Path

import numpy as np

from .mulaw import decode, encode

SEED = 0
#: Of the noise that validation clips are mixed with.
VALIDATION_NOISE_SEED = 5
#: Of each kind of noise, at most so many seconds [s].
MOST_NOISE_S = 45
_INT16 = 32768.0


def pack(recordings: Path, path: Path) -> str:
    """Write the packed file; returns a line about it.

    Parameters
    ----------
    recordings : Path
        The folder with MANIFEST.csv.
    path : Path
    """
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    from drsn_keras.training.augment import NoiseBank
    from drsn_keras.training.corpus import open_corpus
    from drsn_keras.training.room import room_impulse_responses
    from drsn_keras.training.training_batches import ROOMS
    from drsn_keras.training.validation import validation_sources
    from keyword_runs import configuration, require_data

    require_data(recordings)
    config = configuration(recordings, "resnet", SEED, epochs=1)
    corpus = open_corpus(config)
    rate, n = corpus.sample_rate_hz, corpus.n_samples
    train, validation = corpus.clips("train"), corpus.clips("val")
    rng = np.random.default_rng([SEED, 1])  # as the library draws for a training of this seed
    bank = NoiseBank.from_signals(corpus.training_noise(rng), n)
    rooms = room_impulse_responses(rng, ROOMS, rate)
    rng = np.random.default_rng(VALIDATION_NOISE_SEED)
    sources = validation_sources(corpus, config)
    draws = [sources[int(rng.integers(len(sources)))](rng, n, rate) for _ in range(len(validation))]

    lengths = np.minimum(bank.lengths, MOST_NOISE_S * rate)
    noise = np.concatenate([bank.samples[s : s + k] for s, k in zip(bank.starts, lengths, strict=True)])
    arrays = {
        "classes": np.array(corpus.labels),
        "labels": train.y,
        "validation_labels": validation.y,
        "noise_starts": np.cumsum(lengths) - lengths,
        "noise_lengths": lengths,
        "rooms": rooms.astype(np.float16),
    }
    signals = {
        "clips": train.x / _INT16,
        "validation_clips": validation.x / _INT16,
        "validation_noise": np.stack(draws).astype(np.float32),
        "noise": noise[None],
    }
    worst = np.inf
    for name, y in signals.items():
        codes, peaks = encode(y)
        arrays |= {name: codes, f"{name}_peaks": peaks}
        error = decode(codes[:100], peaks[:100]) - y[:100]
        worst = min(worst, 10 * np.log10(np.mean(y[:100] ** 2) / np.mean(error**2)))
    write(arrays, path)
    mb = path.stat().st_size / 1e6
    return f"{path}: {len(train)} + {len(validation)} clips, {mb:.1f} MB, 8 bits at {worst:.1f} dB or better"


def write(arrays: dict[str, np.ndarray], path: Path) -> None:
    """Compress arrays into a file that is either whole or not there."""
    blob = io.BytesIO()
    np.savez(blob, **arrays)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(lzma.compress(blob.getvalue(), preset=1))
    part.replace(path)

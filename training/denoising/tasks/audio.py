"""Speech in noise: recordings whose parts share no speaker, or sentences of a synthesiser."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.noise import GENERATORS, BabbleNoise, NoiseSource, RecordedNoise, make_noise

from ...audio import read_audio, to_int16
from ...noise_recordings import find_noise, read_noise
from ...recordings import SPLITS, Recording
from ...split_list import list_files
from ..config import DenoiseConfig
from ..pool import PoolSignal, SignalPool
from ..recipes import AUDIO, LEVELS, UNSEEN_NOISES
from ..shapes import signal_shape
from ..snr_noise import SnrNoise
from ..speech import find_speech
from ..task import DenoiseTask

#: What a synthesiser says where there are no recordings: few words, many sounds of English.
SENTENCES = (
    "the quick brown fox jumps over the lazy dog",
    "she had your dark suit in greasy wash water all year",
    "we were away a year ago",
    "please measure the pressure twice each morning",
    "a loud noise frightened both young horses",
    "turn the kitchen lights off at half past eight",
)
_WORKERS = 2  # libsndfile and soxr run without Python's lock
_BABBLE_SIGNALS = 200


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Open speech and noise; see :func:`drsn_keras.training.denoising.tasks.open_task`."""
    rate = config.resample_hz
    if rate is None or rate != round(rate):
        raise UsageError(mismatch("--resample", "a whole number of Hz", rate))
    spec = SignalSpec(shape=signal_shape(config), sample_rate_hz=round(rate), full_scale=config.scale or 1.0)
    pool, background = _synthetic(config, spec) if config.data is None else _recorded(config, spec)
    parts = list(background)
    if config.noise:
        manifest = Path(config.manifest) if config.manifest else None
        given = find_noise([Path(folder) for folder in config.noise], manifest)
        pool.notes.extend(given.notes)
        files = {part.path.resolve() for part in given}
        parts = [*given, *(part for part in parts if part.path.resolve() not in files)]

    def recorded(split: str) -> dict[str, NoiseSource]:
        if not any(part.split == split for part in parts):
            return {}
        noise = read_noise(parts, spec.sample_rate_hz, split, required=split == "train")
        pool.notes.extend(note for note in noise.notes if note not in pool.notes)
        return {name: RecordedNoise(name, signals, noise.sample_rate_hz) for name, signals in noise.items()}

    def babble(split: str) -> NoiseSource:
        # Of people other than those who are tested: a clip must not be part of its own noise.
        signals = pool.signals("val" if split == "test" else split)
        chosen = np.random.default_rng(0).permutation(len(signals))[:_BABBLE_SIGNALS]
        return BabbleNoise([signals[i] for i in chosen], spec.sample_rate_hz)

    generated = {name: lambda _, name=name: make_noise(name) for name in GENERATORS}
    corruption = SnrNoise(
        spec,
        recorded=recorded,
        generated={**generated, BabbleNoise.name: babble},
        trained=config.noise_kinds,
        tested=UNSEEN_NOISES[AUDIO],
        snr_db=config.snr_db,
        levels=LEVELS[AUDIO],
        level_dbfs=config.level_dbfs,
        seed=config.seed,
    )
    return DenoiseTask(AUDIO, pool, corruption, peak=1.0)


def _recorded(config: DenoiseConfig, spec: SignalSpec) -> tuple[SignalPool, list[Recording]]:
    manifest = Path(config.manifest) if config.manifest else None
    data = Path(config.data)
    speech, background, protocol = find_speech(data, manifest, config.seed, config.group_regex)
    rows = list_files(speech, data)
    notes = list(protocol.get("notes", ()))
    rates: Counter[int] = Counter()

    def read(recording: Recording) -> np.ndarray:
        audio = read_audio(recording.path, spec.sample_rate_hz, recording.start, recording.stop)
        rates[audio.source_rate_hz] += 1
        return to_int16(audio.y)

    with ThreadPoolExecutor(_WORKERS) as threads:
        signals = list(_bar(threads.map(read, speech), len(speech)))
    for rate, n in sorted(rates.items()):
        if rate != spec.sample_rate_hz:
            notes.append(f"{n} of {len(speech)} files resampled from {rate} Hz to {spec.sample_rate_hz} Hz")
    pool = [
        PoolSignal(y, r.split, r.label, r.group, name, content)
        for y, r, (_, _, _, name, content) in zip(signals, speech, rows, strict=True)
    ]
    return SignalPool(spec, pool, protocol, notes, loudest=True), background


def _synthetic(config: DenoiseConfig, spec: SignalSpec) -> tuple[SignalPool, list[Recording]]:
    """Sentences in voices that differ between the parts, cut to the length of an example."""
    from ...split_list import list_clips
    from ...synthesis import synthesize_words

    each = -(-config.utterances // len(SENTENCES))
    words = synthesize_words(
        SENTENCES, each, config.seed, spec.sample_rate_hz, spec.duration_s, n_unknown=0, n_silence=0
    )
    parts = [words.part(split) for split in SPLITS]
    rows = iter(list_clips(parts))
    signals = []
    for clips in parts:
        for y, r in zip(clips.x, clips.recordings, strict=True):
            _, _, _, name, content = next(rows)
            signals.append(PoolSignal(y, r.split, r.label, r.group, name, content))
    protocol = {k: v for k, v in words.protocol.items() if k not in {"unknown_words", "near_misses", "silence"}}
    made = "synthetic speech: scores say how well synthetic voices are cleaned, not people's"
    return SignalPool(spec, signals, protocol, words.protocol["notes"], made, loudest=True), []


def _bar(outcomes: Iterable[np.ndarray], total: int) -> Iterable[np.ndarray]:
    if not sys.stderr.isatty():
        return outcomes
    from tqdm import tqdm

    return tqdm(outcomes, total=total, unit="file", desc="reading", delay=2.0, file=sys.stderr)

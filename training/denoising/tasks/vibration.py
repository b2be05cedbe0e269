"""Vibration of machines in noise: the recordings that ``drsn-train vibration`` reads, or simulated machines."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.noise import GENERATORS, NoiseSource, RecordedNoise, make_noise

from ...noise_recordings import find_noise, read_noise
from ...recordings import Recording
from ...splits import assign_groups
from ...vibration.config import SIMULATED, VibrationConfig
from ...vibration.open_corpus import read_recordings
from ...vibration.recording import VibrationRecording, require_one_unit
from ...vibration.splits import DEFAULT_FRACTIONS
from ...vibration.windows import group_of
from ..config import DenoiseConfig
from ..pool import PoolSignal, SignalPool
from ..recipes import LEVELS, UNSEEN_NOISES, VIBRATION
from ..scale import scale_of
from ..shapes import signal_shape
from ..snr_noise import SnrNoise
from ..task import DenoiseTask


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Open recordings; see :func:`drsn_keras.training.denoising.tasks.open_task`."""
    reading = VibrationConfig(
        data=config.data,
        source=config.source,
        layout=config.layout,
        machines=config.machines,
        resample_hz=config.resample_hz,
        seed=config.seed,
    )
    recordings, notes = read_recordings(reading)
    unit = require_one_unit(recordings)
    split_of = _split(recordings, config)
    # A steady acceleration (gravity, the sensor's offset) is no vibration.
    signals = [r.signal - np.mean(r.signal, dtype=np.float64).astype(np.float32) for r in recordings]
    full_scale = config.scale or scale_of([y for y, part in zip(signals, split_of, strict=True) if part == "train"])
    spec = SignalSpec(
        shape=signal_shape(config),
        sample_rate_hz=round(recordings[0].sample_rate_hz),
        full_scale=full_scale,
        unit=unit,
    )
    for r in recordings:
        if len(r.signal) < spec.n_samples:
            raise DataError(mismatch(r.where, f"at least {spec.n_samples} samples (--samples)", len(r.signal)))
    pool = [
        PoolSignal(
            y / np.float32(full_scale), part, r.label, r.recording_id, _name(r, reading.root), f"{len(y)} samples"
        )
        for r, y, part in zip(recordings, signals, split_of, strict=True)
    ]
    protocol = {
        "layout": "simulated machines" if config.source == SIMULATED else config.source,
        "split_rule": f"by {config.group}, 60/20/20 of every state",
        "unit": unit,
        "recordings": {part: split_of.count(part) for part in ("train", "val", "test")},
    }
    made = "simulated machines: no machine was measured" if config.source == SIMULATED else ""
    parts = find_noise([Path(folder) for folder in config.noise], None) if config.noise else []

    def recorded(split: str) -> dict[str, NoiseSource]:
        if not any(part.split == split for part in parts):
            return {}
        noise = read_noise(parts, spec.sample_rate_hz, split, required=split == "train")
        return {name: RecordedNoise(name, found, noise.sample_rate_hz) for name, found in noise.items()}

    corruption = SnrNoise(
        spec,
        recorded=recorded,
        generated={name: lambda _, name=name: make_noise(name) for name in GENERATORS},
        trained=config.noise_kinds,
        tested=UNSEEN_NOISES[VIBRATION],
        snr_db=config.snr_db,
        levels=LEVELS[VIBRATION],
        seed=config.seed,
    )
    return DenoiseTask(VIBRATION, SignalPool(spec, pool, protocol, notes, made), corruption, peak=full_scale)


def _split(recordings: list[VibrationRecording], config: DenoiseConfig) -> list[str]:
    """Part of each recording; whole groups on one side."""
    groups = [group_of(r, config.group) for r in recordings]
    for r, group in zip(recordings, groups, strict=True):
        if group is None:
            raise DataError(mismatch(f"{r.where}, {config.group}", f"a {config.group} to split by (--group)", "none"))
    found = [Recording(Path(r.recording_id), r.label, "", group) for r, group in zip(recordings, groups, strict=True)]
    return [r.split for r in assign_groups(found, DEFAULT_FRACTIONS, config.seed)]


def _name(r: VibrationRecording, root: Path | None) -> str:
    if r.path is None:
        return r.recording_id
    return r.path.relative_to(root).as_posix() if root and r.path.is_relative_to(root) else r.path.name

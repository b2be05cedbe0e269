"""Electrocardiograms under a wandering baseline, muscles, mains hum and white noise, all generated."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.noise import WhiteNoise

from ...recordings import SPLITS, Recording
from ...splits import assign_groups, position_parts
from ..config import DenoiseConfig
from ..ecg_files import Lead, read_leads
from ..ecg_noise import ECG_NOISES, WANDER_BELOW_HZ
from ..pool import PoolSignal, SignalPool
from ..recipes import ECG, LEVELS
from ..scale import scale_of
from ..shapes import signal_shape
from ..snr_noise import SnrNoise
from ..task import DenoiseTask

_FRACTIONS = (0.6, 0.2, 0.2)


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Open records; see :func:`drsn_keras.training.denoising.tasks.open_task`."""
    if config.data is None:
        raise UsageError(mismatch("--data with --task ecg", "a record (NPZ, CSV) or a folder of them", "none"))
    data = Path(config.data)
    leads = read_leads(data, config.channel, config.rate_hz)
    rate = round(leads[0].sample_rate_hz)
    if abs(rate - leads[0].sample_rate_hz) > 1e-6 * rate:
        raise DataError(mismatch(f"{leads[0].path}, sample rate", "a whole number of Hz", leads[0].sample_rate_hz))
    by_record = len({lead.path for lead in leads}) >= len(SPLITS)
    signals = _by_record(leads, rate, config.seed) if by_record else _by_time(leads, rate)
    full_scale = config.scale or scale_of([s.y for s in signals if s.split == "train"])
    shape = signal_shape(config)
    spec = SignalSpec(shape=shape, sample_rate_hz=rate, full_scale=full_scale, unit="mV")
    for s in signals:
        if len(s.y) < spec.n_samples:
            raise DataError(
                mismatch(f"{s.name}, {s.split}", f"at least {spec.n_samples} samples (--samples)", len(s.y))
            )
        s.y[:] /= full_scale
    people = len({lead.path for lead in leads})
    notes = [
        f"the reference is without what lies below {WANDER_BELOW_HZ:g} Hz: its own wander cannot be told from ours"
    ]
    if not by_record:
        few = "one record" if people == 1 else f"{people} records"
        notes.append(f"{few}: the parts are stretches of time of the same hearts; on others expect less")
    protocol = {
        "layout": "records of ECG",
        "data": data.name,
        "split_rule": "by record, 60/20/20" if by_record else "by time, first 60 %, 20 %, last 20 % of each record",
        "unit": "mV",
        "leads": [f"{lead.path.stem}: {lead.name}" for lead in leads],
    }
    makers = {**ECG_NOISES, WhiteNoise.name: WhiteNoise}
    corruption = SnrNoise(
        spec,
        recorded=lambda split: {},
        generated={name: lambda _, kind=kind: kind() for name, kind in makers.items()},
        trained=config.noise_kinds,
        tested=tuple(makers),
        snr_db=config.snr_db,
        levels=LEVELS[ECG],
        seed=config.seed,
    )
    return DenoiseTask(ECG, SignalPool(spec, signals, protocol, notes), corruption, peak=full_scale)


def high_pass(y: np.ndarray, sample_rate_hz: float, above_hz: float = WANDER_BELOW_HZ) -> np.ndarray:
    """A signal without what lies below a frequency; no phase is moved.

    The edge is a raised cosine from half the frequency to the frequency; the ends are mirrored, so that they do not
    ring.

    Examples
    --------
    >>> t = np.arange(3600) / 360
    >>> y = np.sin(2 * np.pi * 5 * t)
    >>> bool(np.abs(high_pass(y + 3.0 + 0.1 * t, 360)[360:-360] - y[360:-360]).max() < 0.05)
    True
    """
    n = len(y)
    mirrored = np.concatenate([y, y[::-1]])
    hz = np.fft.rfftfreq(2 * n, 1.0 / sample_rate_hz)
    edge = np.clip(2.0 * hz / above_hz - 1.0, 0.0, 1.0)
    gain = 0.5 - 0.5 * np.cos(np.pi * edge)
    return np.fft.irfft(np.fft.rfft(mirrored) * gain, 2 * n)[:n]


def _by_record(leads: list[Lead], rate: int, seed: int) -> list[PoolSignal]:
    groups = [Recording(lead.path, ECG, "", lead.path.stem) for lead in leads]
    if len({r.group for r in groups}) < len({r.path for r in groups}):
        raise DataError(mismatch(leads[0].path.parent, "records of different names", "two of one name"))
    return [
        _signal(lead, r.split, rate) for lead, r in zip(leads, assign_groups(groups, _FRACTIONS, seed), strict=True)
    ]


def _by_time(leads: list[Lead], rate: int) -> list[PoolSignal]:
    """Every part is filtered by itself: a filter must not carry one into another."""
    return [
        _signal(lead, split, rate, slice(start, stop))
        for lead in leads
        for split, (start, stop) in position_parts(len(lead.signal_mv), _FRACTIONS).items()
    ]


def _signal(lead: Lead, split: str, rate: int, part: slice = slice(None)) -> PoolSignal:
    y = lead.signal_mv[part]
    y = high_pass(y, rate).astype(np.float32) if len(y) else y.astype(np.float32)
    start, stop, _ = part.indices(len(lead.signal_mv))
    # Time parts of a record are groups of their own: a group stands in one part only.
    group = lead.path.stem if part == slice(None) else f"{lead.path.stem} ({split})"
    return PoolSignal(y, split, lead.name, group, lead.path.name, f"{lead.name} {start}-{stop}")

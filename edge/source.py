"""What a listener can hear from: blocks of samples, brought to one channel and one rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .resample import Resampler


class Source(Protocol):
    """A recording or a stream (:class:`.wav.WavFile`, :class:`.pcm.PcmStream`)."""

    name: str
    sample_rate_hz: int
    channels: int
    n_samples: int | None

    def blocks(self) -> Iterator[np.ndarray]:
        """Samples in order [shape=(n, channels), float32]."""


def conversions(source: Source, sample_rate_hz: int) -> str:
    """What :func:`mono` will do to a source, in words; empty if nothing."""
    done = []
    if source.channels > 1:
        done.append(f"{source.channels} channels mixed down to 1")
    if source.sample_rate_hz != sample_rate_hz:
        done.append(f"{source.sample_rate_hz} Hz converted to {sample_rate_hz} Hz")
        if source.sample_rate_hz < sample_rate_hz:
            done.append(f"nothing in it above {source.sample_rate_hz / 2:g} Hz")
    return ", ".join(done)


def mono(source: Source, sample_rate_hz: int) -> Iterator[np.ndarray]:
    """The source's samples, channels averaged, at ``sample_rate_hz`` [shape=(n,), float32 each].

    Raises
    ------
    DataError
        On NaN or infinity, naming the source and the time.
    """
    resampler = None
    if source.sample_rate_hz != sample_rate_hz:
        resampler = Resampler(source.sample_rate_hz, sample_rate_hz)
    seen = 0
    for block in source.blocks():
        bad = np.flatnonzero(~np.isfinite(block).all(axis=1))
        if len(bad):
            at_s = (seen + int(bad[0])) / source.sample_rate_hz
            raise DataError(mismatch(source.name, "finite samples", f"NaN or infinity at {at_s:.3f} s"))
        seen += len(block)
        samples = block[:, 0] if source.channels == 1 else block.mean(axis=1, dtype=np.float64).astype(np.float32)
        yield samples if resampler is None else resampler.push(samples)
    if resampler is not None:
        yield resampler.flush()

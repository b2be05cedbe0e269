"""What a listener can hear from: blocks of samples, brought to one channel and one rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeGuard

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .resample import Resampler

#: Floats above it are no sound but bytes of another format: their squares would be infinite, and so all features.
_LARGEST = 2.0**32


class Source(Protocol):
    """A recording or a stream (:class:`.wav.WavFile`, :class:`.pcm.PcmStream`)."""

    name: str
    sample_rate_hz: int
    channels: int
    n_samples: int | None

    def blocks(self) -> Iterator[np.ndarray]:
        """Samples in order [shape=(n, channels), float32]."""


class LiveSource(Source, Protocol):
    """What is heard while it sounds (:class:`.microphone.Microphone`, :class:`.pcm.PcmStream`).

    An empty block says that nothing has come for a while.

    Attributes
    ----------
    n_read : int
        Samples of a channel up to the end of the last block.
    arrived_s : float
        Unix time [s] at which that end was there.
    broken : bool
        Samples are missing before the last block.
    """

    n_read: int
    arrived_s: float
    broken: bool


def is_live(source: Source) -> TypeGuard[LiveSource]:
    """Whether the wall clock says something about a source."""
    return hasattr(source, "arrived_s")


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
        On NaN, infinity and numbers that are no sound (above 2^32), naming the source and the time.
    """
    resampler = None
    if source.sample_rate_hz != sample_rate_hz:
        resampler = Resampler(source.sample_rate_hz, sample_rate_hz)
    seen = 0
    for block in source.blocks():
        bad = np.flatnonzero(~(np.abs(block) <= _LARGEST).all(axis=1))
        if len(bad):
            at_s, value = (seen + int(bad[0])) / source.sample_rate_hz, block[bad[0]]
            got = "NaN or infinity" if not np.isfinite(value).all() else f"{value[np.abs(value).argmax()]:.3g}"
            raise DataError(mismatch(source.name, "finite samples", f"{got} at {at_s:.3f} s"))
        seen += len(block)
        samples = mixed_down(block)
        yield samples if resampler is None else resampler.push(samples)
    if resampler is not None:
        yield resampler.flush()


def mixed_down(block: np.ndarray) -> np.ndarray:
    """Channels averaged [shape=(n, channels) to (n,), float32]; of a single channel a view, not a copy."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float64).astype(np.float32)

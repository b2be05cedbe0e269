"""Blocks of any size in, records of one size out: what is in a record does not depend on the blocks."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .records import Block

#: Times are kept to the millisecond: what rounding leaves of another block's start is below that.
_TIME_DIGITS = 3


@dataclasses.dataclass(frozen=True, eq=False)
class Stretch:
    """Samples of one record.

    Parameters
    ----------
    index, epoch, position : int
        Of the record; ``position`` is that of the sample after its last.
    time_s : float
        Unix time of its end [s].
    samples : np.ndarray [shape=(n,), float64]
        The cutter's own buffer: to be used before the next block is taken.
    rpm : (float, float, float) or None
        Least, largest and last speed that the source measured over it.
    cookie : str
        Of the last block that is over by its end.
    """

    index: int
    epoch: int
    position: int
    time_s: float
    samples: np.ndarray
    rpm: tuple[float, float, float] | None
    cookie: str


@dataclasses.dataclass(frozen=True)
class Gap:
    """Where a stream does not go on: what is lost, and samples at hand that make no whole record."""

    time_s: float
    lost: int | None
    dropped: int
    epoch: int


class RecordCutter:
    """Gathers samples; record k covers those from ``base_position + (k - base_index) * n`` on.

    Samples that came before are passed over. Where some are missing the record is given up, and the next one begins
    at its own place. A new epoch begins at 0.

    Parameters
    ----------
    n_samples : int
        Of a record.
    sample_rate_hz : float
    position, epoch : int
        Of the first sample wanted.
    base_position, base_index : int
        A place where a record begins, and its index.
    """

    def __init__(
        self,
        n_samples: int,
        sample_rate_hz: float,
        position: int = 0,
        epoch: int = 0,
        base_position: int = 0,
        base_index: int = 0,
        cookie: str = "",
    ) -> None:
        self.n_samples, self.sample_rate_hz = n_samples, sample_rate_hz
        self.position, self.epoch, self.cookie = position, epoch, cookie
        self.base_position, self.base_index = base_position, base_index
        self._buffer = np.zeros(n_samples)
        self._filled = 0
        self._touched = position > 0 or epoch > 0
        self._rpm: tuple[float, float, float] | None = None

    def push(self, block: Block) -> Iterator[Stretch | Gap]:
        """Take a block; give records as they become whole, and gaps.

        Raises
        ------
        DataError
            If the samples are not one axis of numbers, or the time is none.
        """
        samples = np.asarray(block.samples)
        if samples.ndim != 1 or samples.dtype.kind not in "iuf":
            got = f"{samples.dtype}, shape {samples.shape}"
            raise DataError(mismatch(f"block of {block.machine}", "one axis of real numbers", got))
        if not math.isfinite(block.time_s):
            raise DataError(mismatch(f"block of {block.machine}, time_s", "a finite number", block.time_s))
        if block.position < 0 or block.epoch < self.epoch:
            return  # of a time that is over: sent again
        if block.epoch > self.epoch:
            if self._touched:
                yield Gap(block.time_s, None, self._filled, block.epoch)
            self._begin(block.epoch)
        skip = self.position - block.position
        if skip < 0:
            if self._touched:
                yield Gap(block.time_s, -skip, self._filled, block.epoch)
            self._restart(block.position)
            skip = self.position - block.position
        yield from self._take(block, samples, skip)

    def _take(self, block: Block, samples: np.ndarray, skip: int) -> Iterator[Stretch]:
        end, at = block.position + len(samples), block.position + skip
        while at < end:
            part = min(end - at, self.n_samples - self._filled)
            first = at - block.position
            self._buffer[self._filled : self._filled + part] = samples[first : first + part]
            self._filled, self.position, self._touched = self._filled + part, at + part, True
            at += part
            if block.rpm is not None and 0.0 < block.rpm < math.inf:
                low, high, _ = self._rpm or (block.rpm, block.rpm, block.rpm)
                self._rpm = min(low, block.rpm), max(high, block.rpm), block.rpm
            if at == end:
                self.cookie = block.cookie
            if self._filled == self.n_samples:
                yield self._whole(block.time_s + (at - block.position) / self.sample_rate_hz)

    def _whole(self, end_s: float) -> Stretch:
        index = self.base_index + (self.position - self.base_position) // self.n_samples - 1
        rpm, self._rpm, self._filled = self._rpm, None, 0
        return Stretch(index, self.epoch, self.position, round(end_s, _TIME_DIGITS), self._buffer, rpm, self.cookie)

    def _begin(self, epoch: int) -> None:
        self.epoch, self.position, self.base_position, self.base_index = epoch, 0, 0, 0
        self._filled, self._rpm, self._touched = 0, None, False

    def _restart(self, position: int) -> None:
        """Where the first record begins that is whole from ``position`` on."""
        behind = (position - self.base_position) % self.n_samples
        self.position = position + (self.n_samples - behind if behind else 0)
        self._filled, self._rpm = 0, None

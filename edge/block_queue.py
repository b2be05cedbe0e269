"""From a sound card's thread to the listening one: blocks, their time, and what was lost."""

from __future__ import annotations

import dataclasses
import queue

import numpy as np


@dataclasses.dataclass(frozen=True, eq=False)
class TimedBlock:
    """Samples [shape=(n, channels), float32, finite], the Unix time of their end, whether some are missing before."""

    samples: np.ndarray
    arrived_s: float
    broken: bool


class BlockQueue:
    """Bounded: where the listening thread is late by more than it holds, new blocks are left out and counted.

    Parameters
    ----------
    limit : int
        Blocks that may wait.

    Attributes
    ----------
    overruns : int
        How often samples were lost, here or in the sound card.
    lost : int
        Samples of a channel that were left out here.

    Examples
    --------
    >>> blocks = BlockQueue(1)
    >>> for _ in range(2):
    ...     blocks.put(np.zeros((80, 1), np.float32), arrived_s=1.0)
    >>> blocks.take(0.0).samples.shape, blocks.take(0.0), blocks.overruns, blocks.lost
    ((80, 1), None, 1, 80)
    """

    def __init__(self, limit: int) -> None:
        self._blocks: queue.Queue[TimedBlock] = queue.Queue(limit)
        self._broken = False
        self.overruns = self.lost = 0

    def put(self, samples: np.ndarray, arrived_s: float, overrun: bool = False) -> None:
        """Take a copy of a block; never waits.

        Parameters
        ----------
        samples : np.ndarray [shape=(n, channels)]
            Full scale is 1; what is not finite counts as silence.
        arrived_s : float
        overrun : bool
            The sound card has lost samples before these.
        """
        if overrun:
            self.overruns += 1
            self._broken = True
        y = np.nan_to_num(np.array(samples, np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        try:
            self._blocks.put_nowait(TimedBlock(y, arrived_s, self._broken))
        except queue.Full:
            self.overruns += 1
            self.lost += len(y)
            self._broken = True
        else:
            self._broken = False

    def take(self, timeout_s: float) -> TimedBlock | None:
        """The oldest block; None if there is none for so long."""
        try:
            return self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def clear(self) -> None:
        """Forget what waits: it is of another time."""
        while self.take(0.0) is not None:
            pass

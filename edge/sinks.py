"""What a listener's words go to: lines, actions, captures. Standard library only."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from .listener import Verdict


@dataclasses.dataclass(frozen=True)
class Moment:
    """An evaluation of a source, and where in it.

    Parameters
    ----------
    source : str
        The source's name.
    verdict : Verdict
        With all probabilities.
    end_sample : int
        The window's end: samples of the source before it, at ``sample_rate_hz``.
    sample_rate_hz : int
        Of the samples that the model hears.
    clock_s : float or None
        Unix time [s] at the window's end, of live sources.
    """

    source: str
    verdict: Verdict
    end_sample: int
    sample_rate_hz: int
    clock_s: float | None = None


class Sink:
    """Does nothing; a sink overrides what it needs.

    All methods are called by the listening thread, in the order of the stream, and must return at once: what takes
    time is done in a thread of the sink's own. A failure of a sink is counted and said by itself, and not raised, lest
    it end the listening.
    """

    def audio(self, samples: np.ndarray, first_sample: int) -> None:
        """Samples that are about to be heard [shape=(n,), float32, one channel, at the model's rate].

        ``first_sample`` is the number of samples of the source before them, without a hole: 0 begins a new source.
        The block must not be changed, and kept only as a copy.
        """

    def evaluated(self, moment: Moment) -> None:
        """An evaluation, whether or not a word fired; before :meth:`detected` where one did."""

    def detected(self, result: dict[str, Any], moment: Moment) -> None:
        """A word fired: ``result`` is the JSON line (type, source, time_s, label, score, start_s, clock ...)."""

    def ended(self, heard_s: float) -> None:
        """The source has ended, ``heard_s`` of it were heard."""

    def close(self) -> None:
        """The last call: finish what is under way, within a few seconds."""

"""One listener takes the place of another in the middle of a stream, and nothing is lost or heard twice."""

from __future__ import annotations

import numpy as np

from .listener import KeywordListener, Verdict

#: More than any model looks back on; a longer window fills up within itself.
_KEPT_S = 4.0


class RecentAudio:
    """The last seconds of a stream, for a listener that comes later.

    Parameters
    ----------
    sample_rate_hz : int
    kept_s : float
        How much is kept.

    Examples
    --------
    >>> recent = RecentAudio(10, kept_s=0.3)
    >>> recent.push(np.arange(5))
    >>> recent.last().tolist()
    [2.0, 3.0, 4.0]
    """

    def __init__(self, sample_rate_hz: int, kept_s: float = _KEPT_S) -> None:
        self._kept = np.zeros(round(kept_s * sample_rate_hz), np.float32)
        self._n = 0

    def reset(self) -> None:
        """A new stream begins."""
        self._n = 0

    def push(self, samples: np.ndarray) -> None:
        """Add samples [shape=(n,)]."""
        samples = samples[-len(self._kept) :]
        if len(samples):
            self._kept[: -len(samples)] = self._kept[len(samples) :]
            self._kept[-len(samples) :] = samples
        self._n = min(len(self._kept), self._n + len(samples))

    def last(self) -> np.ndarray:
        """What is kept, oldest first [shape=(n,), float32]."""
        return self._kept[len(self._kept) - self._n :]


def hand_over(old: KeywordListener, new: KeywordListener, recent: RecentAudio) -> list[Verdict]:
    """Let a listener go on where another is.

    It hears the last seconds, whose verdicts were given already; where both evaluate equally often, it does so at the
    very moments at which the other would have. What the other's words forbid for a while stays forbidden.

    Parameters
    ----------
    old, new : KeywordListener
        Of the same sample rate.
    recent : RecentAudio
        All that the old one was given, as far back as it goes.

    Returns
    -------
    list of Verdict
        Of the new one, for moments behind the last evaluation of the old one, if there are any.
    """
    samples = recent.last()
    step = new.step_frames * new.front_end.hop_length
    start = old.samples_seen - len(samples)
    skipped = -start % step if len(samples) < old.samples_seen else 0
    new.reset(start + min(skipped, len(samples)))
    primed = new.push(samples[skipped:])
    new.detector.inherit(old.detector)
    return [verdict for verdict in primed if verdict.time_s > old.evaluated_s + 1e-9]

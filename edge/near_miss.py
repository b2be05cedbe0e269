"""Words that nearly fired: the highest moment of each rise that ended below the threshold. Standard library only."""

from __future__ import annotations

import dataclasses

#: A rise that lasts is settled so long after its highest moment [s] ...
_SETTLED_S = 1.0
#: ... and after a word or a near miss so much has to pass before the next one [s].
_PAUSE_S = 2.0


@dataclasses.dataclass(frozen=True)
class Peak:
    """The highest moment of a rise: its word, the smoothed probability, the stream time at the window's end."""

    label: str
    score: float
    time_s: float


class NearMisses:
    """Finds near misses in the course of the highest smoothed probability of a word.

    A rise begins at ``share`` of the threshold and ends below that. It is none where a word fires in it, or would have
    but for the time that the one before forbids.

    Parameters
    ----------
    share : float
        Above 0 and at most 1; with 1 there are no near misses.

    Attributes
    ----------
    peak : Peak or None
        The highest moment of the rise that goes on.

    Examples
    --------
    >>> near = NearMisses(0.5)
    >>> course = [0.1, 0.5, 0.7, 0.6, 0.2]
    >>> [near.update(i / 10, "yes", p, 0.8, False) for i, p in enumerate(course)][-1]
    Peak(label='yes', score=0.7, time_s=0.2)
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self.reset()

    def reset(self) -> None:
        """A new stream."""
        self.peak: Peak | None = None
        self._void = False
        self._quiet_until_s = -float("inf")

    def update(self, time_s: float, label: str, score: float, threshold: float, fired: bool) -> Peak | None:
        """Take an evaluation; gives the near miss that ended with it.

        Parameters
        ----------
        time_s : float
            Stream time at the window's end.
        label : str
            The word of the highest smoothed probability.
        score : float
            That probability.
        threshold : float
            What it would have had to reach.
        fired : bool
            Whether a word did.
        """
        if fired:
            self._quiet_until_s = time_s + _PAUSE_S
        if fired or score >= threshold:
            self.peak, self._void = None, True
            return None
        if score < self._share * threshold:
            return self.finish()
        if not self._void and time_s >= self._quiet_until_s and (self.peak is None or score > self.peak.score):
            self.peak = Peak(label, score, time_s)
        elif self.peak is not None and time_s >= self.peak.time_s + _SETTLED_S:
            found = self.finish()
            self._void = True
            return found
        return None

    def finish(self) -> Peak | None:
        """The rise is over; gives its peak, if it has one."""
        found, self.peak, self._void = self.peak, None, False
        if found is not None:
            self._quiet_until_s = found.time_s + _PAUSE_S
        return found

"""Thresholds of a detector that follow the noise. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import BundleError, mismatch

#: Numbers of a step: the noise level that it reaches up to, and its threshold.
_PAIR = 2


def threshold_at(steps: Sequence[Sequence[float]], level_db: float, above: float) -> float:
    """The threshold at a noise level.

    Parameters
    ----------
    steps : sequence of (noise_level_db, threshold)
        By rising level: the first whose level is not exceeded says the threshold.
    level_db : float
        Noise over signal [dB].
    above : float
        Threshold above all levels.

    Examples
    --------
    >>> [threshold_at([(-15.0, 0.8), (-5.0, 0.7)], level_db, 0.6) for level_db in (-20.0, -5.0, 0.0)]
    [0.8, 0.7, 0.6]
    """
    return next((threshold for most_db, threshold in steps if level_db <= most_db), above)


def thresholds_of(steps: Sequence[Sequence[float]], above: float) -> tuple[float, ...]:
    """All thresholds, by rising noise level.

    >>> thresholds_of([(-15.0, 0.8), (-5.0, 0.7)], 0.6)
    (0.8, 0.7, 0.6)
    """
    return (*(threshold for _, threshold in steps), above)


def threshold_words(steps: Sequence[Sequence[float]], above: float) -> str:
    """A threshold, or all of them, for people.

    >>> threshold_words([], 0.6)
    '0.6'
    >>> threshold_words([(-15.0, 0.8), (-5.0, 0.7)], 0.6)
    '0.8 in noise of up to -15 dB, 0.7 up to -5 dB, 0.6 above'
    """
    if not steps:
        return f"{above:g}"
    parts = [f"{value:g} {'up to' if i else 'in noise of up to'} {db:g} dB" for i, (db, value) in enumerate(steps)]
    return ", ".join([*parts, f"{above:g} above"])


def check_steps(steps: Sequence[Sequence[float]], release: float, source: object) -> None:
    """Raise a :class:`BundleError` unless levels rise and thresholds lie between ``release`` and 1."""
    before = -float("inf")
    for step in steps:
        if len(step) != _PAIR:
            raise BundleError(mismatch(source, "pairs of a level in dB and a threshold", list(step)))
        if not step[0] > before:
            raise BundleError(mismatch(source, "levels that rise", f"{step[0]:g} dB after {before:g} dB"))
        if not release <= step[1] <= 1.0:
            raise BundleError(mismatch(source, f"thresholds from release ({release:g}) to 1", step[1]))
        before = step[0]

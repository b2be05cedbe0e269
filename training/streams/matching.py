"""Which word a firing of the detector belongs to, if any."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: A word may be answered from its beginning until this long after its end.
ANSWER_S = 1.0
#: No word: a false accept.
NONE = -1


def match(
    times_s: Sequence[float], labels: Sequence[str], words: Sequence[str], starts_s: np.ndarray, stops_s: np.ndarray
) -> np.ndarray:
    """Index of the word that each firing answers, or :data:`NONE`.

    A firing answers the first word of its label that is spoken at that moment or was until :data:`ANSWER_S` ago, and
    that no earlier firing has answered. Any other is a false accept: a second one of a word, another keyword at a
    word's place (which is missed besides), anything where no word is.

    Parameters
    ----------
    times_s, labels : of the firings, in order of time
    words : labels of the spoken words, in order of time
    starts_s, stops_s : np.ndarray [shape=(n_words,)]
        Where they are spoken.

    Examples
    --------
    >>> match([1.2, 1.6, 5.0], ["yes", "yes", "no"], ["yes", "yes"], np.array([0.5, 4.0]), np.array([1.0, 4.5]))
    array([ 0, -1, -1])
    """
    answered = np.full(len(times_s), NONE)
    taken: set[int] = set()
    first = np.searchsorted(stops_s, np.asarray(times_s) - ANSWER_S)
    last = np.searchsorted(starts_s, times_s, side="right")
    for event, (label, low, high) in enumerate(zip(labels, first, last, strict=True)):
        for word in range(low, high):
            if words[word] == label and word not in taken:
                answered[event] = word
                taken.add(word)
                break
    return answered

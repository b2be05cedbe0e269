"""Where in its clip a word is spoken."""

from __future__ import annotations

import numpy as np

_FRAME_S = 0.01
#: Share of the energy above the clip's own floor that lies before the word, and after it.
_TAIL = 0.005
#: Rank of the frame whose power is taken for the clip's noise, and how far above it the floor is.
_NOISE, _ABOVE = 0.2, 3.0


def word_bounds(y: np.ndarray, sample_rate_hz: int) -> tuple[int, int]:
    """First sample of a word and the one after its last: 99 % of the energy above the clip's floor is between.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        A clip of one word; its floor is three times the power that a fifth of its frames of 10 ms stay below.

    Returns
    -------
    (int, int)
        The whole clip where nothing stands out of its floor.

    Examples
    --------
    >>> word_bounds(np.concatenate([np.zeros(3000), np.ones(5000), np.zeros(8000)]), 16000)
    (2880, 8000)
    """
    frame = max(1, round(_FRAME_S * sample_rate_hz))
    n = len(y) // frame
    power = np.mean(np.square(np.asarray(y[: n * frame], np.float64)).reshape(n, frame), axis=1)
    above = np.cumsum(np.maximum(power - _ABOVE * np.quantile(power, _NOISE), 0.0)) if n else np.zeros(1)
    if above[-1] <= 0:
        return 0, len(y)
    first = int(np.searchsorted(above, _TAIL * above[-1]))
    last = int(np.searchsorted(above, (1.0 - _TAIL) * above[-1]))
    return first * frame, (last + 1) * frame

"""How loud the loud parts of a signal are, from its samples as they come."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import UsageError, mismatch

#: Share of the windows that lie below the level of the loud parts: pauses do not count.
QUANTILE = 0.95
#: Quantiles of the windows' least and largest samples: a click or two do not count.
_EXTREMES = (0.01, 0.99)


class Loudness:
    """The level that 95 % of a signal's windows stay below.

    Parameters
    ----------
    window : int
        Samples of a window; windows stand side by side.

    Examples
    --------
    >>> loudness = Loudness(100)
    >>> loudness.push(np.concatenate([np.zeros(200), np.full(300, 0.1)]))
    >>> round(loudness.level_db, 3), [round(x, 3) for x in loudness.extremes]
    (-20.0, [0.0, 0.1])
    """

    def __init__(self, window: int) -> None:
        if window < 1:
            raise UsageError(mismatch("window", "at least 1 sample", window))
        self._window = window
        self._rest = np.zeros(0, np.float32)
        self._windows: list[np.ndarray] = []

    def push(self, samples: np.ndarray) -> None:
        """Take samples [shape=(n,)]."""
        y = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        whole = len(y) - len(y) % self._window
        if whole:
            self._windows.append(_facts(y[:whole].reshape(-1, self._window)))
        self._rest = y[whole:]

    @property
    def level_db(self) -> float | None:
        """Root mean square of a loud window [dB, 0 dB is an RMS of 1]; None for silence."""
        power = float(np.quantile(self._all[:, 0], QUANTILE))
        return None if power <= 0 else float(10.0 * np.log10(power))

    @property
    def extremes(self) -> tuple[float, float]:
        """Least and largest sample, but for one window in a hundred; 0 where there is none below or above it."""
        least, largest = (float(np.quantile(column, q)) for column, q in zip(self._all.T[1:], _EXTREMES, strict=True))
        return min(0.0, least), max(0.0, largest)

    @property
    def _all(self) -> np.ndarray:
        """Facts of all windows; what is left behind the last whole one counts where there is no other."""
        if not self._windows:
            return _facts((self._rest if len(self._rest) else np.zeros(1, np.float32))[None])
        return np.concatenate(self._windows)


def _facts(windows: np.ndarray) -> np.ndarray:
    """Power, least and largest sample of windows [shape=(n, window)], float64 [shape=(n, 3)]."""
    power = np.mean(np.square(windows, dtype=np.float64), axis=1)
    return np.stack([power, windows.min(axis=1), windows.max(axis=1)], axis=1)
